package dev.flynn.git;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The pushes that run now: keeps their connections alive, ends those that were given up, and all of them at the end. */
final class ActivePushes implements AutoCloseable {

    private static final Duration TICK = Duration.ofSeconds(1);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);

    private final Set<Push> active = ConcurrentHashMap.newKeySet();
    private final ExecutorService workers;
    private final ScheduledExecutorService ticker =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("git-ticker"));

    /** Only while there is a push: a cluster idles most of the time. Guarded by this. */
    private @Nullable Future<?> ticking;

    /** @param workers runs what ends a push; stays open */
    ActivePushes(ExecutorService workers) {
        this.workers = workers;
    }

    /** A push, from its first byte to its last. */
    record Push(LiveOutput output, Abort abort) {}

    synchronized Push begin(java.io.OutputStream out) {
        var abort = new Abort();
        var push = new Push(new LiveOutput(out, abort), abort);
        active.add(push);
        if (ticking == null && !ticker.isShutdown()) {
            ticking =
                    ticker.scheduleWithFixedDelay(this::tick, TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
        }
        return push;
    }

    synchronized void end(Push push) {
        active.remove(push);
        if (ticking != null && active.isEmpty()) {
            ticking.cancel(false);
            ticking = null;
        }
    }

    private synchronized void stopTicking() {
        Executors.stop(ticker, "git-ticker", Duration.ofSeconds(1));
    }

    private void tick() {
        for (Push push : active) {
            // a client that does not read blocks a write
            workers.execute(push.output()::keepAlive);
            push.abort().act(workers);
        }
    }

    /** Gives up all pushes and waits a moment for their ends. */
    @Override
    public void close() {
        stopTicking();
        long deadline = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        active.forEach(push -> push.abort().because("gitreceive is being stopped; push again in a moment"));
        while (!active.isEmpty() && System.nanoTime() < deadline) {
            active.forEach(push -> push.abort().act(workers));
            try {
                TimeUnit.MILLISECONDS.sleep(50);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
