package dev.flynn.store.jdbc;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.ClusterStoreFactory;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * Creates the store named {@code postgres}. Its settings may also stand in the file {@code postgres.properties} of its data
 * directory, where a password is safer than on a command line; what is given to the factory counts more.
 */
public final class PostgresClusterStoreFactory implements ClusterStoreFactory {

    static final String FILE = "postgres.properties";

    private static final String URL = "url";
    private static final String USER = "user";
    private static final String PASSWORD = "password";
    private static final String SCHEMA = "schema";
    private static final String HISTORY = "history";
    private static final Set<String> KNOWN = Set.of(URL, USER, PASSWORD, SCHEMA, HISTORY);

    @Override
    public String name() {
        return "postgres";
    }

    @Override
    public ClusterStore create(Map<String, String> settings, ComponentContext context) {
        return PostgresClusterStore.open(config(settings, context.dataDirectory()));
    }

    static PostgresConfig config(Map<String, String> settings, Path dataDirectory) {
        Map<String, String> all = read(dataDirectory.resolve(FILE));
        all.putAll(settings);
        for (String key : all.keySet()) {
            if (!KNOWN.contains(key)) {
                throw FlynnException.invalid("the cluster store \"postgres\" has no setting \"%s\"; it has %s"
                        .formatted(key, String.join(", ", new TreeSet<>(KNOWN))));
            }
        }
        String url = all.get(URL);
        if (url == null) {
            throw FlynnException.invalidField(
                    URL,
                    "is missing: set it to jdbc:postgresql://host:port/database, or in the file "
                            + dataDirectory.resolve(FILE));
        }
        return new PostgresConfig(
                url,
                all.getOrDefault(USER, "flynn"),
                all.getOrDefault(PASSWORD, ""),
                all.getOrDefault(SCHEMA, PostgresConfig.DEFAULT_SCHEMA),
                history(all.getOrDefault(HISTORY, Integer.toString(PostgresConfig.DEFAULT_HISTORY))));
    }

    private static int history(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw FlynnException.invalidField(HISTORY, "must be a whole number, was \"%s\"".formatted(text));
        }
    }

    private static Map<String, String> read(Path file) {
        Map<String, String> settings = new HashMap<>();
        if (Files.exists(file)) {
            var properties = new Properties();
            try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
                properties.load(reader);
            } catch (IOException e) {
                throw FlynnException.internal("cannot read " + file, e);
            }
            properties.stringPropertyNames().forEach(key -> settings.put(key, properties.getProperty(key)));
        }
        return settings;
    }
}
