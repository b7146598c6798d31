package dev.flynn.git;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Something that takes its time to be noticed elsewhere. Who waits for it can do something else first.
 *
 * @param endNanos when it is over, by {@link System#nanoTime}
 */
record Settling(long endNanos) {

    /** What needs no time. */
    static final Settling NOTHING = after(Duration.ZERO);

    static Settling after(Duration duration) {
        return new Settling(System.nanoTime() + duration.toNanos());
    }

    /** Returns when it is over, or when the thread is interrupted, which then still is. */
    void await() {
        try {
            TimeUnit.NANOSECONDS.sleep(endNanos - System.nanoTime());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
