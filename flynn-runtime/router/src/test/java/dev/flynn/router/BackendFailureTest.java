package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client gets when backends refuse, break off, or have closed a kept connection. */
class BackendFailureTest {

    private static final String UPGRADE = "Connection: upgrade\r\nUpgrade: x\r\n";

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    @ParameterizedTest
    @ValueSource(strings = {"", UPGRADE})
    void onlyDeadInstancesAreNoService(String fields) throws IOException {
        fixture.route("app").backends("app", fixture.deadAddress(), fixture.deadAddress());
        TestClient client = fixture.client();

        client.send("GET / HTTP/1.1\r\nHost: app\r\n" + fields + "\r\n");

        assertThat(client.readResponse().startLine()).isEqualTo("HTTP/1.1 503 Service Unavailable");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", UPGRADE})
    void oneLiveInstanceAmongDeadOnesServesEveryRequest(String fields) throws IOException {
        TestBackend live = fixture.open(
                TestBackend.answering((request, connection) -> connection.respond("live" + request.text())));
        fixture.route("app")
                .backends("app", fixture.deadAddress(), live.addr(), fixture.deadAddress(), fixture.deadAddress());

        for (int i = 0; i < 20; i++) {
            TestClient client = fixture.client();
            client.send("GET / HTTP/1.1\r\nHost: app\r\n" + fields + "\r\n");
            assertThat(client.readResponse().text()).isEqualTo("live");

            TestClient posting = fixture.client();
            posting.send("POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 4\r\n" + fields + "\r\nbody");
            assertThat(posting.readResponse().text()).isEqualTo("livebody");
        }
    }

    @Test
    void anOrdinaryAnswerToAnUpgradeEndsTheConnectionAndToAnythingElseDoesNot() throws IOException {
        fixture.route("app", fixture.open(TestBackend.saying("no")));
        TestClient upgrading = fixture.client().send("GET / HTTP/1.1\r\nHost: app\r\n" + UPGRADE + "\r\n");
        HttpMessage refusal = upgrading.readResponse();
        assertThat(refusal.text()).isEqualTo("no");
        assertThat(refusal.field("Connection")).contains("close");
        assertThat(upgrading.isClosedByPeer()).isTrue();

        TestClient plain = fixture.client();
        assertThat(plain.get("app", "/").readResponse().field("Connection")).isEmpty();
        assertThat(plain.get("app", "/").readResponse().status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", UPGRADE})
    void aBackendThatHangsUpIsAskedOnceAndNoOtherIsTried(String fields) throws IOException {
        AtomicInteger hits = new AtomicInteger();
        TestBackend.Script hangUp = connection -> {
            connection.readHead();
            hits.incrementAndGet();
        };
        fixture.route("app", fixture.open(TestBackend.running(hangUp)), fixture.open(TestBackend.running(hangUp)));
        TestClient client = fixture.client();

        client.send("GET / HTTP/1.1\r\nHost: app\r\n" + fields + "\r\n");

        assertThat(client.readResponse().status()).isEqualTo(503);
        assertThat(hits).hasValue(1);
    }

    /** Nobody is to notice that a backend ends, also when its table changes while it has a request. */
    @Test
    void aRequestOfABackendThatLeavesAndHangsUpIsAnsweredByAnother() throws IOException {
        TestBackend other = fixture.open(TestBackend.saying("other"));
        TestBackend.Script leave = connection -> {
            connection.readHead();
            fixture.backends("app", other.addr());
        };
        fixture.route("app", fixture.open(TestBackend.running(leave)));

        assertThat(fixture.client().get("app", "/").readResponse().text()).isEqualTo("other");
    }

    @Test
    void aRequestThatChangesSomethingIsNotSentToAnother() throws IOException {
        TestBackend other = fixture.open(TestBackend.saying("other"));
        TestBackend.Script leave = connection -> {
            connection.readHead();
            fixture.backends("app", other.addr());
        };
        fixture.route("app", fixture.open(TestBackend.running(leave)));
        TestClient client = fixture.client();

        client.send("POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 0\r\n\r\n");

        assertThat(client.readResponse().status()).isEqualTo(503);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello\r\n\r\n",
                "HTTP/1.1 2x0 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: y\r\n folded\r\n\r\n",
                "HTTP/1.1 101 Switching Protocols\r\n\r\n",
                "HTTP/2 200\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX: y"
            })
    void aMalformedResponseIsNoService(String response) throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send(response);
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        assertThat(client.get("app", "/").readResponse().status()).isEqualTo(503);
        assertThat(client.get("nowhere", "/").readResponse().status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nx\r\n"
            })
    void aResponseThatBreaksOffDoesNotLookComplete(String response) throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send(response);
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client().get("app", "/");
        client.readHead();

        assertThat(endsWithoutLastChunk(client)).isTrue();
    }

