package dev.flynn.testing;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;

/**
 * Wakes up some threads and waits until all have run. Who was woken up before them has most likely run by then, however slow
 * the machine is now.
 */
final class Pulse implements AutoCloseable {

    private static final int THREADS =
            Math.max(2, Math.min(8, 2 * Runtime.getRuntime().availableProcessors()));
    private static final List<Callable<Boolean>> TASKS = Collections.nCopies(THREADS, () -> true);

    private final ExecutorService threads =
            java.util.concurrent.Executors.newFixedThreadPool(THREADS, new NamedThreads("embedded-cluster-pulse"));

    void beat() {
        try {
            threads.invokeAll(TASKS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        Executors.stop(threads, "embedded-cluster-pulse", Duration.ofSeconds(1));
    }
}
