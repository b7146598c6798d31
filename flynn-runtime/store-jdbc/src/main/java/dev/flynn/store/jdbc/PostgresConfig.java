package dev.flynn.store.jdbc;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.util.regex.Pattern;

/**
 * Which database holds the store.
 *
 * @param url {@code jdbc:postgresql://host:port/database}; several hosts may be named, the one that takes writes is used
 * @param user a role that may create the schema, or owns it
 * @param password empty where the server wants none
 * @param schema the schema of this one cluster: lower-case letters, digits and underscores, at most 48 characters
 * @param history how many transactions a watch can go back, at least; up to an eighth more are kept
 */
public record PostgresConfig(String url, String user, String password, String schema, int history) {

    public static final String DEFAULT_SCHEMA = "flynn";
    public static final int DEFAULT_HISTORY = 10_000;

    private static final String URL_START = "jdbc:postgresql:";
    private static final Pattern SCHEMA = Pattern.compile("[a-z_][a-z0-9_]{0,47}");

    public PostgresConfig {
        requireNonNull(user, "user");
        requireNonNull(password, "password");
        if (!url.startsWith(URL_START)) {
            throw FlynnException.invalidField("url", "must begin with " + URL_START);
        }
        if (!SCHEMA.matcher(schema).matches()) {
            throw FlynnException.invalidField(
                    "schema",
                    "must be 1 to 48 lower-case letters, digits and underscores, was \"%s\"".formatted(schema));
        }
        if (history < 1) {
            throw FlynnException.invalidField("history", "must be at least 1, was " + history);
        }
    }

    public PostgresConfig(String url, String user, String password) {
        this(url, user, password, DEFAULT_SCHEMA, DEFAULT_HISTORY);
    }

    public PostgresConfig withSchema(String other) {
        return new PostgresConfig(url, user, password, other, history);
    }

    public PostgresConfig withHistory(int other) {
        return new PostgresConfig(url, user, password, schema, other);
    }

    /** From so many kept changes on, the oldest are deleted. */
    int mostChanges() {
        return history + history / 8;
    }

    /** What tells the other processes that something was committed. */
    String channel() {
        return "flynn_" + schema;
    }

    /** Without the password, and without the parameters of the URL, which may hold one. */
    @Override
    public String toString() {
        int parameters = url.indexOf('?');
        return (parameters < 0 ? url : url.substring(0, parameters)) + ", schema " + schema;
    }
}
