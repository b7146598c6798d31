package com.example.mariadb;

import dev.flynn.resource.http.ResourceProviderServer;
import java.net.InetSocketAddress;

/** The provider as an app: its address is the platform's to say, the server's is in the app's env. */
public final class Main {

    private Main() {}

    public static void main(String[] args) throws Exception {
        var server = new MariaDbProvider.Server(
                env("MARIADB_HOST"),
                Integer.parseInt(env("MARIADB_PORT")),
                env("MARIADB_USER"),
                env("MARIADB_PASSWORD"),
                env("MARIADB_SSL_MODE"));
        var address = new InetSocketAddress(env("LISTEN_IP"), Integer.parseInt(env("PORT")));
        try (var provider = new MariaDbProvider(server, env("PROVIDER_SECRET"));
                var http = ResourceProviderServer.start(provider, address, "/databases")) {
            System.out.println("listening on port " + http.port());
            Thread.currentThread().join();
        }
    }

    private static String env(String name) {
        String value = System.getenv(name);
        if (value == null || value.isEmpty()) {
            throw new IllegalArgumentException(name + " must be set");
        }
        return value;
    }
}
