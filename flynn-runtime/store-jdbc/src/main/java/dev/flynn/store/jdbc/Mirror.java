package dev.flynn.store.jdbc;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this process knows of the store: all entries as of a revision, and the newest changes. Reads and watches are served
 * from here. A watch is a cursor into the changes, without a queue, so a slow watcher costs no memory and delays nobody.
 */
final class Mirror implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Mirror.class);

    /** Keys and values of the kept changes have so many characters at most; beyond, fewer changes are kept. */
    private static final long MAX_CHARACTERS = 16L << 20;

    /** How many changes a watch looks at before it lets go of the lock. */
    private static final int BATCH = 128;

    private static final long WATCHER_PATIENCE_SECONDS = 5;

    /** The cursor of a watch that cannot go on: before everything that may be kept. */
    private static final long LOST = -1;

    private final int maxChanges;
    private final Object lock = new Object();

    // guarded by lock
    private final NavigableMap<String, StoreEntry> entries = new TreeMap<>();
    private final NavigableMap<Long, StoreChange> changes = new TreeMap<>();
    private final Set<Watch> watches = new LinkedHashSet<>();
    private long characters;
    private long revision;
    private long compacted;
    private boolean closed;

    private final ThreadLocal<Boolean> delivering = ThreadLocal.withInitial(() -> false);
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), new NamedThreads("store-watch"));

    Mirror(int maxChanges) {
        this.maxChanges = maxChanges;
    }

    long revision() {
        synchronized (lock) {
            return revision;
        }
    }

    Optional<StoreEntry> get(String key) {
        synchronized (lock) {
            return Optional.ofNullable(entries.get(key));
        }
    }

    StoreSnapshot list(String prefix) {
        synchronized (lock) {
            List<StoreEntry> found = new ArrayList<>();
            for (StoreEntry entry : entries.tailMap(prefix, true).values()) {
                if (!entry.key().startsWith(prefix)) {
                    break;
                }
                found.add(entry);
            }
            return new StoreSnapshot(revision, found);
        }
    }

    /** Begins again with all entries; how it came to them is not known, so the watches that are there end. */
    void load(List<StoreEntry> all, long atRevision) {
        synchronized (lock) {
            entries.clear();
            all.forEach(entry -> entries.put(entry.key(), entry));
            changes.clear();
            characters = 0;
            revision = atRevision;
            compacted = atRevision;
            watches.forEach(watch -> watch.cursor = LOST);
            wakeWatches();
        }
    }

    /** Adds changes from before this mirror began, so that watches can go back. */
    void remember(List<StoreChange> earlier, long compactedRevision) {
        synchronized (lock) {
            compacted = compactedRevision;
            earlier.forEach(this::keep);
            forgetTooMany();
        }
    }

    /** Goes on to a revision. */
    void advance(long toRevision, List<StoreChange> next) {
        synchronized (lock) {
            for (StoreChange change : next) {
                for (KeyChange each : change.changes()) {
                    each.entry()
                            .ifPresentOrElse(entry -> entries.put(each.key(), entry), () -> entries.remove(each.key()));
                }
                keep(change);
            }
            revision = toRevision;
            forgetTooMany();
            wakeWatches();
        }
    }

    private void keep(StoreChange change) {
        changes.put(change.revision(), change);
        characters += size(change);
    }

    private void forgetTooMany() {
        while (changes.size() > 1 && (changes.size() > maxChanges || characters > MAX_CHARACTERS)) {
            StoreChange oldest = changes.pollFirstEntry().getValue();
            characters -= size(oldest);
            compacted = oldest.revision();
        }
    }

    private static long size(StoreChange change) {
        long size = 0;
        for (KeyChange each : change.changes()) {
            size += each.key().length()
                    + each.entry().map(entry -> entry.value().length()).orElse(0);
        }
        return size;
    }

    Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        if (afterRevision < 0) {
            throw FlynnException.invalid("a watch begins after a revision that is not negative, was " + afterRevision);
        }
        synchronized (lock) {
            if (closed) {
                throw new IllegalStateException("the cluster store is closed");
            }
            var watch = new Watch(prefix, afterRevision, watcher);
            watches.add(watch);
            watch.start();
            return watch;
        }
    }

    private void wakeWatches() {
        if (!closed) {
            watches.forEach(Watch::wake);
        }
    }

    /** Ends the watches and waits until their watchers know; a watcher may call this itself. */
    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            watches.forEach(Watch::startIfIdle);
        }
        threads.shutdown();
        if (!delivering.get()) {
            awaitWatchers();
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

    /** What a watch does next: deliver changes, then perhaps end. */
    private record Step(List<StoreChange> changes, Optional<FlynnException> end) {}

    private final class Watch implements Subscription, Runnable {

        private final String prefix;
        private final StoreWatcher watcher;
        private volatile boolean cancelled;

        // guarded by lock
        private long cursor;
        private boolean running;

        Watch(String prefix, long afterRevision, StoreWatcher watcher) {
            this.prefix = prefix;
            this.cursor = afterRevision;
            this.watcher = watcher;
        }

        private void start() {
            running = true;
            threads.execute(this);
        }

        private void startIfIdle() {
            if (!running) {
                start();
            }
        }

        /** Starts if it idles and has something to tell; else it has now seen everything. */
        private void wake() {
            if (running) {
                return;
            }
            boolean hasNews = cursor < compacted
                    || changes.tailMap(cursor, false).values().stream()
                            .anyMatch(change -> filtered(change).isPresent());
            if (hasNews) {
                start();
            } else {
                cursor = Math.max(cursor, revision);
            }
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
            synchronized (lock) {
                if (cancelled) {
                    return Optional.empty();
                }
                if (closed) {
                    return last(FlynnException.unavailable("the cluster store was closed", null));
                }
                if (cursor < compacted) {
                    return last(compacted());
                }
                List<StoreChange> batch = new ArrayList<>();
                int seen = 0;
                for (StoreChange change : changes.tailMap(cursor, false).values()) {
                    cursor = change.revision();
                    filtered(change).ifPresent(batch::add);
                    if (++seen == BATCH) {
                        return Optional.of(new Step(batch, Optional.empty()));
                    }
                }
                cursor = Math.max(cursor, revision);
                running = !batch.isEmpty();
                return running ? Optional.of(new Step(batch, Optional.empty())) : Optional.empty();
            }
        }

        /** A watch that ends stays running, so that nothing starts it again. */
        private Optional<Step> last(FlynnException reason) {
            return Optional.of(new Step(List.of(), Optional.of(reason)));
        }

        private FlynnException compacted() {
            return new FlynnException(
                    ErrorCode.COMPACTED,
                    "changes that this watch has not seen are no longer kept, only those after revision %d; list \"%s\" again and watch from there"
                            .formatted(compacted, prefix));
        }

        private Optional<StoreChange> filtered(StoreChange change) {
            List<KeyChange> matching = change.changes().stream()
                    .filter(each -> each.key().startsWith(prefix))
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
            synchronized (lock) {
                watches.remove(this);
            }
        }
    }
}
