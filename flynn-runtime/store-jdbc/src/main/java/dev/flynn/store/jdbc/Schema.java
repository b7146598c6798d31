package dev.flynn.store.jdbc;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** The tables of a store: created at the first opening, checked at each. */
final class Schema {

    /** Goes up with each change of the tables that an older program would not understand. */
    private static final int FORMAT = 1;

    private static final String TABLES = """
            CREATE TABLE store (
                only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
                format integer NOT NULL,
                revision bigint NOT NULL,
                compacted bigint NOT NULL);
            CREATE TABLE entries (
                key text COLLATE "C" PRIMARY KEY,
                value text NOT NULL,
                create_revision bigint NOT NULL,
                mod_revision bigint NOT NULL);
            CREATE TABLE changes (
                revision bigint NOT NULL,
                position integer NOT NULL,
                key text NOT NULL,
                value text,
                create_revision bigint NOT NULL,
                PRIMARY KEY (revision, position));
            CREATE TABLE sequences (
                prefix text COLLATE "C" PRIMARY KEY,
                last bigint NOT NULL);
            CREATE TABLE answers (
                id uuid PRIMARY KEY,
                at timestamptz NOT NULL DEFAULT clock_timestamp(),
                committed boolean NOT NULL,
                revision bigint NOT NULL,
                appended_keys text[] NOT NULL,
                conflict_key text);
            CREATE INDEX answers_at ON answers (at);
            COMMENT ON TABLE store IS 'Flynn cluster store: do not write here by hand';
            INSERT INTO store (format, revision, compacted) VALUES (%d, 0, 0);
            """.formatted(FORMAT);

    private Schema() {}

    /** Runs in a transaction; several processes may begin at once. */
    static void prepare(Connection connection, PostgresConfig config) throws SQLException {
        try (PreparedStatement lock = connection.prepareStatement("SELECT pg_advisory_xact_lock(hashtext(?))")) {
            lock.setString(1, config.channel());
            lock.execute();
        }
        if (!exists(connection, config.schema() + ".store")) {
            try (Statement create = connection.createStatement()) {
                if (!schemaExists(connection, config.schema())) {
                    create.execute("CREATE SCHEMA " + config.schema());
                }
                create.execute("SET LOCAL search_path = " + config.schema() + "; " + TABLES);
            }
        }
        requireFormat(connection, config);
    }

    /** Whether what the server acknowledges is on its disk. */
    static boolean isDurable(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet setting = statement.executeQuery("SELECT current_setting('fsync') = 'on'")) {
            return setting.next() && setting.getBoolean(1);
        }
    }

    private static boolean exists(Connection connection, String table) throws SQLException {
        return isTrue(connection, "SELECT to_regclass(?) IS NOT NULL", table);
    }

    private static boolean schemaExists(Connection connection, String schema) throws SQLException {
        return isTrue(connection, "SELECT to_regnamespace(?) IS NOT NULL", schema);
    }

    private static boolean isTrue(Connection connection, String question, String parameter) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(question)) {
            statement.setString(1, parameter);
            try (ResultSet answer = statement.executeQuery()) {
                return answer.next() && answer.getBoolean(1);
            }
        }
    }

    private static void requireFormat(Connection connection, PostgresConfig config) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet format = statement.executeQuery("SELECT format FROM store")) {
            if (!format.next()) {
                throw new FlynnException(
                        ErrorCode.UNKNOWN,
                        "the table \"store\" of the cluster store (%s) has lost its row: restore a backup"
                                .formatted(config));
            }
            if (format.getInt(1) != FORMAT) {
                throw FlynnException.invalid(
                        "the cluster store (%s) has format %d, this program knows %d: start the version that wrote it"
                                .formatted(config, format.getInt(1), FORMAT));
            }
        }
    }
}
