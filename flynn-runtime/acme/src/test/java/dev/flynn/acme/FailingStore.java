package dev.flynn.acme;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** A way to a store that is cut: who goes this way is as good as dead from then on, whatever else it does. */
final class FailingStore implements ClusterStore {

    private final ClusterStore store;
    private volatile boolean cut;
    private volatile Predicate<Transaction> cutAfter = transaction -> false;
    private volatile Predicate<Transaction> cutBefore = transaction -> false;

    FailingStore(ClusterStore store) {
        this.store = store;
    }

    /** Cuts when such a transaction was committed; who committed does not hear of it. */
    void cutAfter(Predicate<Transaction> last) {
        cutAfter = last;
    }

    /** Cuts instead of committing such a transaction. */
    void cutBefore(Predicate<Transaction> first) {
        cutBefore = first;
    }

    boolean isCut() {
        return cut;
    }

    private void requireWay() {
        if (cut) {
            throw FlynnException.unavailable("dead", null);
        }
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return store.capabilities();
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        requireWay();
        return store.get(key, consistency);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        requireWay();
        return store.list(prefix, consistency);
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        if (cutBefore.test(transaction)) {
            cut = true;
        }
        requireWay();
        CommitResult result = store.commit(transaction);
        if (result.committed() && cutAfter.test(transaction)) {
            cut = true;
        }
        requireWay();
        return result;
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        requireWay();
        return store.watch(prefix, afterRevision, watcher);
    }

    @Override
    public void close() {
        store.close();
    }
}
