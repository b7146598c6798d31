package dev.flynn.discovery;

import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Transaction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Deletes instances as far as they are still what they were seen as, many in one transaction. */
final class Removal {

    /** How many instances one transaction deletes. */
    static final int BATCH = 1000;

    private final ClusterStore store;
    private final UnaryOperator<Transaction.Builder> fence;
    private boolean fenced;
    private long revision;

    /** @param fence adds the conditions under which this may delete anything at all */
    Removal(ClusterStore store, UnaryOperator<Transaction.Builder> fence) {
        this.store = store;
        this.fence = fence;
    }

    /** Whether a condition of the fence did not hold. */
    boolean isFenced() {
        return fenced;
    }

    /** The revision of the last deletion, 0 if there was none. */
    long revision() {
        return revision;
    }

    /** @return the keys that were deleted; oldest first, so that watchers see no leader who goes next */
    List<String> remove(Map<String, Registered> instances) {
        List<String> keys = instances.entrySet().stream()
                .sorted(Comparator.comparingLong(
                        one -> one.getValue().instance().index()))
                .map(Map.Entry::getKey)
                .toList();
        List<String> removed = new ArrayList<>();
        for (int from = 0; from < keys.size() && !fenced; from += BATCH) {
            Map<String, Long> batch = new LinkedHashMap<>();
            keys.subList(from, Math.min(keys.size(), from + BATCH))
                    .forEach(key -> batch.put(key, revisionOf(instances, key)));
            removed.addAll(removeBatch(batch));
        }
        return removed;
    }

    private static long revisionOf(Map<String, Registered> instances, String key) {
        Registered registered = instances.get(key);
        return registered == null ? 0 : registered.modRevision();
    }

    private List<String> removeBatch(Map<String, Long> batch) {
        while (!batch.isEmpty()) {
            Transaction.Builder transaction = fence.apply(Transaction.builder());
            batch.forEach((key, seen) -> transaction.whenUnchanged(key, seen).delete(key));
            CommitResult result = store.commit(transaction.build());
            if (result.committed()) {
                revision = result.revision();
                return List.copyOf(batch.keySet());
            }
            // whoever changed this one wants it to live
            fenced = result.conflictKey().map(key -> batch.remove(key) == null).orElse(true);
            if (fenced) {
                return List.of();
            }
        }
        return List.of();
    }
}
