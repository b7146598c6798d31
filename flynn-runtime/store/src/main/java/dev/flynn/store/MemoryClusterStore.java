package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;

/** A {@link ClusterStore} in this process's memory, for tests and embedding; it ends with {@link #close}. */
public final class MemoryClusterStore implements ClusterStore {

    private final Clock clock;
    private final LiveState state;
    private volatile boolean closed;

    public MemoryClusterStore() {
        this(Clock.systemUTC());
    }

    public MemoryClusterStore(Clock clock) {
        this(clock, StoreLimits.DEFAULTS);
    }

    MemoryClusterStore(Clock clock, StoreLimits limits) {
        this.clock = requireNonNull(clock, "clock");
        this.state = new LiveState(limits);
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return Set.of();
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        requireOpen();
        return state.get(key);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        requireOpen();
        return state.list(prefix);
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        requireOpen();
        StoreCodec.requireFits(transaction);
        return state.apply(new Command(clock.millis(), transaction));
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        requireOpen();
        return state.watch(prefix, afterRevision, watcher);
    }

    @Override
    public void close() {
        closed = true;
        state.close();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the cluster store is closed");
        }
    }
}
