package dev.flynn.store.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/**
 * A connection that is made when it is needed, and made again after anything failed on it. One thread uses it at a time;
 * any thread may close it.
 */
final class Session implements AutoCloseable {

    private final PostgresConfig config;
    private final String name;
    private @Nullable Connection connection;
    private boolean closed;

    /** @param name what the database's administrators see */
    Session(PostgresConfig config, String name) {
        this.config = config;
        this.name = name;
    }

    interface Work<T> {
        T on(Connection connection) throws SQLException;
    }

    /** Each statement for itself. */
    <T> T run(Work<T> work) throws SQLException {
        return with(true, work);
    }

    /** All statements together or none. */
    <T> T transact(Work<T> work) throws SQLException {
        return with(false, open -> {
            T result = work.on(open);
            open.commit();
            return result;
        });
    }

    private <T> T with(boolean autoCommit, Work<T> work) throws SQLException {
        Connection open = open();
        try {
            open.setAutoCommit(autoCommit);
            return work.on(open);
        } catch (SQLException | RuntimeException | Error e) {
            // what it is in the middle of is over; the server rolls it back
            discard(open);
            throw e;
        }
    }

    private Connection open() throws SQLException {
        synchronized (this) {
            if (connection != null) {
                return connection;
            }
        }
        Connection fresh = connect();
        synchronized (this) {
            if (closed) {
                fresh.close();
                throw new SQLException("the cluster store was closed");
            }
            connection = fresh;
            return fresh;
        }
    }

    private Connection connect() throws SQLException {
        var properties = new Properties();
        properties.setProperty("user", config.user());
        properties.setProperty("password", config.password());
        properties.setProperty("currentSchema", config.schema());
        properties.setProperty("ApplicationName", "flynn " + config.schema() + " " + name);
        properties.setProperty("targetServerType", "primary");
        // each shorter than an attempt may take
        properties.setProperty("connectTimeout", "2");
        properties.setProperty("loginTimeout", "3");
        properties.setProperty("socketTimeout", "4");
        properties.setProperty("cancelSignalTimeout", "1");
        properties.setProperty("tcpKeepAlive", "true");
        Connection fresh = new Driver().connect(config.url(), properties);
        if (fresh == null) {
            throw new SQLException("not a URL of PostgreSQL: " + config);
        }
        try (Statement settings = fresh.createStatement()) {
            // a process that died with the lock, or lost its network, must not keep it; and acknowledged means on disk
            settings.execute("SET lock_timeout = '3s'; SET idle_in_transaction_session_timeout = '10s';"
                    + " SELECT set_config('synchronous_commit', 'on', false)"
                    + " WHERE current_setting('synchronous_commit') = 'off'");
            return fresh;
        } catch (SQLException e) {
            fresh.close();
            throw e;
        }
    }

    private void discard(Connection broken) {
        synchronized (this) {
            if (connection == broken) {
                connection = null;
            }
        }
        closeQuietly(broken);
    }

    @Override
    public void close() {
        Connection open;
        synchronized (this) {
            closed = true;
            open = connection;
            connection = null;
        }
        if (open != null) {
            closeQuietly(open);
        }
    }

    private static void closeQuietly(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            // it was of no use any more
        }
    }
}
