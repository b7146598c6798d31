package dev.flynn.testing;

import dev.flynn.base.TimeSource;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;

/** The cluster's time as one host has it: its timers stand still while it is paused, its clock may be wrong. */
final class HostTime implements TimeSource {

    private final ManualTime time;
    private final Gate gate;
    private final Clock clock;

    /** @param wrongBy how far the host's clock is from the cluster's */
    HostTime(ManualTime time, Gate gate, Supplier<Duration> wrongBy) {
        this.time = time;
        this.gate = gate;
        this.clock = new WrongClock(time.clock(), wrongBy);
    }

    @Override
    public Clock clock() {
        return clock;
    }

    @Override
    public long nanoTime() {
        return time.nanoTime();
    }

    @Override
    public ScheduledExecutorService newTimer(int threads, ThreadFactory factory) {
        return time.newTimer(threads, factory, gate);
    }
}
