package dev.flynn.store;

import dev.flynn.base.watch.StoreWatches;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import java.util.Optional;
import java.util.function.Function;

/** A {@link StoreState} for many threads, with watches. */
final class LiveState implements AutoCloseable {

    /** Guarded by {@link #watches}. */
    private StoreState state;

    private final StoreWatches watches = new StoreWatches(() -> state);

    LiveState(StoreLimits limits) {
        this.state = new StoreState(limits);
    }

    CommitResult apply(Command command) {
        return watches.change(() -> state.apply(command));
    }

    /** Goes on with another state: a snapshot that was read or received. Watches go on where its history allows. */
    void replace(StoreState newState) {
        StoreState unused = watches.change(() -> state = newState);
    }

    Optional<StoreEntry> get(String key) {
        return read(current -> current.get(key));
    }

    StoreSnapshot list(String prefix) {
        return read(current -> current.list(prefix));
    }

    /** Looks at the state while nothing changes it. */
    <T> T read(Function<StoreState, T> function) {
        return watches.read(() -> function.apply(state));
    }

    Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        return watches.watch(prefix, afterRevision, watcher);
    }

    /** Ends the watches and waits until their watchers know; a watcher may call this itself. */
    @Override
    public void close() {
        watches.close();
    }
}
