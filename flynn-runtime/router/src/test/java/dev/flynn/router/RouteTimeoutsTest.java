package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.spi.router.HttpRoute;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How long the router waits for the backends of a route that has its own idea of that. */
class RouteTimeoutsTest {

    private static final Duration SHORT = Duration.ofMillis(100);
    private static final long IN_TIME_MILLIS = 2_500;

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final List<Unaccepting> full = new ArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (Unaccepting each : full) {
            each.close();
        }
    }

    private void route(RoutePolicy.Builder policy, BackendProtocol protocol, String... addrs) {
        fixture.route(HttpRoute.to("app", "app")
                        .policy(policy.build())
                        .protocol(protocol)
                        .build())
                .backends("app", addrs);
    }

    /** A backend takes its time. */
    private static void pause(long millis) throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    @ParameterizedTest
    @EnumSource
    void backendsThatDoNotAcceptAreGivenUpSoon(BackendProtocol protocol) throws IOException {
        for (int i = 0; i < 4; i++) {
            full.add(new Unaccepting());
        }
        route(
                RoutePolicy.builder().dialTimeout(SHORT),
                protocol,
                full.stream().map(Unaccepting::addr).toArray(String[]::new));
        long begin = System.nanoTime();

        assertThat(fixture.get("app", "/").status()).isEqualTo(503);
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isBetween(350L, IN_TIME_MILLIS);
    }

    @Test
    void aBackendThatDoesNotAnswerSoonIsNoService() throws Exception {
        CountDownLatch cutOff = new CountDownLatch(1);
        TestBackend silent = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            if (connection.in().read() < 0) {
                cutOff.countDown();
            }
        }));
        route(RoutePolicy.builder().responseTimeout(SHORT), BackendProtocol.HTTP_1, silent.addr());
        long begin = System.nanoTime();

        assertThat(fixture.get("app", "/").status()).isEqualTo(503);
        assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)).isBetween(90L, IN_TIME_MILLIS);
        assertThat(cutOff.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aRouteMayHaveMorePatienceThanTheRouter() throws Exception {
        TestBackend slow = fixture.open(TestBackend.answering((request, connection) -> {
            pause(500);
            connection.respond("slow");
        }));
        fixture.with(builder -> builder.responseTimeout(SHORT));
        route(RoutePolicy.builder().responseTimeout(Duration.ofSeconds(30)), BackendProtocol.HTTP_1, slow.addr());

        assertThat(fixture.get("app", "/").text()).isEqualTo("slow");
    }

    @Test
    void aResponseThatPausesForTooLongIsBrokenOff() throws IOException {
        TestBackend pausing = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
            assertThat(connection.in().read()).isNegative();
        }));
        route(RoutePolicy.builder().idleTimeout(SHORT), BackendProtocol.HTTP_1, pausing.addr());
        TestClient client = fixture.client().get("app", "/");

        assertThat(client.readHead().status()).isEqualTo(200);
        assertThatThrownBy(() -> HttpMessage.readExactly(client.in(), 100)).isInstanceOf(IOException.class);
    }

    @Test
    void aResponseThatMovesOnTakesItsTime() throws IOException {
        TestBackend slow = fixture.open(TestBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
            for (int i = 0; i < 8; i++) {
                pause(60);
                connection.send("x");
            }
        }));
        route(RoutePolicy.builder().idleTimeout(Duration.ofMillis(400)), BackendProtocol.HTTP_1, slow.addr());

        assertThat(fixture.get("app", "/").text()).isEqualTo("xxxxxxxx");
    }

    @Test
    void aSilentTunnelIsClosed() throws Exception {
        CountDownLatch ended = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 101 OK\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
            connection.in().transferTo(connection.out());
            ended.countDown();
        }));
        route(RoutePolicy.builder().idleTimeout(SHORT), BackendProtocol.HTTP_1, backend.addr());
        TestClient client = fixture.client().get("app", "/", "Connection: upgrade", "Upgrade: x");
        assertThat(client.readHead().status()).isEqualTo(101);
        client.send("echo");
        assertThat(HttpMessage.readExactly(client.in(), 4)).asString().isEqualTo("echo");

        assertThat(client.isClosedByPeer()).isTrue();
        assertThat(ended.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void manyRequestsOnOneConnectionEachHaveTheirTime() throws IOException {
        TestBackend backend = fixture.open(TestBackend.answering((request, connection) -> {
            pause(150);
            connection.respond("ok");
        }));
        route(RoutePolicy.builder().responseTimeout(Duration.ofSeconds(1)), BackendProtocol.HTTP_1, backend.addr());
        TestClient client = fixture.client();
        for (int i = 0; i < 10; i++) {
            assertThat(client.get("app", "/").readResponse().text()).isEqualTo("ok");
        }
    }
}
