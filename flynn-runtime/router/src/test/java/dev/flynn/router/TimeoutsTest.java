package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How long the router waits for whom. */
class TimeoutsTest {

    private static final Duration SHORT = Duration.ofMillis(100);

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    @Test
    void aHeadThatDoesNotArriveIsGivenUp() throws IOException {
        fixture.with(builder -> builder.headTimeout(SHORT));
        TestClient client = fixture.client().send("GET / HTTP/1.1\r\nHost: ");

        assertThat(client.readResponse().startLine()).isEqualTo("HTTP/1.1 408 Request Timeout");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void aConnectionWithoutAnyRequestIsClosed() throws IOException {
        fixture.with(builder -> builder.headTimeout(SHORT));

        assertThat(fixture.client().isClosedByPeer()).isTrue();
    }

    @Test
    void anIdleConnectionIsClosed() throws IOException {
        fixture.with(builder -> builder.clientIdle(SHORT)).route("app", fixture.open(TestBackend.saying("hello")));
        TestClient client = fixture.client().get("app", "/");

        assertThat(client.readResponse().text()).isEqualTo("hello");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void aBackendThatDoesNotAnswerIsNoService() throws Exception {
        CountDownLatch cutOff = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            if (connection.in().read() < 0) {
                cutOff.countDown();
            }
        }));
        fixture.with(builder -> builder.responseTimeout(SHORT)).route("app", backend);
        TestClient client = fixture.client().get("app", "/");

        assertThat(client.readResponse().status()).isEqualTo(503);
        assertThat(cutOff.await(10, TimeUnit.SECONDS)).isTrue();
        assertThat(client.get("nowhere", "/").readResponse().status()).isEqualTo(404);
    }

    @Test
    void aResponseThatHasBegunMayPause() throws Exception {
        CountDownLatch paused = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf");
            BodiesTest.awaitLatch(paused);
            connection.send("half");
        }));
        fixture.with(builder -> builder.responseTimeout(SHORT)
                        .headTimeout(SHORT)
                        .clientIdle(SHORT)
                        .linger(SHORT))
                .route("app", backend);
        TestClient client = fixture.client().get("app", "/");
        client.readHead();
        assertThat(HttpMessage.readExactly(client.in(), 4)).asString().isEqualTo("half");

        client.socket().setSoTimeout(500);
        assertThat(staysSilent(client.in())).isTrue();
        client.socket().setSoTimeout(10_000);
        paused.countDown();

        assertThat(HttpMessage.readExactly(client.in(), 4)).asString().isEqualTo("half");
    }

    private static boolean staysSilent(InputStream in) throws IOException {
        try {
            in.read();
            return false;
        } catch (SocketTimeoutException silence) {
            return true;
        }
    }

    @Test
    void aTunnelMayPauseForAsLongAsItLikes() throws Exception {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 101 OK\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n");
            connection.in().transferTo(connection.out());
        }));
        fixture.with(builder -> builder.responseTimeout(SHORT)
                        .headTimeout(SHORT)
                        .clientIdle(SHORT)
                        .backendIdle(SHORT))
                .route("app", backend);
        TestClient client = fixture.client().get("app", "/", "Connection: upgrade", "Upgrade: x");
        client.readHead();

        client.socket().setSoTimeout(500);
        assertThat(staysSilent(client.in())).isTrue();
        client.socket().setSoTimeout(10_000);
        client.send("awake");

        assertThat(HttpMessage.readExactly(client.in(), 5)).asString().isEqualTo("awake");
    }

    @Test
    void aConnectionToABackendIsNotKeptForLong() throws IOException {
        TestBackend backend = fixture.open(TestBackend.saying("hello"));
        fixture.with(builder -> builder.backendIdle(SHORT)).route("app", backend);

        fixture.get("app", "/");

        await().untilAsserted(() -> assertThat(backend.openConnections()).isZero());
    }

    @Test
    void theRestOfAnAnsweredRequestIsNotAwaitedForEver() throws IOException {
        fixture.with(builder -> builder.linger(SHORT)).router();
        TestClient client =
                fixture.client().send("POST / HTTP/1.1\r\nHost: nowhere\r\nContent-Length: 100\r\n\r\nhalf");

        assertThat(client.readResponse().status()).isEqualTo(404);
        await().until(() -> isCutOff(client));
    }

    /** Whether what is sent meets a closed connection. */
    private static boolean isCutOff(TestClient client) {
        try {
            client.send("x");
            return false;
        } catch (IOException cutOff) {
            return true;
        }
    }

    @Test
    void aClientThatReadsNothingIsCutOff() throws Exception {
        CountDownLatch cutOff = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
            try {
                while (true) {
                    connection.out().write(new byte[100_000]);
                }
            } catch (IOException closed) {
                cutOff.countDown();
            }
        }));
        fixture.with(builder -> builder.responseTimeout(Duration.ofMillis(300))).route("app", backend);

        fixture.client().get("app", "/");

        assertThat(cutOff.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aBackendThatDoesNotAcceptIsGivenUpForAnother() throws IOException {
        TestBackend live = fixture.open(TestBackend.saying("live"));
        fixture.with(builder -> builder.dialTimeout(SHORT)).route("app");

        for (int i = 0; i < 4; i++) {
            try (Unaccepting full = new Unaccepting()) {
                fixture.backends("app", full.addr(), live.addr());
                assertThat(fixture.get("app", "/").text()).isEqualTo("live");
                assertThat(fixture.get("app", "/").text()).isEqualTo("live");
            }
        }
    }
}
