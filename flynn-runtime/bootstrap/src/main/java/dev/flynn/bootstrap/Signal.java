package dev.flynn.bootstrap;

import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Lets one thread look again whenever something may have changed. */
final class Signal implements Runnable {

    private final Semaphore changes = new Semaphore(0);

    /** Something may have changed. */
    @Override
    public void run() {
        changes.release();
    }

    /** Looks until there is something to see, or the time is over. */
    <T> Optional<T> await(Supplier<Optional<T>> look, Deadline deadline) throws InterruptedException {
        while (true) {
            Optional<T> seen = look.get();
            if (seen.isPresent() || deadline.isOver()) {
                return seen;
            }
            if (changes.tryAcquire(Math.max(1, deadline.millisLeft()), TimeUnit.MILLISECONDS)) {
                changes.drainPermits();
            }
        }
    }
}
