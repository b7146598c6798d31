package dev.flynn.router.telemetry;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * What is counted for one route or one backend. Each event loop counts in a cell of its own, so that nobody waits for anybody;
 * who reads adds the cells up. What is never used costs next to nothing.
 */
public final class Meter {

    private final MeterBudget budget;
    private final AtomicReferenceArray<@Nullable Cell> cells;

    private boolean ownsCells;
    private boolean retired;

    /** @param loops how many event loops there are */
    public Meter(int loops, MeterBudget budget) {
        this.budget = budget;
        this.cells = new AtomicReferenceArray<>(loops);
    }

    /** For the loop's thread alone. */
    public Cell cell(int loop) {
        Cell cell = cells.getAcquire(loop);
        return cell == null ? open(loop) : cell;
    }

    /** When there are too many, those that come late are counted together. */
    private synchronized Cell open(int loop) {
        ownsCells = ownsCells || (!retired && budget.take());
        Cell opened = ownsCells ? new Cell() : budget.overflow().cell(loop);
        cells.setRelease(loop, opened);
        return opened;
    }

    /** Nothing refers to it any more but what is in flight. */
    public synchronized void retire() {
        retired = true;
        if (ownsCells) {
            ownsCells = false;
            budget.giveBack();
        }
    }

    /** Whether anything was counted here and not with the overflow. */
    public synchronized boolean isUsed() {
        return ownsCells;
    }

    /** All cells together. */
    public TrafficCounts counts() {
        long active = 0;
        long[] sums = new long[Cell.SIZE];
        for (int loop = 0; loop < cells.length(); loop++) {
            Cell cell = cells.getAcquire(loop);
            if (cell != null) {
                active += cell.active();
                for (int at = 0; at < Cell.SIZE; at++) {
                    sums[at] += cell.get(at);
                }
            }
        }
        return counts(active, sums);
    }

    private static TrafficCounts counts(long active, long[] sums) {
        List<Long> byClass = new ArrayList<>();
        for (int at = Cell.FIRST_CLASS; at < Cell.FIRST_CLASS + TrafficCounts.CLASSES.size(); at++) {
            byClass.add(sums[at]);
        }
        List<Long> buckets = new ArrayList<>();
        for (int bucket = 0; bucket < Latencies.BUCKETS; bucket++) {
            buckets.add(sums[Cell.FIRST_BUCKET + bucket]);
        }
        return new TrafficCounts(
                active,
                byClass,
                sums[Cell.BYTES_IN],
                sums[Cell.BYTES_OUT],
                sums[Cell.RETRIES],
                sums[Cell.REFUSED],
                new Latencies(buckets, sums[Cell.MICROS]));
    }

    /** The counts of one event loop; only its thread writes. */
    public static final class Cell {

        private static final int BEGUN = 0;
        private static final int BYTES_IN = 1;
        private static final int BYTES_OUT = 2;
        private static final int RETRIES = 3;
        private static final int REFUSED = 4;
        private static final int MICROS = 5;
        private static final int FIRST_CLASS = 6;
        private static final int FIRST_BUCKET = FIRST_CLASS + TrafficCounts.CLASSES.size();
        private static final int ENDED = FIRST_BUCKET + Latencies.BUCKETS;
        private static final int SIZE = ENDED + 1;

        private final AtomicLongArray counts = new AtomicLongArray(SIZE);

        public void begin() {
            add(BEGUN, 1);
        }

        public void end() {
            add(ENDED, 1);
        }

        /** Another attempt, because the one before failed. */
        public void retry() {
            add(RETRIES, 1);
        }

        public void bytesIn(int bytes) {
            add(BYTES_IN, bytes);
        }

        public void bytesOut(int bytes) {
            add(BYTES_OUT, bytes);
        }

        /** The route's policy did not let a request in; or the backend did not accept a connection. */
        public void refuse() {
            add(REFUSED, 1);
        }

        /** @param statusClass an index of {@link TrafficCounts#CLASSES} */
        public void answered(int statusClass, long micros) {
            add(FIRST_CLASS + statusClass, 1);
            add(FIRST_BUCKET + Latencies.bucket(micros), 1);
            add(MICROS, micros);
        }

        /** A plain write is enough: nobody else writes, and who reads may be a moment late. */
        private void add(int at, long more) {
            counts.lazySet(at, counts.getPlain(at) + more);
        }

        /** What has ended is read before what has begun, so that never more has ended. */
        private long active() {
            long ended = get(ENDED);
            return get(BEGUN) - ended;
        }

        private long get(int at) {
            return counts.get(at);
        }
    }
}
