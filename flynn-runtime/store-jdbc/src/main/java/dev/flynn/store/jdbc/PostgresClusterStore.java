package dev.flynn.store.jdbc;

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
import dev.flynn.spi.store.Transaction.Condition;
import dev.flynn.spi.store.Transaction.Operation;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link ClusterStore} in a PostgreSQL database, which any number of processes may open at once.
 *
 * <p>Each process holds a copy of all entries and of the newest changes: stale reads and watches are served from it, and a
 * linearizable read asks the database what is new before it is.
 */
public final class PostgresClusterStore implements ClusterStore {

    private static final Logger log = LoggerFactory.getLogger(PostgresClusterStore.class);

    private final PostgresConfig config;
    private final Mirror mirror;
    private final Feed feed;
    private final Committer committer;
    private final boolean durable;
    private volatile boolean closed;

    private PostgresClusterStore(PostgresConfig config) {
        this.config = config;
        this.mirror = new Mirror(config.mostChanges());
        this.feed = new Feed(config, mirror);
        this.committer = new Committer(config);
        var deadline = new Deadline();
        try {
            this.durable = deadline.persist(config, () -> prepare(config));
            deadline.persist(config, () -> {
                feed.start();
                return true;
            });
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
        if (!durable) {
            log.atWarn()
                    .addKeyValue("database", config)
                    .log("the database runs with fsync = off: a power cut may lose data");
        }
    }

    /**
     * Opens the store, and creates its tables if there are none.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if the database does not answer, {@code UNKNOWN} if it refuses,
     *     {@code VALIDATION} if a later version has written the store
     */
    public static PostgresClusterStore open(PostgresConfig config) {
        return new PostgresClusterStore(config);
    }

    private static boolean prepare(PostgresConfig config) throws SQLException {
        try (Session session = new Session(config, "opening")) {
            return session.transact(connection -> {
                Schema.prepare(connection, config);
                return Schema.isDurable(connection);
            });
        }
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return durable ? Set.of(StoreCapability.DURABLE) : Set.of();
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        prepareRead(consistency);
        return mirror.get(key);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        prepareRead(consistency);
        return mirror.list(prefix);
    }

    private void prepareRead(Consistency consistency) {
        requireOpen();
        if (consistency == Consistency.STALE) {
            return;
        }
        var deadline = new Deadline();
        try {
            deadline.persist(config, () -> {
                feed.catchUp(deadline);
                return true;
            });
        } catch (FlynnException e) {
            requireOpen();
            throw e;
        }
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        requireOpen();
        requireStorable(transaction);
        CommitResult result;
        try {
            result = committer.commit(transaction);
        } catch (FlynnException e) {
            requireOpen();
            throw e;
        }
        showHere(result.revision());
        return result;
    }

    /** What this process has written it reads, even stale. The answer does not depend on that. */
    private void showHere(long revision) {
        try {
            if (mirror.revision() < revision) {
                feed.catchUp(new Deadline());
            }
        } catch (SQLException | FlynnException e) {
            log.atDebug().setCause(e).log("committed, but not read back yet; the feed will");
        }
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        requireOpen();
        return mirror.watch(prefix, afterRevision, watcher);
    }

    @Override
    public void close() {
        closed = true;
        feed.close();
        committer.close();
        mirror.close();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the cluster store is closed");
        }
    }

    private static void requireStorable(Transaction transaction) {
        for (Condition condition : transaction.conditions()) {
            requireNoNul(condition.key());
        }
        for (Operation operation : transaction.operations()) {
            if (operation instanceof Operation.Put put) {
                requireNoNul(put.key());
                requireNoNul(put.value());
            } else if (operation instanceof Operation.Append append) {
                requireNoNul(append.prefix());
                requireNoNul(append.value());
            } else if (operation instanceof Operation.Delete delete) {
                requireNoNul(delete.key());
            }
        }
    }

    private static void requireNoNul(String text) {
        if (text.indexOf('\0') >= 0) {
            throw FlynnException.invalid("PostgreSQL holds no NUL characters; write \\u0000 in JSON");
        }
    }
}
