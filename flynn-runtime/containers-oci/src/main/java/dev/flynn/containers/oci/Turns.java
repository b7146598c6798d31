package dev.flynn.containers.oci;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Lets a few do at a time what only takes longer when many do it at once. Who has waited too long goes ahead all the same, so
 * that some who are stuck hold up nobody for good. Thread-safe.
 */
final class Turns {

    /** To be closed when it is over. */
    @FunctionalInterface
    interface Turn extends AutoCloseable {
        @Override
        void close();
    }

    private final Semaphore free;
    private final Duration patience;

    /** @param atOnce how many have a turn at a time, unless patience ends */
    Turns(int atOnce, Duration patience) {
        this.free = new Semaphore(atOnce, true);
        this.patience = patience;
    }

    /** Waits for a turn. */
    Turn take() throws InterruptedException {
        boolean taken = free.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS);
        return () -> {
            if (taken) {
                free.release();
            }
        };
    }
}
