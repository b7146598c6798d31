package dev.flynn.controller;

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

/** The store as a process sees it that is killed at one of its commits: nothing of that process runs after it. */
final class KilledAtCommit implements ClusterStore {

    /** On which side of the commit the process ends. */
    enum Moment {
        /** The store never saw the transaction. */
        BEFORE,
        /** It happened, and the process never learned of it. */
        AFTER
    }

    /** No handler of the process sees it, as none sees a kill -9. */
    static final class Killed extends Error {

        private static final long serialVersionUID = 1;

        Killed() {
            super("killed", null, false, false);
        }
    }

    private final ClusterStore store;
    private final Moment moment;
    private int commitsLeft;
    private int commits;

    /** @param commit which commit, the first one being 1; 0 for none */
    KilledAtCommit(ClusterStore store, int commit, Moment moment) {
        this.store = store;
        this.moment = moment;
        this.commitsLeft = commit;
    }

    /** How many there were. */
    int commits() {
        return commits;
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        commits++;
        boolean last = --commitsLeft == 0;
        if (last && moment == Moment.BEFORE) {
            throw new Killed();
        }
        CommitResult result = store.commit(transaction);
        if (last) {
            throw new Killed();
        }
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
    public void close() {
        store.close();
    }
}
