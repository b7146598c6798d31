package dev.flynn.base;

import java.time.Clock;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;

/**
 * The time that a component lives by: what it reads, and what wakes it up. They belong together: a test that moves one of
 * them moves all.
 */
public interface TimeSource {

    /** The machine's time. */
    TimeSource SYSTEM = new SystemTime();

    /** The time of day, which somebody may set. */
    Clock clock();

    /** Nanoseconds since some beginning; they only go forward, whoever sets the clock. */
    long nanoTime();

    /**
     * Runs tasks now, later, and again and again; the caller ends it.
     *
     * @param threads how many tasks may run at the same time
     */
    ScheduledExecutorService newTimer(int threads, ThreadFactory factory);
}
