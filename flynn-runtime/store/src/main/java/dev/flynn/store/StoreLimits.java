package dev.flynn.store;

import java.time.Duration;

/**
 * How much a store remembers of its past. All replicas of a store need the same limits, because they are part of what a
 * transaction does.
 *
 * @param historyChanges how many transactions a watch can go back, at most
 * @param historyBytes how many characters of keys and values these may have together; the newest change is always kept
 * @param rememberedTransactions how many transaction ids are recognised, at most
 * @param rememberedFor how long a transaction id is recognised
 */
record StoreLimits(int historyChanges, long historyBytes, int rememberedTransactions, Duration rememberedFor) {

    static final StoreLimits DEFAULTS = new StoreLimits(10_000, 8L << 20, 1 << 17, Duration.ofMinutes(10));
}
