package dev.flynn.router.telemetry;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.List;

/**
 * How long requests took: counts in buckets whose widths grow with the time, four for each power of two, so that a quantile is
 * wrong by an eighth at most.
 *
 * @param counts of each bucket; see {@link #upperMicros}
 * @param sumMicros of all times
 */
public record Latencies(List<Long> counts, long sumMicros) {

    /** Shorter times are in the first bucket. */
    private static final int FIRST_POWER = 6;

    /** From 2^26 microseconds on, which is a minute and a bit, all is in the last bucket. */
    private static final int LAST_POWER = 26;

    private static final int PER_POWER = 4;
    private static final int PER_POWER_BITS = 2;

    /** How many buckets there are. */
    public static final int BUCKETS = (LAST_POWER - FIRST_POWER) * PER_POWER + 2;

    public static final Latencies NONE = new Latencies(Collections.nCopies(BUCKETS, 0L), 0);

    public Latencies {
        requireNonNull(counts, "counts");
        counts = List.copyOf(counts);
        if (counts.size() != BUCKETS) {
            throw new IllegalArgumentException("there are %d buckets, not %d".formatted(BUCKETS, counts.size()));
        }
    }

    /** Which bucket a time belongs to. */
    static int bucket(long micros) {
        if (micros < 1L << FIRST_POWER) {
            return 0;
        }
        int power = Long.SIZE - 1 - Long.numberOfLeadingZeros(micros);
        if (power >= LAST_POWER) {
            return BUCKETS - 1;
        }
        int within = (int) (micros >>> (power - PER_POWER_BITS)) & (PER_POWER - 1);
        return 1 + (power - FIRST_POWER) * PER_POWER + within;
    }

    /** The first time that is too long for the bucket; of the last one there is none. */
    public static long upperMicros(int bucket) {
        if (bucket >= BUCKETS - 1) {
            return Long.MAX_VALUE;
        }
        long power = 1L << (FIRST_POWER + bucket / PER_POWER);
        return power + (power >> PER_POWER_BITS) * (bucket % PER_POWER);
    }

    public long count() {
        return counts.stream().mapToLong(Long::longValue).sum();
    }

    /**
     * The time that the given share of the requests kept below; 0 if there were none.
     *
     * @param share 0.5 for the median
     */
    public long quantileMicros(double share) {
        long wanted = (long) Math.ceil(count() * share);
        long seen = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            seen += counts.get(bucket);
            if (seen >= wanted && seen > 0) {
                return middleMicros(bucket);
            }
        }
        return 0;
    }

    private static long middleMicros(int bucket) {
        long lower = bucket == 0 ? 0 : upperMicros(bucket - 1);
        return bucket == BUCKETS - 1 ? lower : (lower + upperMicros(bucket)) / 2;
    }
}
