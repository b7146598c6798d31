package dev.flynn.router;

import static dev.flynn.router.Http2TestClient.DATA;
import static dev.flynn.router.Http2TestClient.GOAWAY;
import static dev.flynn.router.Http2TestClient.HEADERS;
import static dev.flynn.router.Http2TestClient.INITIAL_WINDOW_SIZE;
import static dev.flynn.router.Http2TestClient.RST_STREAM;
import static dev.flynn.router.Http2TestClient.SETTINGS;
import static dev.flynn.router.Http2TestClient.WINDOW_UPDATE;
import static dev.flynn.router.Http2TestClient.head;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouterCapability;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that speak HTTP/2, in front of backends that speak HTTP/1.1. */
class Http2Test {

    private static final int NO_ERROR = 0;
    private static final int PROTOCOL_ERROR = 1;
    private static final int INTERNAL_ERROR = 2;
    private static final int CANCEL = 8;

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    @Test
    void aRequestIsRoutedByItsAuthority() throws IOException {
        serve("one", TestBackend.saying("first"));
        serve("two", TestBackend.saying("second"));
        Http2TestClient client = client();

        assertThat(client.readResponse(client.get("one", "/")).body()).isEqualTo("first");
        assertThat(client.readResponse(client.get("Two:8080", "/")).body()).isEqualTo("second");
        assertThat(client.readResponse(client.get("three", "/")).status()).isEqualTo(404);
        assertThat(fixture.router().capabilities()).contains(RouterCapability.HTTP_2);
    }

    @Test
    void theBackendSeesARequestOfHttp11() throws IOException {
        TestBackend backend = serve("app", TestBackend.saying("hello"));
        Http2TestClient client = client();

        client.readResponse(client.get(
                "App:8080",
                "/a%2Fb?c",
                "x-custom: value",
                "cookie: a=1",
                "cookie: b=2",
                "te: trailers",
                "x_under: score"));

        HttpMessage seen = backend.lastRequest();
        assertThat(seen.startLine()).isEqualTo("GET /a%2Fb?c HTTP/1.1");
        assertThat(seen.all("Host")).containsExactly("App:8080");
        assertThat(seen.all("X-Custom")).containsExactly("value");
        assertThat(seen.all("Cookie")).containsExactly("a=1; b=2");
        assertThat(seen.all("TE")).isEmpty();
        assertThat(seen.all("x_under")).containsExactly("score");
        assertThat(seen.all("X-Forwarded-For")).containsExactly("127.0.0.1");
        assertThat(seen.all("X-Forwarded-Proto")).containsExactly("http");
        assertThat(seen.all("X-Request-Start")).hasSize(1);
        assertThat(seen.all("Transfer-Encoding")).isEmpty();
    }

    @Test
    void theClientSeesAResponseOfHttp2() throws IOException {
        serve(
                "app",
                TestBackend.answering((request, connection) -> connection.respond(
                        "hello", "X-Custom: Value", "Keep-Alive: timeout=5", "Connection: X-Hop", "X-Hop: 1")));
        Http2TestClient client = client();

        Http2TestClient.Response response = client.readResponse(client.get("app", "/"));

        assertThat(response.head().fields())
                .containsExactlyInAnyOrder(":status: 200", "x-custom: Value", "content-length: 5");
        assertThat(response.body()).isEqualTo("hello");
    }

    @Test
    void manyRequestsAreInFlightAtOnce() throws Exception {
        CountDownLatch all = new CountDownLatch(100);
        serve("app", TestBackend.answering((request, connection) -> {
            all.countDown();
            BodiesTest.awaitLatch(all);
            connection.respond(request.target());
        }));
        Http2TestClient client = client();
        List<Integer> streams = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            streams.add(client.get("app", "/" + i));
        }

