package dev.flynn.router.telemetry;

import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** Bounds how many routes or backends are counted one by one; the rest is counted together. Thread-safe. */
public final class MeterBudget {

    /** Each takes some hundred bytes for each event loop that carries traffic for it. */
    public static final int MAX_METERS = 10_000;

    private final int max;
    private final AtomicInteger taken = new AtomicInteger();
    private final @Nullable Meter overflow;

    private MeterBudget(int max, @Nullable Meter overflow) {
        this.max = max;
        this.overflow = overflow;
    }

    /** @param max how many may count for themselves */
    public static MeterBudget of(int loops, int max) {
        return new MeterBudget(max, unlimited(loops));
    }

    /** A meter that belongs to no budget. */
    public static Meter unlimited(int loops) {
        return new Meter(loops, new MeterBudget(Integer.MAX_VALUE, null));
    }

    boolean take() {
        if (taken.incrementAndGet() <= max) {
            return true;
        }
        taken.decrementAndGet();
        return false;
    }

    void giveBack() {
        taken.decrementAndGet();
    }

    /** Counts for all that came late. */
    public Meter overflow() {
        if (overflow == null) {
            throw new IllegalStateException("an unlimited budget is never exhausted");
        }
        return overflow;
    }
}
