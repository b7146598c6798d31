package dev.flynn.base.watch;

import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import java.util.AbstractList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The newest changes by revision, bounded in number and size. Not thread-safe. */
public final class ChangeHistory {

    /** What a change costs beside its characters, roughly. */
    private static final int OVERHEAD = 64;

    private final int maxChanges;
    private final long maxBytes;
    /** A ring that begins at {@link #first}: a tree's nodes would be most of what a collection of garbage copies. */
    private @Nullable StoreChange[] ring = new StoreChange[16];

    private int first;
    private int count;
    private long bytes;
    private long compactedRevision;

    /**
     * @param maxChanges so many changes are kept at most, at least 1
     * @param maxBytes what they need in memory, roughly; the newest change is kept however large it is
     */
    public ChangeHistory(int maxChanges, long maxBytes) {
        this.maxChanges = maxChanges;
        this.maxBytes = maxBytes;
    }

    /** Adds a change with a revision above all others. */
    public void add(StoreChange change) {
        if (count == ring.length) {
            grow();
        }
        ring[(first + count) % ring.length] = change;
        count++;
        bytes += sizeOf(change);
        while (count > 1 && (count > maxChanges || bytes > maxBytes)) {
            StoreChange oldest = at(0);
            ring[first] = null;
            first = (first + 1) % ring.length;
            count--;
            bytes -= sizeOf(oldest);
            compactedRevision = oldest.revision();
        }
    }

    private void grow() {
        @Nullable StoreChange[] larger = new StoreChange[2 * ring.length];
        for (int i = 0; i < count; i++) {
            larger[i] = at(i);
        }
        ring = larger;
        first = 0;
    }

    private StoreChange at(int index) {
        StoreChange change = ring[(first + index) % ring.length];
        if (change == null) {
            throw new IllegalStateException("there are only " + count + " changes");
        }
        return change;
    }

    /** The changes after a revision, oldest first, until the next is added; complete unless {@link #isCompacted}. */
    public Collection<StoreChange> after(long revision) {
        int from = indexAfter(revision);
        int size = count - from;
        return size == 0
                ? List.of()
                : new AbstractList<>() {
                    @Override
                    public StoreChange get(int index) {
                        return at(from + index);
                    }

                    @Override
                    /** How many changes are kept. */
                    public int size() {
                        return size;
                    }
                };
    }

    private int indexAfter(long revision) {
        int low = 0;
        int high = count;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (at(middle).revision() <= revision) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Whether a change after this revision is no longer kept. */
    public boolean isCompacted(long afterRevision) {
        return afterRevision < compactedRevision;
    }

    /** The newest revision whose change is no longer kept, 0 when all are. */
    public long compactedRevision() {
        return compactedRevision;
    }

    /** How many changes are kept. */
    public int size() {
        return count;
    }

    /** For a history that begins later than its store: changes up to this revision are not kept. */
    public void restore(long compacted) {
        compactedRevision = compacted;
    }

    private static long sizeOf(StoreChange change) {
        long size = OVERHEAD;
        for (KeyChange key : change.changes()) {
            size += OVERHEAD
                    + key.key().length()
                    + (key.entry().isPresent() ? key.entry().get().value().length() : 0);
        }
        return size;
    }
}
