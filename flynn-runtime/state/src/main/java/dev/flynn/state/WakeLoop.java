package dev.flynn.state;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreWatcher;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread of a reconciler: it looks whenever something changed in the store, or when it is time; between that it costs
 * nothing. A look that fails is repeated a second later.
 */
public final class WakeLoop implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(WakeLoop.class);

    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

    private final ClusterStore store;
    private final Clock clock;
    private final Look look;
    private final Semaphore changes = new Semaphore(0);
    private final List<Subscription> subscriptions = new ArrayList<>();
    private final Thread thread;
    private volatile boolean closed;

    /** One look at the state of things. */
    public interface Look {

        /** @return when to look again, though nothing changes; {@link Instant#MAX} for never */
        Instant look() throws InterruptedException;
    }

    /** @param prefixes keys whose changes wake it up */
    public WakeLoop(String name, ClusterStore store, Clock clock, List<String> prefixes, Look look) {
        this.store = store;
        this.clock = clock;
        this.look = look;
        this.thread = new NamedThreads(name).newThread(this::run);
        prefixes.forEach(this::watch);
    }

    public void start() {
        thread.start();
    }

    /** Lets it look at once. */
    public void wake() {
        changes.release();
    }

    private void watch(String prefix) {
        long revision = store.list(prefix).revision();
        synchronized (subscriptions) {
            if (!closed) {
                subscriptions.add(store.watch(prefix, revision, new Waker(prefix)));
            }
        }
    }

    private void run() {
        while (!closed) {
            try {
                await(look.look());
            } catch (InterruptedException e) {
                return;
            } catch (RuntimeException e) {
                if (closed) {
                    return;
                }
                log.atError().setCause(e).log("look failed; it is repeated");
                if (!pause()) {
                    return;
                }
            }
        }
    }

    private void await(Instant until) throws InterruptedException {
        if (until.equals(Instant.MAX)) {
            changes.acquire();
        } else {
            long millis = Duration.between(clock.instant(), until).toMillis() + 1;
            var unused = changes.tryAcquire(Math.max(0, millis), TimeUnit.MILLISECONDS);
        }
        changes.drainPermits();
    }

    private boolean pause() {
        try {
            var unused = changes.tryAcquire(AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            return false;
        }
    }

    @Override
    public void close() {
        synchronized (subscriptions) {
            closed = true;
            subscriptions.forEach(Subscription::close);
        }
        thread.interrupt();
        try {
            thread.join(STOP_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Waker implements StoreWatcher {

        private final String prefix;

        Waker(String prefix) {
            this.prefix = prefix;
        }

        @Override
        public void onChange(StoreChange change) {
            wake();
        }

        @Override
        public void onEnd(FlynnException reason) {
            if (!closed && reason.code() == ErrorCode.COMPACTED) {
                watch(prefix);
            }
            wake();
        }
    }
}
