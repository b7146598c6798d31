package com.example.mariadb;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceRequest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.mariadb.jdbc.Driver;

/**
 * Gives each app a schema and a user of its own on a MariaDB server.
 *
 * <p>Names and passwords follow from the request's id and the secret, so there is no table of what was given: whoever has the
 * secret gives the same answer to the same request.
 */
public final class MariaDbProvider implements ResourceProvider {

    private static final Pattern ID = Pattern.compile("/databases/(app[0-9a-f]{32}):\\1");
    private static final List<String> CHARSETS = List.of("utf8mb4", "latin1", "ascii");
    private static final int LOCK_SECONDS = 30;

    private final Server server;
    private final byte[] secret;

    /**
     * Where the server is, and a user who may create databases and users.
     *
     * @param host by which apps reach it, too
     * @param sslMode of Connector/J: {@code verify-full}, {@code trust}, {@code disable}
     */
    public record Server(String host, int port, String user, String password, String sslMode) {

        @Override
        public String toString() {
            return "Server[" + host + ":" + port + "]";
        }
    }

    /** @param secret what passwords are made from; another one gives other resources to the same requests */
    public MariaDbProvider(Server server, String secret) {
        this.server = server;
        this.secret = secret.getBytes(StandardCharsets.UTF_8);
    }

    private interface Work {
        void run(Statement sql) throws SQLException;
    }

    @Override
    public Provisioned provision(ResourceRequest request) {
        request.requireOnly("charset");
        String charset = request.text("charset").orElse(CHARSETS.get(0));
        if (!CHARSETS.contains(charset)) {
            throw FlynnException.invalidField("charset", "must be one of " + String.join(", ", CHARSETS));
        }
        String name = "app" + derived("name", request.id()).substring(0, 32);
        String password = derived("password", request.id());
        onServer("creating a database", sql -> locked(sql, name, () -> create(sql, name, password, charset)));
        return new Provisioned("/databases/" + name + ":" + name, env(name, password));
    }

    private Map<String, String> env(String name, String password) {
        return Map.of(
                "MYSQL_HOST", server.host(),
                "MYSQL_PORT", Integer.toString(server.port()),
                "MYSQL_USER", name,
                "MYSQL_PWD", password,
                "MYSQL_DATABASE", name,
                "DATABASE_URL",
                        "mysql://%s:%s@%s:%d/%s".formatted(name, password, server.host(), server.port(), name));
    }

    /** Takes back what it did when a step fails, and only that: an earlier request may have made the rest. */
    private static void create(Statement sql, String name, String password, String charset) throws SQLException {
        Deque<String> undo = new ArrayDeque<>();
        try {
            if (isNone(sql, "SELECT 1 FROM information_schema.schemata WHERE schema_name = '" + name + "'")) {
                sql.execute("CREATE DATABASE " + name + " CHARACTER SET " + charset);
                undo.push("DROP DATABASE " + name);
            }
            if (isNone(sql, "SELECT 1 FROM mysql.user WHERE user = '" + name + "'")) {
                sql.execute("CREATE USER '" + name + "'@'%' IDENTIFIED BY '" + password + "'");
                undo.push("DROP USER '" + name + "'@'%'");
            }
            sql.execute("GRANT ALL ON " + name + ".* TO '" + name + "'@'%'");
        } catch (SQLException e) {
            for (String step : undo) {
                try {
                    sql.execute(step);
                } catch (SQLException another) {
                    e.addSuppressed(another);
                }
            }
            throw e;
        }
    }

    private static boolean isNone(Statement sql, String query) throws SQLException {
        try (ResultSet rows = sql.executeQuery(query)) {
            return !rows.next();
        }
    }

    @Override
    public void deprovision(String externalId) {
        Matcher id = ID.matcher(externalId);
        if (!id.matches()) {
            throw FlynnException.invalidField("id", "is invalid");
        }
        String name = id.group(1);
        onServer("deleting a database", sql -> locked(sql, name, () -> {
            sql.execute("DROP USER IF EXISTS '" + name + "'@'%'");
            sql.execute("KILL USER '" + name + "'");
            sql.execute("DROP DATABASE IF EXISTS " + name);
        }));
    }

    @Override
    public void ping() {
        onServer("looking after the server", sql -> sql.execute("SELECT 1"));
    }

    private interface Step {
        void run() throws SQLException;
    }

    /** One after the other for each name, whichever process asks; the server frees the lock with the connection. */
    private static void locked(Statement sql, String name, Step step) throws SQLException {
        if (isNone(sql, "SELECT 1 FROM (SELECT GET_LOCK('" + name + "', " + LOCK_SECONDS + ") AS got) l WHERE got = 1")) {
            throw new SQLException("the lock is taken");
        }
        step.run();
    }

    private void onServer(String what, Work work) {
        var properties = new Properties();
        properties.setProperty("user", server.user());
        properties.setProperty("password", server.password());
        properties.setProperty("sslMode", server.sslMode());
        properties.setProperty("connectTimeout", "5000");
        properties.setProperty("socketTimeout", "45000");
        String url = "jdbc:mariadb://%s:%d/".formatted(server.host(), server.port());
        try (Connection connection = new Driver().connect(url, properties);
                Statement sql = connection.createStatement()) {
            work.run(sql);
        } catch (SQLException e) {
            // without the cause: the server's messages may quote a statement, and with it a password
            throw FlynnException.unavailable(
                    "%s failed at %s: error %d, SQL state %s"
                            .formatted(what, server, e.getErrorCode(), e.getSQLState()),
                    null);
        }
    }

    private String derived(String purpose, String id) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal((purpose + " " + id).getBytes(StandardCharsets.UTF_8)));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC-SHA256", e);
        }
    }
}
