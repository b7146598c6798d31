package dev.flynn.base.watch;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreWatcher;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Guards what a store knows, and tells its watches of every change.
 *
 * <p>A watch has no queue: it is a cursor into the store's history, moved by one thread at a time. So a slow watcher costs
 * no memory and delays nobody, and one that falls behind the history is told so.
 */
public final class StoreWatches implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(StoreWatches.class);

    /** How many changes of the history a watch looks at before it lets go of the lock. */
    private static final int BATCH = 128;

    private static final long WATCHER_PATIENCE_SECONDS = 5;

    /** The cursor of a watch that cannot go on: before everything that may be kept. */
    private static final long LOST = -1;

    /** What is watched. It is only looked at under the lock. */
    public interface Source {

        /** The newest revision, which need not have a change. */
        long revision();

        ChangeHistory history();
    }

    private final Supplier<? extends Source> source;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();

    // guarded by lock; a watch's cursor and running change under the write lock, or under the read lock by its own
    // thread
    private boolean closed;
    private final Set<Watch> watches = new LinkedHashSet<>();

    /** Whether this thread is inside a watcher. */
    private final ThreadLocal<Boolean> delivering = ThreadLocal.withInitial(() -> false);

    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), new NamedThreads("store-watch"));

    /** @param source gives what is watched now; a change may put another in its place */
    public StoreWatches(Supplier<? extends Source> source) {
        this.source = source;
    }

    /** Looks at what is watched while nothing changes it. */
    public <T> T read(Supplier<T> look) {
        return locked(lock.readLock(), look);
    }

    /** Changes what is watched, then wakes watches; a thread that wakes up may read at once instead of waiting for all the others. */
    public <T> T change(Supplier<T> change) {
        T result;
        List<Watch> woken;
        lock.writeLock().lock();
        try {
            Source before = source.get();
            long revisionBefore = before.revision();
            result = change.get();
            Source after = source.get();
            woken = after != before || after.revision() > revisionBefore ? watchesWithNews() : List.of();
            // no writer in between: whoever closes this has to find the woken watches started
            lock.readLock().lock();
        } finally {
            lock.writeLock().unlock();
        }
        try {
            woken.forEach(threads::execute);
        } finally {
            lock.readLock().unlock();
        }
        return result;
    }

    /** Puts another source in the place of this one when nobody knows how it came about; the watches that are there end. */
    public void replace(Runnable replacement) {
        Boolean unused = change(() -> {
            replacement.run();
            watches.forEach(watch -> watch.cursor = LOST);
            return true;
        });
    }

    /** @throws IllegalStateException if this is closed */
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        if (afterRevision < 0) {
            throw FlynnException.invalid("a watch begins after a revision that is not negative, was " + afterRevision);
        }
        return locked(lock.writeLock(), () -> {
            if (closed) {
                throw new IllegalStateException("the cluster store is closed");
            }
            var watch = new Watch(prefix, afterRevision, watcher);
            watches.add(watch);
            watch.start();
            return watch;
        });
    }

    /** Ends the watches and waits until their watchers know; a watcher may call this itself. */
    @Override
    public void close() {
        boolean first = locked(lock.writeLock(), () -> {
            if (closed) {
                return false;
            }
            closed = true;
            watches.stream().filter(watch -> !watch.running).forEach(Watch::start);
            return true;
        });
        if (first) {
            threads.shutdown();
            if (!delivering.get()) {
                awaitWatchers();
            }
        }
    }

    private void awaitWatchers() {
        try {
            if (!threads.awaitTermination(WATCHER_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                log.atWarn().log("watchers of the store are still busy; interrupting them");
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    /** The watches that idle and have something to tell, to be started now; the others have now seen everything. */
    private List<Watch> watchesWithNews() {
        if (closed) {
            return List.of();
        }
        Source now = source.get();
        List<Watch> withNews = new ArrayList<>();
        for (Watch watch : watches) {
            if (watch.running) {
                continue;
            }
            if (now.history().isCompacted(watch.cursor) || watch.hasNews(now)) {
                watch.running = true;
                withNews.add(watch);
            } else {
                watch.cursor = Math.max(watch.cursor, now.revision());
            }
        }
        return withNews;
    }

    private static <T> T locked(Lock lock, Supplier<T> action) {
        lock.lock();
        try {
            return action.get();
        } finally {
            lock.unlock();
        }
    }

    /** What a watch does next: deliver changes, then perhaps end. */
    private record Step(List<StoreChange> changes, Optional<FlynnException> end) {}

    private final class Watch implements Subscription, Runnable {

        private final String prefix;
        private final StoreWatcher watcher;
        private long cursor;
        private boolean running;
        private volatile boolean cancelled;

        Watch(String prefix, long afterRevision, StoreWatcher watcher) {
            this.prefix = prefix;
            this.cursor = afterRevision;
            this.watcher = watcher;
        }

        void start() {
            running = true;
            threads.execute(this);
        }

        boolean hasNews(Source now) {
            // with each change for each watch, under the lock: no streams here
            for (StoreChange change : now.history().after(cursor)) {
                for (KeyChange key : change.changes()) {
                    if (key.key().startsWith(prefix)) {
                        return true;
                    }
                }
            }
            return false;
        }

        @Override
        public void run() {
            delivering.set(true);
            try {
                for (Optional<Step> step = next(); step.isPresent(); step = next()) {
                    step.get().changes().forEach(this::deliver);
                    step.get().end().ifPresent(this::end);
                }
            } finally {
                delivering.remove();
            }
        }

        /** The next step, or nothing when there is none and this thread has to let go. */
        private Optional<Step> next() {
            return locked(lock.readLock(), () -> {
                if (cancelled) {
                    return Optional.empty();
                }
                if (closed) {
                    return last(FlynnException.unavailable("the cluster store was closed", null));
                }
                Source now = source.get();
                if (now.history().isCompacted(cursor)) {
                    return last(compacted(now.history().compactedRevision()));
                }
                List<StoreChange> batch = new ArrayList<>();
                int seen = 0;
                for (StoreChange change : now.history().after(cursor)) {
                    cursor = change.revision();
                    filtered(change).ifPresent(batch::add);
                    if (++seen == BATCH) {
                        return Optional.of(new Step(batch, Optional.empty()));
                    }
                }
                cursor = Math.max(cursor, now.revision());
                if (batch.isEmpty()) {
                    running = false;
                    return Optional.empty();
                }
                return Optional.of(new Step(batch, Optional.empty()));
            });
        }

        /** A watch that ends stays running, so that nothing starts it again. */
        private Optional<Step> last(FlynnException reason) {
            return Optional.of(new Step(List.of(), Optional.of(reason)));
        }

        private FlynnException compacted(long revision) {
            return new FlynnException(
                    ErrorCode.COMPACTED,
                    "changes that this watch has not seen are no longer kept, only those after revision %d; list \"%s\" again and watch from there"
                            .formatted(revision, prefix));
        }

        private Optional<StoreChange> filtered(StoreChange change) {
            List<KeyChange> matching = change.changes().stream()
                    .filter(key -> key.key().startsWith(prefix))
                    .toList();
            return matching.isEmpty() ? Optional.empty() : Optional.of(new StoreChange(change.revision(), matching));
        }

        private void deliver(StoreChange change) {
            if (cancelled) {
                return;
            }
            try {
                watcher.onChange(change);
            } catch (RuntimeException | Error e) {
                log.atError()
                        .setCause(e)
                        .addKeyValue("prefix", prefix)
                        .addKeyValue("revision", change.revision())
                        .log("watcher failed; it goes on with the next change");
            }
        }

        private void end(FlynnException reason) {
            if (cancelled) {
                return;
            }
            close();
            try {
                watcher.onEnd(reason);
            } catch (RuntimeException | Error e) {
                log.atError().setCause(e).addKeyValue("prefix", prefix).log("watcher failed at its end");
            }
        }

        @Override
        public void close() {
            cancelled = true;
            locked(lock.writeLock(), () -> watches.remove(this));
        }
    }
}
