package com.example.mariadb;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceProviderFactory;
import java.util.Map;
import java.util.TreeMap;

/** How {@code flynn-host} finds the provider in its folder {@code plugins}; settings are in {@code mariadb.properties}. */
public final class MariaDbProviderFactory implements ResourceProviderFactory {

    private static final int MAX_PORT = 65_535;

    @Override
    public String name() {
        return "mariadb";
    }

    @Override
    public ResourceProvider create(Map<String, String> settings, ComponentContext context) {
        Map<String, String> unread = new TreeMap<>(settings);
        var server = new MariaDbProvider.Server(
                required(unread, "host"),
                port(unread.getOrDefault("port", "3306")),
                required(unread, "user"),
                required(unread, "password"),
                unread.getOrDefault("ssl-mode", "verify-full"));
        String secret = required(unread, "secret");
        unread.remove("port");
        unread.remove("ssl-mode");
        unread.keySet().stream().findFirst().ifPresent(key -> {
            throw FlynnException.invalidField(
                    key, "is no setting of mariadb; there are host, port, user, password, ssl-mode, secret");
        });
        return new MariaDbProvider(server, secret);
    }

    private static String required(Map<String, String> settings, String key) {
        String value = settings.remove(key);
        if (value == null || value.isEmpty()) {
            throw FlynnException.invalidField(key, "must be set in mariadb.properties");
        }
        return value;
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port > 0 && port <= MAX_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw FlynnException.invalidField("port", "must be 1 to 65535, was \"" + text + "\"");
    }
}
