package dev.flynn.store.jdbc;

import dev.flynn.base.watch.ChangeHistory;
import dev.flynn.base.watch.StoreWatches;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What this process knows of the store: all entries as of a revision, and the newest changes. Reads and watches are served
 * from here.
 */
final class Mirror implements AutoCloseable {

    /** The kept changes need so much memory at most; beyond, fewer are kept. */
    private static final long MAX_BYTES = 32L << 20;

    private final int maxChanges;

    /** Guarded by {@link #watches}. */
    private Image image;

    private final StoreWatches watches = new StoreWatches(() -> image);

    Mirror(int maxChanges) {
        this.maxChanges = maxChanges;
        this.image = new Image(List.of(), 0);
    }

    long revision() {
        return watches.read(() -> image.revision());
    }

    Optional<StoreEntry> get(String key) {
        return watches.read(() -> Optional.ofNullable(image.entries.get(key)));
    }

    StoreSnapshot list(String prefix) {
        return watches.read(() -> image.list(prefix));
    }

    /** Begins again with all entries; how it came to them is not known, so the watches that are there end. */
    void load(List<StoreEntry> all, long atRevision) {
        watches.replace(() -> image = new Image(all, atRevision));
    }

    /** Adds changes from before this mirror began, so that watches can go back. */
    void remember(List<StoreChange> earlier, long compactedRevision) {
        int unused = watches.change(() -> image.remember(earlier, compactedRevision));
    }

    /** Goes on to a revision. */
    void advance(long toRevision, List<StoreChange> next) {
        long unused = watches.change(() -> image.advance(toRevision, next));
    }

    Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        return watches.watch(prefix, afterRevision, watcher);
    }

    /** Ends the watches and waits until their watchers know; a watcher may call this itself. */
    @Override
    public void close() {
        watches.close();
    }

    /** Not thread-safe. */
    private final class Image implements StoreWatches.Source {

        private final NavigableMap<String, StoreEntry> entries = new TreeMap<>();
        private final ChangeHistory history = new ChangeHistory(maxChanges, MAX_BYTES);
        private long revision;

        Image(List<StoreEntry> all, long atRevision) {
            all.forEach(entry -> entries.put(entry.key(), entry));
            history.restore(atRevision);
            revision = atRevision;
        }

        int remember(List<StoreChange> earlier, long compactedRevision) {
            history.restore(compactedRevision);
            earlier.forEach(history::add);
            return history.size();
        }

        long advance(long toRevision, List<StoreChange> next) {
            for (StoreChange change : next) {
                change.changes().forEach(this::put);
                history.add(change);
            }
            revision = toRevision;
            return revision;
        }

        private void put(KeyChange change) {
            change.entry()
                    .ifPresentOrElse(entry -> entries.put(change.key(), entry), () -> entries.remove(change.key()));
        }

        StoreSnapshot list(String prefix) {
            List<StoreEntry> found = new ArrayList<>();
            for (StoreEntry entry : entries.tailMap(prefix, true).values()) {
                if (!entry.key().startsWith(prefix)) {
                    break;
                }
                found.add(entry);
            }
            return new StoreSnapshot(revision, found);
        }

        @Override
        public long revision() {
            return revision;
        }

        @Override
        public ChangeHistory history() {
            return history;
        }
    }
}
