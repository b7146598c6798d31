package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.router.message.Entrance;
import dev.flynn.router.policy.Gate;
import dev.flynn.router.policy.Nonces;
import dev.flynn.router.table.Meters;
import dev.flynn.router.table.RoutingTable;
import dev.flynn.router.tls.JdkTls;
import dev.flynn.router.tls.ServerCertificates;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Lines of the contract's checklist (layer 1, 1.11) that no other test holds. */
class ChecklistTest {

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture()
            .with(builder -> builder.dialTimeout(Duration.ofSeconds(30))
                    .httpsPort(0)
                    .defaultCertificate(TestCertificates.named("default")));

    @Test
    void anUpgradePassesOverTlsAndAfterARequest() throws Exception {
        fixture.route("app", fixture.open(TestBackend.running(connection -> {
            while (true) {
                HttpMessage request = connection.readHead();
                if (request.field("Upgrade").isEmpty()) {
                    connection.respond("hello");
                } else {
                    connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
                    connection.in().transferTo(connection.out());
                    return;
                }
            }
        })));
        for (TestClient client : List.of(
                fixture.client(),
                new TestClient(
                        TestCertificates.socket(fixture.router().httpsAddress().orElseThrow(), "app")))) {
            fixture.closing(client);
            assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");

            client.get("app", "/", "Connection: upgrade", "Upgrade: echo");

            assertThat(client.readHead().status()).isEqualTo(101);
            client.send("ping");
            assertThat(client.in().readNBytes(4)).asString().isEqualTo("ping");
        }
    }

    @Test
    void aClientThatLeavesWhileItsBackendIsDialledGivesThatUp() throws Exception {
        int port = RouterFixture.freePort();
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            fillBacklog(silent);
            String addr = "127.0.0.1:" + silent.getLocalPort();
            fixture.route(TcpRoute.to(port, "db")).backends("db", addr);
            List<String> drained = new CopyOnWriteArrayList<>();
            fixture.closing(fixture.router().watch(drained::add));
            TestClient client = fixture.client(port);
            await().during(Duration.ofMillis(100)).until(() -> true);
            fixture.backends("db");
            assertThat(drained).as("while it is dialled").isEmpty();

            client.close();

            await().untilAsserted(() -> assertThat(drained).containsExactly(addr));
        }
    }

    /** From then on the system answers no one who wants to connect. */
    private void fillBacklog(ServerSocket silent) throws IOException {
        for (int i = 0; i < 3; i++) {
            Socket waiting = fixture.closing(new Socket());
            try {
                waiting.connect(new InetSocketAddress("127.0.0.1", silent.getLocalPort()), 200);
            } catch (IOException full) {
                return;
            }
        }
    }

    @Test
    void aCertificateOfTwoRoutesIsLoadedOnce() {
        Certificate shared = TestCertificates.named("shared");
        List<Certificate> loaded = new ArrayList<>();
        RouteTable table = RouteTable.builder()
                .route(HttpRoute.to("one", "web").certificate(shared))
                .route(HttpRoute.to("two", "web").certificate(new Certificate(shared.chain(), shared.key())))
                .build();

        RoutingTable compiled = RoutingTable.compile(
                table,
                RoutingTable.EMPTY,
                new Meters(1),
                certificate -> {
                    loaded.add(certificate);
                    return ServerCertificates.load(certificate, new JdkTls());
                },
                policy -> new Gate(policy, new Nonces(new byte[32], System::currentTimeMillis)));

        assertThat(loaded).containsExactly(shared);
        var own = new Entrance(443, true);
        assertThat(compiled.tls(own, "one")).isPresent().isEqualTo(compiled.tls(own, "two"));
    }

    /** RFC 8996; the JDK's own client would not even ask. */
    @Test
    void earlierVersionsOfTlsAreRefused() throws IOException {
        fixture.route("app");
        TestClient client = fixture.closing(
                TestClient.connect(fixture.router().httpsAddress().orElseThrow()));

        client.out().write(helloOfTls11());

        byte[] alert = client.in().readNBytes(7);
        assertThat(alert[0]).as("an alert").isEqualTo((byte) 21);
        assertThat(alert[6]).as("protocol_version").isEqualTo((byte) 70);
    }

    private static byte[] helloOfTls11() {
        byte[] hello = new byte[5 + 4 + 2 + 32 + 1 + 2 + 4 + 2];
        int at = 0;
        for (int b : new int[] {22, 3, 1, 0, hello.length - 5, 1, 0, 0, hello.length - 9, 3, 2}) {
            hello[at++] = (byte) b;
        }
        at += 32;
        for (int b : new int[] {0, 0, 4, 0xc0, 0x13, 0, 0x2f, 1, 0}) {
            hello[at++] = (byte) b;
        }
        return hello;
    }
}