    private static boolean endsWithoutLastChunk(TestClient client) {
        try {
            String rest = new String(client.in().readAllBytes(), java.nio.charset.StandardCharsets.ISO_8859_1);
            return !rest.endsWith("0\r\n\r\n") && rest.length() < 100;
        } catch (IOException reset) {
            return true;
        }
    }

    @Test
    void aKeptConnectionIsUsedAgain() throws IOException {
        TestBackend backend = fixture.open(TestBackend.saying("hello"));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        for (int i = 0; i < 5; i++) {
            assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");
            assertThat(client.post("app", "/", "x").readResponse().text()).isEqualTo("hello");
        }

        assertThat(backend.connections()).isEqualTo(1);
    }

    @Test
    void aConnectionThatTheBackendClosedWhileIdleDoesNoHarm() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead().withBody(connection.in());
            connection.respond("hello");
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");
        await().until(() -> backend.openConnections() == 0);

        assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");
    }

    @Test
    void aRequestThatMeetsTheEndOfAKeptConnectionIsRepeatedOnAFreshOne() throws IOException {
        AtomicInteger connections = new AtomicInteger();
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.respond("hello");
            if (connections.incrementAndGet() == 1) {
                connection.readHead(); // and closes: the request crossed the end of the connection
            } else {
                connection.readHead();
                connection.respond("hello");
            }
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();
        assertThat(client.get("app", "/1").readResponse().text()).isEqualTo("hello");

        assertThat(client.get("app", "/2").readResponse().text()).isEqualTo("hello");

        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2", "/2");
    }

    @Test
    void aRequestWithABodyIsNotRepeated() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.respond("hello");
            connection.readHead().withBody(connection.in());
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();
        assertThat(client.get("app", "/1").readResponse().text()).isEqualTo("hello");

        assertThat(client.post("app", "/2", "body").readResponse().status()).isEqualTo(503);

        assertThat(backend.requests()).extracting(HttpMessage::target).containsExactly("/1", "/2");
    }

    @Test
    void aClientThatLeavesCancelsItsRequest() throws IOException {
        CountDownLatch cancelled = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            if (connection.in().read() < 0) {
                cancelled.countDown();
            }
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client().get("app", "/");
        await().until(() -> backend.requests().size() == 1);

        client.close();

        BodiesTest.awaitLatch(cancelled);
    }

    @Test
    void aBackendThatSpeaksUnaskedIsNotKept() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.respond("hello");
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison");
            connection.in().read();
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        for (int i = 0; i < 3; i++) {
            assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");
            await().until(() -> backend.openConnections() == 0);
        }
    }

    @Test
    void loadGoesToTheBackendWithFewerRequestsInFlight() throws IOException {
        // with several, one may choose while another one has sent a response and not yet counted it
        fixture.with(builder -> builder.eventLoops(1));
        CountDownLatch finish = new CountDownLatch(1);
        TestBackend.Script slow = connection -> {
            connection.readHead();
            BodiesTest.awaitLatch(finish);
            connection.respond("slow");
        };
        TestBackend busy = fixture.open(TestBackend.running(slow));
        TestBackend free = fixture.open(TestBackend.saying("free"));
        fixture.route("app", busy, free);
        TestClient one = fixture.client().get("app", "/");
        TestClient other = fixture.client().get("app", "/");
        await().until(() ->
                busy.requests().size() == 1 && one.in().available() + other.in().available() > 0);

        for (int i = 0; i < 10; i++) {
            assertThat(fixture.get("app", "/").text()).isEqualTo("free");
        }

        finish.countDown();
        assertThat(List.of(one.readResponse().text(), other.readResponse().text()))
                .containsExactlyInAnyOrder("slow", "free");
    }
}
