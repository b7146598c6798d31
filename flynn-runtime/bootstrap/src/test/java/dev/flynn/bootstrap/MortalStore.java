package dev.flynn.bootstrap;

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

/** The store as a process sees it that may be killed before and after each write. */
final class MortalStore implements ClusterStore {

    private final ClusterStore store;
    private final Killer killer;

    MortalStore(ClusterStore store, Killer killer) {
        this.store = store;
        this.killer = killer;
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        killer.mayStrike();
        CommitResult result = store.commit(transaction);
        killer.mayStrike();
        return result;
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return store.capabilities();
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        return store.get(key, consistency);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        return store.list(prefix, consistency);
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        return store.watch(prefix, afterRevision, watcher);
    }

    @Override
    public void close() {}
}
