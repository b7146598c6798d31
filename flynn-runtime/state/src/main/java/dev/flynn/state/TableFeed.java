package dev.flynn.state;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What changed in a table since somebody last asked, for those who keep a picture of their own: a change costs as much as it
 * changes, however large the table is. A {@link TableView} is simpler, and costs its whole size with each change.
 *
 * <p>The first {@link #take} gives everything. The listener is told that there is something to take, on a thread of the store,
 * and must be quick. Thread-safe.
 */
public final class TableFeed<T> implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TableFeed.class);

    private final Table<?> table;
    private final Function<StoreEntry, Versioned<T>> read;
    private final ClusterStore store;
    private final String prefix;
    private final Runnable onChange;
    private final Object lock = new Object();

    // guarded by lock
    private Map<String, Optional<Versioned<T>>> pending = new HashMap<>();
    private boolean everything;
    private long revision;
    private boolean closed;
    private @Nullable Subscription subscription;

    /**
     * What changed.
     *
     * @param everything whether these are all records there are, so that those that are missing do not exist
     * @param records by id, as they are now; empty for those that were deleted
     * @param revision up to which nothing is missing
     */
    public record Changes<T>(boolean everything, Map<String, Optional<Versioned<T>>> records, long revision) {}

    TableFeed(
            Table<?> table,
            Function<StoreEntry, Versioned<T>> read,
            ClusterStore store,
            String prefix,
            Runnable onChange) {
        this.table = table;
        this.read = read;
        this.store = store;
        this.prefix = prefix;
        this.onChange = onChange;
        follow();
    }

    /** What changed since the last time; each change is given once, and of several changes of a record the last. */
    public Changes<T> take() {
        synchronized (lock) {
            var changes = new Changes<>(everything, pending, revision);
            pending = new HashMap<>();
            everything = false;
            return changes;
        }
    }

    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            if (subscription != null) {
                subscription.close();
            }
        }
    }

    private void follow() {
        StoreSnapshot snapshot = store.list(prefix);
        Map<String, Optional<Versioned<T>>> all = new HashMap<>();
        snapshot.entries().forEach(entry -> all.put(table.id(entry.key()), Optional.of(read.apply(entry))));
        synchronized (lock) {
            pending = all;
            everything = true;
            revision = snapshot.revision();
            if (!closed) {
                subscription = store.watch(prefix, snapshot.revision(), new Follower());
            }
        }
    }

    private final class Follower implements StoreWatcher {

        @Override
        public void onChange(StoreChange change) {
            Map<String, Optional<Versioned<T>>> changed = new HashMap<>();
            for (StoreChange.KeyChange key : change.changes()) {
                if (key.entry().isEmpty()) {
                    table.forget(key.key());
                }
                changed.put(table.id(key.key()), key.entry().map(read));
            }
            synchronized (lock) {
                if (closed) {
                    return;
                }
                pending.putAll(changed);
                revision = change.revision();
            }
            onChange.run();
        }

        @Override
        public void onEnd(FlynnException reason) {
            synchronized (lock) {
                if (closed) {
                    return;
                }
            }
            if (reason.code() == ErrorCode.COMPACTED) {
                follow();
                onChange.run();
            } else {
                log.atDebug().addKeyValue("prefix", prefix).setCause(reason).log("feed ended with its store");
            }
        }
    }
}
