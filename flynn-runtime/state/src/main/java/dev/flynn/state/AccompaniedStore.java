package dev.flynn.state;

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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A store whose changes may have a {@link Companion}. Closing it closes the store. */
final class AccompaniedStore implements ClusterStore {

    private final ClusterStore store;
    private final ThreadLocal<Companion> companions = new ThreadLocal<>();

    AccompaniedStore(ClusterStore store) {
        this.store = store;
    }

    /** @throws IllegalStateException if this thread has one already */
    Companion accompany(String prefix, Supplier<String> value) {
        if (companions.get() != null) {
            throw new IllegalStateException("this thread's changes have a companion already");
        }
        var companion = new Companion(prefix, value, companions::remove);
        companions.set(companion);
        return companion;
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        @Nullable Companion companion = companions.get();
        if (companion == null
                || companion.isStored()
                || transaction.operations().isEmpty()) {
            return store.commit(transaction);
        }
        Optional<Transaction> both = withCompanion(transaction, companion);
        if (both.isEmpty()) {
            return store.commit(transaction);
        }
        CommitResult result = store.commit(both.get());
        if (!result.committed()) {
            return result;
        }
        companion.setStored();
        List<String> keys = result.appendedKeys();
        return CommitResult.committed(result.revision(), keys.subList(0, keys.size() - 1));
    }

    /** Empty if there is no room for both. */
    private static Optional<Transaction> withCompanion(Transaction transaction, Companion companion) {
        List<Transaction.Operation> operations = new ArrayList<>(transaction.operations());
        operations.add(new Transaction.Operation.Append(companion.prefix(), companion.value()));
        try {
            return Optional.of(new Transaction(transaction.id(), transaction.conditions(), operations));
        } catch (FlynnException tooLarge) {
            return Optional.empty();
        }
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
