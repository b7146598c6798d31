package dev.flynn.host;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.base.TimeSource;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Runs tasks after a pause, each on a thread of its own, so that a slow one delays no other. Thread-safe. */
final class Pauses implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Pauses.class);

    private final String owner;
    private final ScheduledExecutorService timer;
    private final ExecutorService workers;

    Pauses(String owner, TimeSource time) {
        this.owner = owner;
        this.timer = time.newTimer(1, new NamedThreads(owner + "-timer"));
        this.workers = new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), new NamedThreads(owner));
    }

    /** Once this is closed, nothing is run any more. */
    void runAfter(Duration pause, Runnable task) {
        try {
            if (pause.isZero()) {
                workers.execute(() -> run(task));
            } else {
                var unused = timer.schedule(() -> runAfter(Duration.ZERO, task), pause.toNanos(), TimeUnit.NANOSECONDS);
            }
        } catch (RejectedExecutionException closed) {
            log.atTrace().log("closed before the end of a pause");
        }
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("a delayed task failed");
        }
    }

    @Override
    public void close() {
        Executors.stop(timer, owner + "-timer", Duration.ofSeconds(1));
        Executors.stop(workers, owner, Duration.ofSeconds(3));
    }
}
