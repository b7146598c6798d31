package dev.flynn.store;

import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import java.util.Collection;
import java.util.NavigableMap;
import java.util.TreeMap;

/** The newest changes by revision, bounded in number and size. Not thread-safe. */
final class ChangeHistory {

    /** What a change costs beside its characters, roughly. */
    private static final int OVERHEAD = 64;

    private final int maxChanges;
    private final long maxBytes;
    private final NavigableMap<Long, StoreChange> changes = new TreeMap<>();
    private long bytes;
    private long compactedRevision;

    ChangeHistory(int maxChanges, long maxBytes) {
        this.maxChanges = maxChanges;
        this.maxBytes = maxBytes;
    }

    void add(StoreChange change) {
        changes.put(change.revision(), change);
        bytes += sizeOf(change);
        while (changes.size() > 1 && (changes.size() > maxChanges || bytes > maxBytes)) {
            StoreChange oldest = changes.pollFirstEntry().getValue();
            bytes -= sizeOf(oldest);
            compactedRevision = oldest.revision();
        }
    }

    /** The changes after a revision, oldest first; complete unless {@link #isCompacted}. */
    Collection<StoreChange> after(long revision) {
        return changes.tailMap(revision, false).values();
    }

    /** Whether a change after this revision is no longer kept. */
    boolean isCompacted(long afterRevision) {
        return afterRevision < compactedRevision;
    }

    /** The newest revision whose change is no longer kept, 0 when all are. */
    long compactedRevision() {
        return compactedRevision;
    }

    int size() {
        return changes.size();
    }

    void restore(long compacted) {
        compactedRevision = compacted;
    }

    private static long sizeOf(StoreChange change) {
        long size = OVERHEAD;
        for (KeyChange key : change.changes()) {
            size += OVERHEAD
                    + key.key().length()
                    + key.entry().map(entry -> entry.value().length()).orElse(0);
        }
        return size;
    }
}
