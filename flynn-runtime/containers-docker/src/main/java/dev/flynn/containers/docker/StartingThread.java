package dev.flynn.containers.docker;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The thread that brings a job up, for whoever interrupts it because the job is not wanted any more. Thread-safe.
 *
 * <p>It is not interrupted while the engine makes or starts a container: the engine goes on with what it was asked even if the
 * client is gone, and what is removed meanwhile is made all the same, or is left half made, on which podman then refuses to tell
 * of anything.
 */
final class StartingThread {

    private @Nullable Thread thread;
    private boolean isWithinStep;
    private boolean isInterrupted;

    /** The calling thread begins to bring the job up. */
    synchronized void begin() {
        thread = Thread.currentThread();
        isInterrupted = false;
    }

    /** It has nothing to do with the job any more. */
    synchronized void end() {
        thread = null;
    }

    /** Interrupts it, at the end of the step that it is within; nothing happens if the job is not being brought up. */
    synchronized void interrupt() {
        if (thread == null) {
            return;
        }
        if (isWithinStep) {
            isInterrupted = true;
        } else {
            thread.interrupt();
        }
    }

    /** Waits for the end of a step that is not to be broken off, if it is within one. */
    synchronized void awaitStep(Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (isWithinStep) {
            long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0) {
                return;
            }
            wait(left);
        }
    }

    /** Takes a step of the calling thread that is not to be broken off. */
    <T> T whole(Supplier<T> step) throws InterruptedException {
        enter();
        try {
            return step.get();
        } finally {
            leave();
        }
    }

    private synchronized void enter() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException("not wanted any more");
        }
        isWithinStep = true;
    }

    private synchronized void leave() {
        isWithinStep = false;
        notifyAll();
        if (isInterrupted) {
            isInterrupted = false;
            Thread.currentThread().interrupt();
        }
    }
}
