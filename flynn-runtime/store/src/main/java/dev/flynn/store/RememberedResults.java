package dev.flynn.store;

import dev.flynn.spi.store.CommitResult;
import java.util.AbstractList;
import java.util.List;
import java.util.Optional;
import java.util.RandomAccess;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What became of the latest transactions, by id, so that a repetition answers as the first time. Not thread-safe.
 *
 * <p>They are kept as numbers in arrays: as objects, of which there would be half a million, they were most of what each
 * collection of garbage copied, and most of its time.
 */
final class RememberedResults {

    /** One transaction and the time at which it was committed, in milliseconds of the store's time. */
    record Remembered(UUID id, long timeMillis, CommitResult result) {}

    private static final int SMALLEST = 16;

    private final int maxCount;
    private final long maxAgeMillis;

    private Ring ring = new Ring(SMALLEST);
    /** Hash table with open addressing: a slot of the ring plus one, or 0; four times as long as the ring. */
    private int[] table = new int[4 * SMALLEST];

    private int first;
    private int count;

    RememberedResults(int maxCount, long maxAgeMillis) {
        this.maxCount = maxCount;
        this.maxAgeMillis = maxAgeMillis;
    }

    /** Columns; the length is a power of two. */
    private record Ring(
            long[] high,
            long[] low,
            long[] times,
            long[] revisions,
            @Nullable CommitResult[] unusual) {

        Ring(int length) {
            this(
                    new long[length],
                    new long[length],
                    new long[length],
                    new long[length],
                    new @Nullable CommitResult[length]);
        }

        int length() {
            return high.length;
        }

        void set(int slot, Remembered one) {
            high[slot] = one.id().getMostSignificantBits();
            low[slot] = one.id().getLeastSignificantBits();
            times[slot] = one.timeMillis();
            revisions[slot] = one.result().revision();
            unusual[slot] = isUsual(one.result()) ? null : one.result();
        }

        private static boolean isUsual(CommitResult result) {
            return result.committed()
                    && result.appendedKeys().isEmpty()
                    && result.conflictKey().isEmpty();
        }

        CommitResult result(int slot) {
            CommitResult special = unusual[slot];
            return special == null ? CommitResult.committed(revisions[slot], List.of()) : special;
        }

        Remembered get(int slot) {
            return new Remembered(new UUID(high[slot], low[slot]), times[slot], result(slot));
        }

        void copyTo(Ring other, int otherSlot, int slot) {
            other.high[otherSlot] = high[slot];
            other.low[otherSlot] = low[slot];
            other.times[otherSlot] = times[slot];
            other.revisions[otherSlot] = revisions[slot];
            other.unusual[otherSlot] = unusual[slot];
        }

        Ring copy() {
            return new Ring(high.clone(), low.clone(), times.clone(), revisions.clone(), unusual.clone());
        }
    }

    Optional<CommitResult> find(UUID id) {
        int slot = table[place(id.getMostSignificantBits(), id.getLeastSignificantBits())] - 1;
        return slot < 0 ? Optional.empty() : Optional.of(ring.result(slot));
    }

    /** Adds one with an id that is not remembered. */
    void add(Remembered remembered) {
        if (count == maxCount) {
            forgetOldest();
        }
        if (count == ring.length()) {
            grow();
        }
        int slot = slot(count);
        ring.set(slot, remembered);
        table[place(slot)] = slot + 1;
        count++;
    }

    /** Forgets what is older than the limit at this time. */
    void expire(long nowMillis) {
        while (count > 0 && ring.times()[first] < nowMillis - maxAgeMillis) {
            forgetOldest();
        }
    }

    int size() {
        return count;
    }

    /** As they are now; stays so. */
    List<Remembered> oldestFirst() {
        return new Frozen(ring.copy(), first, count);
    }

    private static final class Frozen extends AbstractList<Remembered> implements RandomAccess {

        private final Ring ring;
        private final int first;
        private final int count;

        Frozen(Ring ring, int first, int count) {
            this.ring = ring;
            this.first = first;
            this.count = count;
        }

        @Override
        public Remembered get(int index) {
            return ring.get((first + index) & (ring.length() - 1));
        }

        @Override
        public int size() {
            return count;
        }
    }

    private int slot(int index) {
        return (first + index) & (ring.length() - 1);
    }

    private void grow() {
        Ring larger = new Ring(2 * ring.length());
        for (int i = 0; i < count; i++) {
            ring.copyTo(larger, i, slot(i));
        }
        ring = larger;
        first = 0;
        table = new int[2 * table.length];
        for (int slot = 0; slot < count; slot++) {
            table[place(slot)] = slot + 1;
        }
    }

    private void forgetOldest() {
        remove(place(first));
        ring.unusual()[first] = null;
        first = slot(1);
        count--;
    }

    // ---- the table

    private int place(int slot) {
        return place(ring.high()[slot], ring.low()[slot]);
    }

    /** Where this id is, or would be. */
    private int place(long high, long low) {
        int mask = table.length - 1;
        int place = wish(high, low);
        while (table[place] != 0) {
            int slot = table[place] - 1;
            if (ring.low()[slot] == low && ring.high()[slot] == high) {
                return place;
            }
            place = (place + 1) & mask;
        }
        return place;
    }

    /** Where this id goes if nobody is there: random ids need little mixing, others get some. */
    private int wish(long high, long low) {
        long mixed = (high ^ Long.rotateLeft(low, 32)) * 0x9E3779B97F4A7C15L;
        return (int) (mixed >>> 32) & (table.length - 1);
    }

    /** Empties a place, and lets those behind move up who wished to be further in front. */
    private void remove(int removed) {
        int mask = table.length - 1;
        int hole = removed;
        int next = (hole + 1) & mask;
        while (table[next] != 0) {
            int slot = table[next] - 1;
            int wish = wish(ring.high()[slot], ring.low()[slot]);
            if (((next - wish) & mask) >= ((next - hole) & mask)) {
                table[hole] = table[next];
                hole = next;
            }
            next = (next + 1) & mask;
        }
        table[hole] = 0;
    }
}
