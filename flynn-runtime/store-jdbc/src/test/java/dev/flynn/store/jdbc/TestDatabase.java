package dev.flynn.store.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.UUID;

/** A PostgreSQL server for the tests of this JVM; it ends with the JVM. */
final class TestDatabase {

    private static final EmbeddedPostgres SERVER = start();

    private TestDatabase() {}

    private static EmbeddedPostgres start() {
        try {
            // the kit's server runs without fsync unless it is told otherwise
            return EmbeddedPostgres.builder()
                    .setServerConfig("fsync", "on")
                    .setServerConfig("synchronous_commit", "on")
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static PostgresConfig config() {
        return new PostgresConfig(SERVER.getJdbcUrl("postgres", "postgres"), "postgres", "");
    }

    /** A store of its own for each directory, and the same one for the same. */
    static PostgresConfig config(Path directory) {
        String name = UUID.nameUUIDFromBytes(directory.toString().getBytes(StandardCharsets.UTF_8))
                .toString();
        return config().withSchema("s" + name.replace('-', '_'));
    }

    /** By which the factory finds the store of that directory, in another process too. */
    static void describe(PostgresConfig config, Path directory) {
        var settings = new Properties();
        settings.setProperty("url", config.url());
        settings.setProperty("user", config.user());
        settings.setProperty("schema", config.schema());
        try (Writer file = Files.newBufferedWriter(directory.resolve(PostgresClusterStoreFactory.FILE))) {
            settings.store(file, null);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs statements as the database's administrator would. */
    static void sql(String sql) {
        try (Connection connection = SERVER.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(sql, e);
        }
    }

    /** Cuts the connections of a store, those for one purpose. */
    static void cut(PostgresConfig config, String session) {
        sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'flynn %s %s'"
                .formatted(config.schema(), session));
    }
}
