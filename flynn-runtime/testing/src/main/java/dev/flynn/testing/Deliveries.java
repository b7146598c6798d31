package dev.flynn.testing;

import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Transaction;
import dev.flynn.spi.store.Transaction.Operation;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/** Which watches of the store have still to be told of something; thread-safe. */
final class Deliveries {

    private final Set<Delivery> deliveries = ConcurrentHashMap.newKeySet();

    /** What one watch was told. */
    final class Delivery {

        private final String prefix;
        private final Gate gate;

        // guarded by this
        private long expected;
        private long told;

        private Delivery(String prefix, Gate gate) {
            this.prefix = prefix;
            this.gate = gate;
        }

        synchronized void expect(long revision) {
            expected = Math.max(expected, revision);
        }

        synchronized void told(long revision) {
            told = Math.max(told, revision);
        }

        /** A host that is not reached now is not waited for. */
        private synchronized boolean isComplete() {
            return told >= expected || !gate.isReached();
        }

        void end() {
            deliveries.remove(this);
        }
    }

    Delivery begin(String prefix, Gate gate) {
        var delivery = new Delivery(prefix, gate);
        deliveries.add(delivery);
        return delivery;
    }

    /** Commits, and expects that every watch of what changes is told; nobody is told that a key was deleted that did not exist. */
    synchronized CommitResult commit(ClusterStore store, Transaction transaction) {
        Set<String> deleted = transaction.operations().stream()
                .filter(Operation.Delete.class::isInstance)
                .map(operation -> ((Operation.Delete) operation).key())
                .filter(key -> store.get(key).isPresent())
                .collect(Collectors.toSet());
        CommitResult result = store.commit(transaction);
        if (result.committed()) {
            for (Delivery delivery : deliveries) {
                if (transaction.operations().stream()
                        .anyMatch(operation -> isTold(operation, delivery.prefix, deleted))) {
                    delivery.expect(result.revision());
                }
            }
        }
        return result;
    }

    private static boolean isTold(Operation operation, String prefix, Set<String> deleted) {
        if (operation instanceof Operation.Put put) {
            return put.key().startsWith(prefix);
        }
        if (operation instanceof Operation.Delete delete) {
            return delete.key().startsWith(prefix) && deleted.contains(delete.key());
        }
        return operation instanceof Operation.Append append && append.prefix().startsWith(prefix);
    }

    boolean areComplete() {
        return deliveries.stream().allMatch(Delivery::isComplete);
    }
}
