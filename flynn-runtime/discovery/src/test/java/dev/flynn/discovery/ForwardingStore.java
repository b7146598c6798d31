package dev.flynn.discovery;

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

/** Another store, for tests that interfere. */
class ForwardingStore implements ClusterStore {

    private final ClusterStore store;

    ForwardingStore(ClusterStore store) {
        this.store = store;
    }

    /** What reads and commits go to. */
    ClusterStore store() {
        return store;
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return store.capabilities();
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        return store().get(key, consistency);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        return store().list(prefix, consistency);
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        return store().commit(transaction);
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        return store.watch(prefix, afterRevision, watcher);
    }

    @Override
    public void close() {
        store.close();
    }
}
