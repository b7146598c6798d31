package dev.flynn.store;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** Does asynchronous tasks one after the other: the next begins when the one before has completed, well or not. */
final class InOrder {

    /** Starts something and says when it is done. */
    interface Task<T> {
        CompletableFuture<T> start() throws IOException;
    }

    private final Executor threads;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean busy;

    InOrder(Executor threads) {
        this.threads = threads;
    }

    /** Does this after everything before it. */
    <T> CompletableFuture<T> run(Task<T> task) {
        var result = new CompletableFuture<T>();
        synchronized (waiting) {
            waiting.add(() -> start(task, result));
            if (busy) {
                return result;
            }
            busy = true;
        }
        next();
        return result;
    }

    private <T> void start(Task<T> task, CompletableFuture<T> result) {
        CompletableFuture<T> started;
        try {
            started = task.start();
        } catch (IOException | RuntimeException e) {
            started = CompletableFuture.failedFuture(e);
        }
        started.whenComplete((value, failure) -> {
            if (failure == null) {
                result.complete(value);
            } else {
                result.completeExceptionally(failure);
            }
            next();
        });
    }

    private void next() {
        @Nullable Runnable task;
        synchronized (waiting) {
            task = waiting.poll();
            if (task == null) {
                busy = false;
                return;
            }
        }
        try {
            threads.execute(task);
        } catch (RejectedExecutionException closed) {
            synchronized (waiting) {
                waiting.clear();
                busy = false;
            }
        }
    }
}
