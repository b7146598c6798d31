package dev.flynn.router.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.route.Route;
import dev.flynn.base.KeyPassword;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.state.ClusterState;
import dev.flynn.state.route.RouteCatalog;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Those who follow events and do not read cost no memory, and no thread. */
class SlowFollowerTest {

    private static final int MAX_WAITING_BYTES = 64 * 1024;

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final FlynnJson json = new FlynnJson();
    private final RouterEvents events = new RouterEvents(json);
    private final RouterApi api = new RouterApi(
            new InetSocketAddress("127.0.0.1", 0),
            new RouteCatalog(new ClusterState(store, json, Clock.systemUTC())),
            events,
            () -> "key",
            () -> Traffic.NONE,
            MAX_WAITING_BYTES);
    private final List<Socket> clients = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (Socket client : clients) {
            client.close();
        }
        api.close();
        store.close();
    }

    @Test
    void whoDoesNotReadIsCutOffAndTheOthersGoOn() throws IOException {
        Socket slow = follow();
        Socket reader = follow();
        await().until(() -> events.followers() == 2);
        InputStream in = reader.getInputStream();
        RouterEvent event =
                RouterEvent.set(Route.http("x".repeat(10_000), "web").build(), Optional.empty());
        byte[] buffer = new byte[64 * 1024];

        int published = 0;
        while (events.followers() == 2) {
            events.publish(List.of(event));
            published++;
            for (int read = 0; read < 10_000; ) {
                read += in.read(buffer);
            }
            assertThat(published).as("events that a slow client kept waiting").isLessThan(10_000);
        }

        assertThat(slow.isClosed()).isFalse();
        assertThat(events.followers()).isEqualTo(1);
        events.publish(List.of(event));
        assertThat(in.read(buffer)).isPositive();
    }

    @Test
    void manyFollowOnTheSameThreads() throws IOException {
        int before = routerThreads();
        for (int i = 0; i < 200; i++) {
            Socket unused = follow();
        }
        await().until(() -> events.followers() == 200);

        assertThat(routerThreads() - before).isLessThanOrEqualTo(5);
        clients.get(0).close();
        await().until(() -> events.followers() == 199);
    }

    private static int routerThreads() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("router-api"))
                .count();
    }

    private Socket follow() throws IOException {
        Socket client = new Socket();
        client.setReceiveBufferSize(16 * 1024);
        client.setSoTimeout(10_000);
        client.connect(api.address());
        clients.add(client);
        client.getOutputStream()
                .write(("GET /events HTTP/1.1\r\nHost: router\r\nAuthorization: " + KeyPassword.authorization("key")
                                + "\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
        return client;
    }
}
