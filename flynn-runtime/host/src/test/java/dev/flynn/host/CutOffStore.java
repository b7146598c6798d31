package dev.flynn.host;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;

/**
 * A store as a host sees it whose cable can be pulled: nothing is written and nothing read, and what happens meanwhile is told
 * when the cable is back.
 */
final class CutOffStore implements ClusterStore {

    private final ClusterStore store;

    // guarded by this
    private final Queue<Runnable> untold = new ArrayDeque<>();
    private boolean cut;

    CutOffStore(ClusterStore store) {
        this.store = store;
    }

    synchronized void cut() {
        cut = true;
    }

    synchronized void mend() {
        cut = false;
        while (!untold.isEmpty()) {
            untold.poll().run();
        }
    }

    private synchronized void tell(Runnable event) {
        if (cut) {
            untold.add(event);
        } else {
            event.run();
        }
    }

    private synchronized void requireConnection() {
        if (cut) {
            throw FlynnException.unavailable("the cable is pulled", null);
        }
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return store.capabilities();
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        requireConnection();
        return store.get(key, consistency);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        requireConnection();
        return store.list(prefix, consistency);
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        requireConnection();
        return store.commit(transaction);
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        return store.watch(prefix, afterRevision, new StoreWatcher() {
            @Override
            public void onChange(StoreChange change) {
                tell(() -> watcher.onChange(change));
            }

            @Override
            public void onEnd(FlynnException reason) {
                tell(() -> watcher.onEnd(reason));
            }
        });
    }

    @Override
    public void close() {
        store.close();
    }
}
