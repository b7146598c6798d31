package dev.flynn.scheduler;

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

/** A store that lets something happen right before a commit. */
final class InterruptedStore implements ClusterStore {

    private final ClusterStore store;
    private Runnable interruption = () -> {};
    private boolean once;

    InterruptedStore(ClusterStore store) {
        this.store = store;
    }

    void beforeNextCommit(Runnable action) {
        interruption = action;
        once = true;
    }

    void beforeEachCommit(Runnable action) {
        interruption = action;
        once = false;
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        Runnable action = interruption;
        if (once) {
            interruption = () -> {};
        }
        action.run();
        return store.commit(transaction);
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
    public void close() {
        store.close();
    }
}
