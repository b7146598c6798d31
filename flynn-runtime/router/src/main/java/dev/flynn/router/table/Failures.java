package dev.flynn.router.table;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What went wrong lately at a backend, as requests found it: one that refused a connection is avoided for a second, one that
 * failed several requests in a row for some seconds. Thread-safe, and nothing is written while all goes well.
 */
public final class Failures {

    private static final long REFUSAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** So many requests in a row without a response. */
    public static final int MANY = 3;

    private static final long FAILURE_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final AtomicInteger inARow = new AtomicInteger();
    private volatile long failedAt;
    private volatile boolean refused;
    private volatile long refusedAt;

    /** A connection was refused, or not accepted in time. */
    public void refused(long now) {
        refusedAt = now;
        refused = true;
    }

    public void accepted() {
        if (refused) {
            refused = false;
        }
    }

    /** A request arrived, and its response did not begin. */
    public void failed(long now) {
        failedAt = now;
        inARow.incrementAndGet();
    }

    public void answered() {
        if (inARow.get() != 0) {
            inARow.set(0);
        }
    }

    /** Whether others are to be preferred. */
    boolean areFresh() {
        return (refused || inARow.get() >= MANY) && areFresh(System.nanoTime());
    }

    boolean areFresh(long now) {
        return refused && now - refusedAt < REFUSAL_NANOS || inARow.get() >= MANY && now - failedAt < FAILURE_NANOS;
    }
}
