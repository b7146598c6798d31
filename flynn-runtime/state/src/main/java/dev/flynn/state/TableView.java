package dev.flynn.state;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A copy of a table that follows the store: reading it costs no parsing, and a listener is told after each change.
 *
 * <p>It is complete when the constructor returns. The listener runs on a thread of the store and must be quick: it usually
 * wakes up a reconciler. Reads may be some milliseconds behind the store. Thread-safe.
 */
public final class TableView<T> implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(TableView.class);

    private final Table<T> table;
    private final ClusterStore store;
    private final String prefix;
    private final Runnable onChange;
    private final Object lock = new Object();

    /** Replaced as a whole by every change; never modified. */
    private volatile Map<String, Versioned<T>> records = Map.of();

    private volatile boolean closed;
    private @Nullable Subscription subscription;

    TableView(Table<T> table, ClusterStore store, String prefix, Runnable onChange) {
        this.table = table;
        this.store = store;
        this.prefix = prefix;
        this.onChange = onChange;
        follow();
    }

    /** All records by id, sorted; an immutable picture of one moment. */
    public Map<String, Versioned<T>> records() {
        return records;
    }

    public Optional<T> find(String id) {
        return Optional.ofNullable(records.get(id)).map(Versioned::value);
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
        Map<String, Versioned<T>> all = new TreeMap<>();
        snapshot.entries().forEach(entry -> all.put(table.id(entry.key()), table.parse(entry)));
        records = Collections.unmodifiableMap(all);
        synchronized (lock) {
            if (!closed) {
                subscription = store.watch(prefix, snapshot.revision(), new Follower());
            }
        }
    }

    private final class Follower implements StoreWatcher {

        @Override
        public void onChange(StoreChange change) {
            if (closed) {
                return;
            }
            Map<String, Versioned<T>> next = new TreeMap<>(records);
            for (StoreChange.KeyChange key : change.changes()) {
                String id = table.id(key.key());
                key.entry().ifPresentOrElse(entry -> next.put(id, table.parse(entry)), () -> next.remove(id));
            }
            records = Collections.unmodifiableMap(next);
            onChange.run();
        }

        @Override
        public void onEnd(FlynnException reason) {
            if (closed) {
                return;
            }
            if (reason.code() == ErrorCode.COMPACTED) {
                follow();
                onChange.run();
            } else {
                log.atDebug().addKeyValue("prefix", prefix).setCause(reason).log("view ended with its store");
            }
        }
    }
}
