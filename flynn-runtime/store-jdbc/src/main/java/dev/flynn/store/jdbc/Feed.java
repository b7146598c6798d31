package dev.flynn.store.jdbc;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.store.jdbc.Tables.Page;
import dev.flynn.store.jdbc.Tables.Position;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a {@link Mirror} up to date: when the database notifies, and when somebody asks. A notification only wakes; what
 * happened is read from the changes, so that one that is lost with its connection loses nothing.
 */
final class Feed implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Feed.class);

    /** Revisions per question. */
    private static final int PAGE = 500;

    /** After so long without a notification the feed looks by itself; that finds dead connections too. */
    private static final int LISTEN_MILLIS = 2_000;

    private static final int PAUSE_MILLIS = 500;

    private final PostgresConfig config;
    private final Mirror mirror;
    private final Session reads;
    private final Session listens;
    private final Thread listener = new Thread(this::listen, "store-listen");

    private final AtomicLong asked = new AtomicLong();
    private final ReentrantLock turn = new ReentrantLock();

    // guarded by turn
    private long answered;

    private volatile boolean closed;

    Feed(PostgresConfig config, Mirror mirror) {
        this.config = config;
        this.mirror = mirror;
        this.reads = new Session(config, "reads");
        this.listens = new Session(config, "watches");
    }

    /** Fills the mirror with what the database holds, and begins to listen. */
    void start() throws SQLException {
        reads.transact(connection -> {
            oneState(connection);
            Position position = Tables.position(connection);
            mirror.load(Tables.entries(connection), position.revision());
            List<StoreChange> kept = new ArrayList<>();
            for (long after = position.compacted(); after < position.revision(); ) {
                Page page = Tables.changesAfter(connection, after, PAGE);
                kept.addAll(page.changes());
                after = page.upTo();
            }
            mirror.remember(kept, position.compacted());
            return position;
        });
        listener.setDaemon(true);
        listener.start();
    }

    /** Makes all questions of this transaction see the database as it is at the first of them. */
    private static void oneState(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
        }
    }

    /**
     * Returns when the mirror has everything that was committed before this was called. Threads that come while the database
     * is being asked share the next question.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if those before it take too long
     */
    void catchUp(Deadline deadline) throws SQLException {
        long mine = asked.incrementAndGet();
        if (!deadline.take(turn)) {
            throw Deadline.tooLate(config, null);
        }
        try {
            if (answered >= mine) {
                return;
            }
            long upTo = asked.get();
            fetch();
            answered = upTo;
        } finally {
            turn.unlock();
        }
    }

    private void fetch() throws SQLException {
        while (true) {
            long known = mirror.revision();
            Page page = reads.run(connection -> Tables.changesAfter(connection, known, PAGE));
            Position position = page.position();
            if (position.revision() < known) {
                log.atError()
                        .addKeyValue("known", known)
                        .addKeyValue("found", position.revision())
                        .log(
                                "the database of the cluster store has gone back in time: what this process knew is given up");
                reload();
                return;
            }
            if (position.compacted() > known) {
                log.atWarn()
                        .addKeyValue("known", known)
                        .addKeyValue("compacted", position.compacted())
                        .log("too far behind the database of the cluster store; reading everything again");
                reload();
                continue;
            }
            if (page.upTo() > known) {
                mirror.advance(page.upTo(), page.changes());
            }
            if (page.upTo() == position.revision()) {
                return;
            }
        }
    }

    private void reload() throws SQLException {
        reads.transact(connection -> {
            oneState(connection);
            Position position = Tables.position(connection);
            List<StoreEntry> entries = Tables.entries(connection);
            mirror.load(entries, position.revision());
            return position;
        });
    }

    private void listen() {
        boolean silent = false;
        while (!closed) {
            try {
                listens.run(this::listenOn);
                silent = false;
            } catch (SQLException | RuntimeException e) {
                if (!closed && !silent) {
                    log.atWarn()
                            .addKeyValue("database", config)
                            .addKeyValue("reason", e.getMessage())
                            .log("watches wait for the database of the cluster store");
                    silent = true;
                }
                pause();
            }
        }
    }

    private boolean listenOn(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("LISTEN " + config.channel());
        }
        PGConnection notifications = connection.unwrap(PGConnection.class);
        catchUp(new Deadline());
        while (!closed) {
            notifications.getNotifications(LISTEN_MILLIS);
            catchUp(new Deadline());
        }
        return true;
    }

    private void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    @Override
    public void close() {
        closed = true;
        listener.interrupt();
        listens.close();
        reads.close();
    }
}
