package dev.flynn.git;

import dev.flynn.api.error.FlynnException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** Lets a push be given up from outside, as long as nothing is deployed. Thread-safe; no method blocks. */
final class Abort {

    /** Ends what runs now; may be called again and again. */
    @FunctionalInterface
    interface Action {
        void run() throws Exception;
    }

    private final AtomicReference<@Nullable String> reason = new AtomicReference<>();
    private final AtomicBoolean acting = new AtomicBoolean();
    private volatile @Nullable Action action;

    /** Gives the push up; only the first reason counts. */
    void because(String why) {
        reason.compareAndSet(null, why);
    }

    boolean requested() {
        return reason.get() != null;
    }

    /** @throws FlynnException the push was given up */
    void check() {
        String why = reason.get();
        if (why != null) {
            throw FlynnException.unavailable(why, null);
        }
    }

    /** Sets what ends the push from now on. */
    void endsBy(Action end) {
        action = end;
    }

    void endsByNothing() {
        action = null;
    }

    /** Ends a push that was given up. It is called time and again, in case that the action came too early. */
    void act(Executor executor) {
        Action end = action;
        if (!requested() || end == null || !acting.compareAndSet(false, true)) {
            return;
        }
        executor.execute(() -> {
            try {
                end.run();
            } catch (Exception tooEarlyOrTooLate) {
                // what is to be ended is not there yet, or any more
            } finally {
                acting.set(false);
            }
        });
    }
}