        int answered = 0;
        while (answered < 100) {
            Http2TestClient.Frame frame = client.readUntil(DATA);
            assertThat(frame.text()).isEqualTo("/" + streams.indexOf(frame.stream()));
            answered++;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aBodyArrivesWithOrWithoutALength(boolean withLength) throws IOException {
        TestBackend backend = serve(
                "app", TestBackend.answering((request, connection) -> connection.respond("got " + request.text())));
        Http2TestClient client = client();

        String[] length = withLength ? new String[] {"content-length: 10"} : new String[0];
        int stream = client.post("app", "/", length);
        client.data(stream, "12345", false).data(stream, "67890", true);

        assertThat(client.readResponse(stream).body()).isEqualTo("got 1234567890");
        assertThat(backend.lastRequest().field("Transfer-Encoding").isPresent()).isNotEqualTo(withLength);
    }

    @Test
    void aBodyThatIsNotAsLongAsItsLengthSaysIsMalformed() throws IOException {
        serve("app", TestBackend.saying("never"));
        Http2TestClient client = client();

        int stream = client.post("app", "/", "content-length: 10");
        client.data(stream, "12345", true);

        assertThat(client.readUntil(frame -> frame.stream() == stream && frame.type() == RST_STREAM)
                        .errorCode())
                .isEqualTo(PROTOCOL_ERROR);
    }

    @Test
    void aLargeBodyPassesBothWaysUnchanged() throws Exception {
        byte[] body = new byte[3_000_000];
        new SecureRandom().nextBytes(body);
        serve("127.0.0.1", TestBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + request.body().length + "\r\n\r\n");
            connection.out().write(request.body());
            connection.out().flush();
        }));
        fixture.with(builder -> builder.httpsPort(0).defaultCertificate(TestCertificates.named("app")));
        HttpClient client = HttpClient.newBuilder()
                .sslContext(TestCertificates.trustingEveryone())
                .build();

        HttpResponse<byte[]> response = client.send(
                HttpRequest.newBuilder(URI.create("https://127.0.0.1:"
                                + fixture.router().httpsAddress().orElseThrow().getPort()))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());

        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(Arrays.equals(response.body(), body)).isTrue();
    }

    @Test
    void aClientThatOffersNothingButHttp11GetsThat() throws Exception {
        serve("app", TestBackend.saying("hello"));
        fixture.with(builder -> builder.httpsPort(0).defaultCertificate(TestCertificates.named("app")));
        try (SSLSocket socket =
                TestCertificates.socket(fixture.router().httpsAddress().orElseThrow(), "app")) {
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"http/1.1"});
            socket.setSSLParameters(parameters);

            assertThat(new TestClient(socket).get("app", "/").readResponse().text())
                    .isEqualTo("hello");
            assertThat(socket.getApplicationProtocol()).isEqualTo("http/1.1");
        }
    }

    @Test
    void aPrefaceMayArriveByteByByte() throws IOException {
        serve("app", TestBackend.saying("hello"));
        TestClient client = fixture.client();
        for (char c : "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".toCharArray()) {
            client.send(String.valueOf(c));
        }
        client.out().write(new byte[] {0, 0, 0, SETTINGS, 0, 0, 0, 0, 0});
        client.out().flush();

        byte[] settings = client.in().readNBytes(4);
        assertThat(settings[3]).isEqualTo((byte) SETTINGS);
    }

    @Test
    void whatOnlyBeginsLikeHttp2IsARequest() throws IOException {
        serve("app", TestBackend.saying("hello"));

        assertThat(fixture.client()
                        .send("PRINT / HTTP/1.1\r\nHost: app\r\n\r\n")
                        .readResponse()
                        .text())
                .isEqualTo("hello");
    }

    @Test
    void answersBeforeTheAnswerPass() throws IOException {
        serve("app", TestBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
            connection.respond("hello");
        }));
        Http2TestClient client = client();
        client.get("app", "/");

        Http2TestClient.Frame hints = client.readUntil(HEADERS);
        Http2TestClient.Frame response = client.readUntil(HEADERS);

        assertThat(hints.fields()).containsExactly(":status: 103", "link: </style.css>");
        assertThat(response.field(":status")).contains("200");
    }

    @Test
    void aClientThatWaitsForTheWordIsToldToContinue() throws IOException {
        serve("app", TestBackend.running(connection -> {
            HttpMessage head = connection.readHead();
            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
            connection.respond("got " + head.withBody(connection.in()).text());
        }));
        Http2TestClient client = client();
        int stream = client.post("app", "/", "expect: 100-continue", "content-length: 4");

        assertThat(client.readUntil(HEADERS).field(":status")).contains("100");
        client.data(stream, "body", true);
        assertThat(client.readResponse(stream).body()).isEqualTo("got body");
    }

    @ParameterizedTest
    @ValueSource(strings = {"204 No Content", "304 Not Modified"})
    void someAnswersHaveNoBody(String status) throws IOException {
        serve(
                "app",
                TestBackend.answering(
                        (request, connection) -> connection.send("HTTP/1.1 " + status + "\r\nX: y\r\n\r\n")));
        Http2TestClient client = client();
        client.get("app", "/");

        Http2TestClient.Frame head = client.readUntil(HEADERS);
        assertThat(head.has(Http2TestClient.END_STREAM)).isTrue();
        assertThat(head.field(":status")).contains(status.substring(0, 3));
    }

    @Test
    void theAnswerToHeadTellsALengthAndHasNoBody() throws IOException {
        serve(
                "app",
                TestBackend.answering(
                        (request, connection) -> connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")));
        Http2TestClient client = client();
        client.request(true, head("HEAD", "app", "/"));

        Http2TestClient.Frame head = client.readUntil(HEADERS);
        assertThat(head.has(Http2TestClient.END_STREAM)).isTrue();
        assertThat(head.field("content-length")).contains("5");
    }

    @ParameterizedTest
    @ValueSource(strings = {"chunked", "close"})
    void aBodyWithoutALengthEndsWithItsStream(String framing) throws IOException {
        serve("app", TestBackend.running(connection -> {
            connection.readHead();
            connection.send(
                    framing.equals("chunked")
                            ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                            : "HTTP/1.1 200 OK\r\n\r\nhello");
        }));
        Http2TestClient client = client();

        Http2TestClient.Response response = client.readResponse(client.get("app", "/"));

        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.head().fields()).containsExactly(":status: 200");
    }

    @Test
    void aResponseThatIsCutOffResetsItsStreamAlone() throws IOException {
        serve("app", TestBackend.running(connection -> {
            HttpMessage request = connection.readHead();
            if (request.target().equals("/cut")) {
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
            } else {
                connection.respond("whole");
            }
        }));
        Http2TestClient client = client();
        int cut = client.get("app", "/cut");

        assertThat(client.readUntil(RST_STREAM).errorCode()).isEqualTo(INTERNAL_ERROR);
        assertThat(client.readResponse(client.get("app", "/")).body()).isEqualTo("whole");
        assertThat(cut).isEqualTo(1);
    }

    @Test
    void aCancelledRequestCutsItsBackendOff() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        TestBackend backend = serve("app", TestBackend.running(connection -> {
            connection.readHead();
            asked.countDown();
            assertThat(connection.in().read()).isNegative();
        }));
        Http2TestClient client = client();
        int stream = client.get("app", "/");
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();

        client.sendNumber(RST_STREAM, stream, CANCEL);

        await().until(() -> backend.openConnections() == 0);
    }

    @Test
    void anEarlyAnswerTellsTheClientToSendNoMore() throws IOException {
        serve("app", TestBackend.saying("unused"));
        Http2TestClient client = client();
        int stream = client.post("nobody", "/");

        assertThat(client.readUntil(HEADERS).field(":status")).contains("404");
        assertThat(client.readUntil(RST_STREAM).errorCode()).isEqualTo(NO_ERROR);
        assertThat(stream).isEqualTo(1);
    }

    @Test
    void aClientWhoseWindowIsFullHoldsItsBackendUpAndNotTheMemory() throws Exception {
        AtomicLong sent = new AtomicLong();
        serve("app", TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
            byte[] piece = new byte[10_000];
            for (int i = 0; i < 10_000; i++) {
                connection.out().write(piece);
                sent.addAndGet(piece.length);
            }
        }));
        serve("other", TestBackend.saying("hello"));
        Http2TestClient client = client(INITIAL_WINDOW_SIZE, 1000);
        int stream = client.get("app", "/");
        assertThat(client.readUntil(DATA).payload()).hasSize(1000);

        BodiesTest.awaitStandstill(sent);

        assertThat(sent.get()).isLessThan(16_000_000); // what sockets hold
        assertThat(client.readResponse(client.get("other", "/")).body()).isEqualTo("hello");
        client.sendNumber(WINDOW_UPDATE, stream, 500);
        assertThat(client.readUntil(DATA).payload()).hasSize(500);
    }

    @Test
    void aBackendThatDoesNotReadHoldsItsClientUpAndNotTheMemory() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        serve("app", TestBackend.running(connection -> {
            connection.readHead();
            BodiesTest.awaitLatch(over);
        }));
        serve("other", TestBackend.answering((request, connection) -> connection.respond("got " + request.text())));
        Http2TestClient client = client();
        int stuck = client.post("app", "/");
        int window = 65_535;
        AtomicLong sent = new AtomicLong();
        byte[] piece = new byte[16_000];
        client.socket().setSoTimeout(300);
        try {
            // the client obeys the windows: all that the router grants is sent
            int connectionWindow = window;
            int streamWindow = window;
            while (sent.get() < 50_000_000) {
                while (Math.min(connectionWindow, streamWindow) >= piece.length) {
                    client.send(DATA, 0, stuck, piece);
                    sent.addAndGet(piece.length);
                    connectionWindow -= piece.length;
                    streamWindow -= piece.length;
                }
                Http2TestClient.Frame frame = client.read();
                if (frame.type() == WINDOW_UPDATE && frame.stream() == 0) {
                    connectionWindow += frame.number();
                } else if (frame.type() == WINDOW_UPDATE) {
                    streamWindow += frame.number();
                } else if (frame.type() == SETTINGS) {
                    streamWindow += 256 * 1024 - window;
                }
            }
        } catch (SocketTimeoutException standstill) {
            client.socket().setSoTimeout(10_000);
        }

        assertThat(sent.get()).isLessThan(16_000_000); // what sockets hold
        int stream = client.post("other", "/");
        client.data(stream, "me", true);
        assertThat(client.readResponse(stream).body()).isEqualTo("got me");
        over.countDown();
    }

    @Test
    void closingLetsRequestsFinishAndTakesThoseThatWereOnTheirWay() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        serve("app", TestBackend.answering((request, connection) -> {
            asked.countDown();
            BodiesTest.awaitLatch(go);
            connection.respond(request.target());
        }));
        Http2TestClient client = client();
        int first = client.get("app", "/1");
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();

        CompletableFuture<Void> closing = CompletableFuture.runAsync(fixture.router()::close);
        Http2TestClient.Frame warning = client.readUntil(GOAWAY);
        int second = client.get("app", "/2");
        go.countDown();

        assertThat(warning.number()).isEqualTo(Integer.MAX_VALUE);
        List<String> bodies = new ArrayList<>();
        bodies.add(client.readUntil(DATA).text());
        bodies.add(client.readUntil(DATA).text());
        assertThat(bodies).containsExactlyInAnyOrder("/1", "/2");
        assertThat(client.readToEnd()).isIn(NO_ERROR, -1);
        closing.get(10, TimeUnit.SECONDS);
        assertThat(List.of(first, second)).containsExactly(1, 3);
    }

    @Test
    void closingEndsAConnectionWithoutRequests() throws Exception {
        serve("app", TestBackend.saying("hello"));
        Http2TestClient client = client();
        client.readResponse(client.get("app", "/"));

        CompletableFuture<Void> closing = CompletableFuture.runAsync(fixture.router()::close);

        assertThat(client.readToEnd()).isEqualTo(NO_ERROR);
        closing.get(10, TimeUnit.SECONDS);
    }

    @Test
    void whoStillSpeaksWhenTheRouterHasSaidAllLosesNothingOfIt() throws Exception {
        serve("app", TestBackend.saying("hello"));
        Http2TestClient client = client();
        client.readResponse(client.get("app", "/"));

        CompletableFuture<Void> closing = CompletableFuture.runAsync(fixture.router()::close);
        client.readUntil(frame -> frame.type() == GOAWAY && frame.number() < Integer.MAX_VALUE);
        for (int i = 0; i < 20; i++) {
            client.sendNumber(WINDOW_UPDATE, 0, 1); // a connection that is closed would refuse the second one
            TimeUnit.MILLISECONDS.sleep(10);
        }

        assertThat(client.readToEnd()).isEqualTo(-1);
        client.close();
        closing.get(10, TimeUnit.SECONDS);
    }

    @Test
    void anIdleConnectionIsClosed() throws IOException {
        fixture.with(builder -> builder.clientIdle(Duration.ofMillis(200)));
        serve("app", TestBackend.saying("hello"));
        Http2TestClient client = client();
        client.readResponse(client.get("app", "/"));

        assertThat(client.readToEnd()).isEqualTo(NO_ERROR);
    }

    @Test
    void aBackendThatDoesNotAnswerIsNoService() throws IOException {
        fixture.with(builder -> builder.responseTimeout(Duration.ofMillis(200)));
        CountDownLatch over = new CountDownLatch(1);
        serve("app", TestBackend.running(connection -> {
            connection.readHead();
            BodiesTest.awaitLatch(over);
        }));
        Http2TestClient client = client();

        assertThat(client.readResponse(client.get("app", "/")).status()).isEqualTo(503);
        over.countDown();
    }

    @Test
    void aSessionSticksOverHttp2() throws IOException {
        TestBackend one = fixture.open(TestBackend.saying("one"));
        TestBackend two = fixture.open(TestBackend.saying("two"));
        fixture.route(HttpRoute.to("app", "app").sticky().build());
        fixture.backends("app", one.addr(), two.addr());
        Http2TestClient client = client();
        Http2TestClient.Response first = client.readResponse(client.get("app", "/"));
        String cookie = first.head().field("set-cookie").orElseThrow().split(";")[0];

        for (int i = 0; i < 5; i++) {
            Http2TestClient.Response next = client.readResponse(client.get("app", "/", "cookie: " + cookie));

            assertThat(next.body()).isEqualTo(first.body());
            assertThat(next.head().field("set-cookie")).isEmpty();
        }
    }

    private TestBackend serve(String domain, TestBackend backend) {
        fixture.open(backend);
        fixture.route(domain, backend);
        return backend;
    }

    private Http2TestClient client(int... settings) {
        return fixture.closing(Http2TestClient.connect(fixture.router().httpAddress(), settings));
    }
}
