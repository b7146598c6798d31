package dev.flynn.testing;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

/**
 * The threads of one cluster: those that were made inside it are in a group of its own.
 *
 * <p>Timers know themselves whether they run anything. Here are the pools that do not: those of store, discovery and agent,
 * which pass on what a timer or a change of the store began.
 */
final class ClusterThreads {

    /** What the names of their threads begin with. */
    static final List<String> POOLS = List.of("store-watch-", "discovery-watch-", "host-agent-task-");

    private static final long END_PATIENCE_MILLIS = 5_000;

    private final ThreadGroup group = new ThreadGroup("embedded-cluster");

    /** Does something on a thread of the group, so that the threads which that makes belong to it. */
    <T> T inside(Supplier<T> work) {
        var result = new CompletableFuture<T>();
        var thread = new Thread(
                group,
                () -> {
                    try {
                        result.complete(work.get());
                    } catch (Throwable e) {
                        result.completeExceptionally(e);
                    }
                },
                "embedded-cluster");
        thread.setDaemon(true);
        thread.start();
        try {
            return result.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /** Those that are at work now; one that waits for another is not, the other is. */
    List<Thread> busy() {
        return all().stream()
                .filter(thread -> POOLS.stream().anyMatch(thread.getName()::startsWith))
                .filter(thread ->
                        thread.getState() == Thread.State.RUNNABLE || thread.getState() == Thread.State.BLOCKED)
                .toList();
    }

    List<Thread> all() {
        var threads = new Thread[2 * group.activeCount() + 16];
        return Arrays.asList(threads).subList(0, group.enumerate(threads));
    }

    /** Waits until all have ended, but not for ever: a backend of the caller's may keep some. */
    void awaitEnd() {
        long deadline = System.nanoTime() + END_PATIENCE_MILLIS * 1_000_000;
        try {
            for (Thread thread : all()) {
                thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
