package dev.flynn.router;

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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A store whose watches a test can cut, so that changes are lost, and end. */
final class BreakableWatches implements ClusterStore {

    private final ClusterStore store;
    private final Map<String, Subscription> subscriptions = new ConcurrentHashMap<>();
    private final Map<String, StoreWatcher> watchers = new ConcurrentHashMap<>();

    BreakableWatches(ClusterStore store) {
        this.store = store;
    }

    /** From now on the newest watch of the prefix hears nothing. */
    void cut(String prefix) {
        subscriptions.get(prefix).close();
    }

    void end(String prefix, FlynnException reason) {
        watchers.get(prefix).onEnd(reason);
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        Subscription subscription = store.watch(prefix, afterRevision, watcher);
        subscriptions.put(prefix, subscription);
        watchers.put(prefix, watcher);
        return subscription;
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
    public CommitResult commit(Transaction transaction) {
        return store.commit(transaction);
    }

    @Override
    public void close() {
        store.close();
    }
}
