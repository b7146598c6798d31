package dev.flynn.router.policy;

import java.util.HashMap;
import java.util.Map;

/**
 * Which counts were used with which nonces, so that a request that somebody overheard cannot be sent again. Clients send
 * requests side by side, so counts may arrive out of order: the last {@value #WINDOW} are told apart, older ones count as used.
 * When there are too many nonces, the older half is forgotten, and none that was made before is good any more. Thread-safe.
 */
final class NonceUses {

    static final int WINDOW = 64;

    private final int maxNonces;
    private final Map<String, Counts> nonces = new HashMap<>();
    private long forgottenUntil = Long.MIN_VALUE;

    NonceUses(int maxNonces) {
        this.maxNonces = maxNonces;
    }

    /**
     * Takes a count, once.
     *
     * @param madeAt when the nonce was made
     * @param count from 1
     */
    synchronized boolean use(String nonce, long madeAt, long count) {
        if (madeAt <= forgottenUntil || count < 1) {
            return false;
        }
        Counts counts = nonces.get(nonce);
        if (counts == null) {
            if (nonces.size() >= maxNonces) {
                forgetOlderHalf();
                if (madeAt <= forgottenUntil) {
                    return false;
                }
            }
            counts = new Counts(madeAt);
            nonces.put(nonce, counts);
        }
        return counts.take(count);
    }

    synchronized int size() {
        return nonces.size();
    }

    private void forgetOlderHalf() {
        long[] times = nonces.values().stream()
                .mapToLong(counts -> counts.madeAt)
                .sorted()
                .toArray();
        forgottenUntil = times[times.length / 2];
        nonces.values().removeIf(counts -> counts.madeAt <= forgottenUntil);
    }

    /** A sliding window over the counts of one nonce. */
    private static final class Counts {

        private final long madeAt;
        private long highest;

        /** The bit {@code n} says whether {@code highest - n} was used. */
        private long used;

        Counts(long madeAt) {
            this.madeAt = madeAt;
        }

        boolean take(long count) {
            if (count > highest) {
                long ahead = count - highest;
                used = ahead >= WINDOW ? 1 : used << ahead | 1;
                highest = count;
                return true;
            }
            long behind = highest - count;
            if (behind >= WINDOW || (used & 1L << behind) != 0) {
                return false;
            }
            used |= 1L << behind;
            return true;
        }
    }
}
