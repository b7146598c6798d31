package dev.flynn.router;

import static dev.flynn.router.Http2TestClient.DATA;
import static dev.flynn.router.Http2TestClient.END_STREAM;
import static dev.flynn.router.Http2TestClient.HEADERS;
import static dev.flynn.router.Http2TestClient.RST_STREAM;
import static dev.flynn.router.Http2TestClient.SETTINGS;
import static dev.flynn.router.Http2TestClient.WINDOW_UPDATE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.router.Http2TestClient.Frame;
import dev.flynn.router.telemetry.TrafficCounts;
import dev.flynn.spi.router.HttpRoute;
import io.netty.handler.codec.http2.Http2Error;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** WebSockets in streams of HTTP/2 (RFC 8441), at backends that know HTTP/1.1. */
class Http2WebSocketTest {

    private static final int ENABLE_CONNECT_PROTOCOL = 8;

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    /** Agrees, then does what the test tells it. */
    private TestBackend agreeing(TestBackend.Script then) {
        return fixture.open(TestBackend.running(connection -> {
            HttpMessage request = connection.readHead();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: "
                    + accept(request.field("Sec-WebSocket-Key").orElseThrow())
                    + "\r\n\r\n");
            then.run(connection);
        }));
    }

    private TestBackend echo() {
        return agreeing(connection -> {
            connection.in().transferTo(connection.out());
            connection.send("!");
            connection.socket().shutdownOutput();
            connection.in().read();
        });
    }

    private static String accept(String key) {
        try {
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1")
                            .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                                    .getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private Http2TestClient client(int... settings) {
        return fixture.closing(Http2TestClient.connect(fixture.router().httpAddress(), settings));
    }

    private static String[] wish(String protocol, String... more) {
        List<String> fields = new ArrayList<>(List.of(
                ":method: CONNECT",
                ":protocol: " + protocol,
                ":scheme: http",
                ":authority: app",
                ":path: /chat?a=b",
                "sec-websocket-version: 13"));
        fields.addAll(List.of(more));
        return fields.toArray(String[]::new);
    }

    private static int open(Http2TestClient client) throws IOException {
        int stream = client.request(false, wish("websocket"));
        Frame answer = client.readUntil(HEADERS);
        assertThat(answer.field(":status")).contains("200");
        return stream;
    }

    /** What a stream says, at least so much of it. */
    private static String read(Http2TestClient client, int stream, int length) throws IOException {
        var all = new ByteArrayOutputStream();
        while (all.size() < length) {
            Frame frame = client.readUntil(DATA);
            assertThat(frame.stream()).isEqualTo(stream);
            all.writeBytes(frame.payload());
        }
        return all.toString(StandardCharsets.US_ASCII);
    }

    /** All that a stream says. */
    private static String readToEnd(Http2TestClient client, int stream) throws IOException {
        var all = new ByteArrayOutputStream();
        Frame frame;
        do {
            frame = client.readUntil(DATA);
            assertThat(frame.stream()).isEqualTo(stream);
            all.writeBytes(frame.payload());
        } while (!frame.has(END_STREAM));
        return all.toString(StandardCharsets.US_ASCII);
    }

    @Test
    void clientsAreToldThatTheyMayAsk() throws IOException {
        Frame settings = client().readUntil(SETTINGS);

        List<Integer> identifiers = new ArrayList<>();
        for (int i = 0; i < settings.payload().length; i += 6) {
            identifiers.add(settings.payload()[i] << 8 | settings.payload()[i + 1]);
        }
        assertThat(identifiers).contains(ENABLE_CONNECT_PROTOCOL);
    }

    @Test
    void bytesPassBothWaysAndEachWayEndsByItself() throws IOException {
        TestBackend backend = echo();
        fixture.route("app", backend);
        Http2TestClient client = client();

        int stream = client.request(false, wish("websocket", "sec-websocket-key: bogus", "origin: http://app"));
        Frame answer = client.readUntil(HEADERS);
        assertThat(answer.field(":status")).contains("200");
        assertThat(answer.field("sec-websocket-protocol")).contains("chat");
        assertThat(answer.field("sec-websocket-accept")).isEmpty();
        assertThat(answer.has(END_STREAM)).isFalse();
        client.data(stream, "one", false);
        assertThat(read(client, stream, 3)).isEqualTo("one");
        client.data(stream, "two", true);
        assertThat(readToEnd(client, stream)).isEqualTo("two!");

        HttpMessage seen = backend.lastRequest();
        assertThat(seen.startLine()).isEqualTo("GET /chat?a=b HTTP/1.1");
        assertThat(seen.field("Host")).contains("app");
        assertThat(seen.field("Connection")).contains("Upgrade");
        assertThat(seen.field("Upgrade")).contains("websocket");
        assertThat(seen.field("Sec-WebSocket-Version")).contains("13");
        assertThat(seen.field("Origin")).contains("http://app");
        assertThat(seen.all("Sec-WebSocket-Key")).hasSize(1).doesNotContain("bogus");
        await().until(() -> backend.openConnections() == 0);
    }

    @Test
    void whatTheClientSaysBeforeTheAnswerIsNotLost() throws IOException {
        fixture.route("app", echo());
        Http2TestClient client = client();

        int stream = client.request(false, wish("websocket"));
        client.data(stream, "early", true);

        assertThat(client.readResponse(stream).body()).isEqualTo("early!");
    }

    @Test
    void theBackendMayEndFirst() throws Exception {
        CompletableFuture<String> all = new CompletableFuture<>();
        fixture.route("app", agreeing(connection -> {
            connection.send("bye");
            connection.socket().shutdownOutput();
            all.complete(new String(connection.in().readAllBytes(), StandardCharsets.US_ASCII));
        }));
        Http2TestClient client = client();
        int stream = open(client);

        assertThat(readToEnd(client, stream)).isEqualTo("bye");
        client.data(stream, "still here", true);

        assertThat(all.get(10, TimeUnit.SECONDS)).isEqualTo("still here");
    }

    @Test
    void aBackendThatHangsUpEndsTheStream() throws IOException {
        fixture.route("app", agreeing(connection -> connection.send("bye")));
        Http2TestClient client = client();
        int stream = open(client);

        assertThat(readToEnd(client, stream)).isEqualTo("bye");
    }

    @Test
    void aStreamThatIsResetEndsTheBackendsConnection() throws Exception {
        CompletableFuture<Integer> end = new CompletableFuture<>();
        TestBackend backend =
                agreeing(connection -> end.complete(connection.in().read()));
        fixture.route("app", backend);
        Http2TestClient client = client();
        int stream = open(client);

        client.sendNumber(RST_STREAM, stream, (int) Http2Error.CANCEL.code());

        assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo(-1);
        await().until(() -> backend.openConnections() == 0);
    }

    @Test
    void muchPassesAndAClientThatDoesNotReadStopsItsStreamOnly() throws IOException {
        int size = 3 << 20;
        fixture.route("app", agreeing(connection -> {
            connection.out().write(new byte[size]);
            connection.in().read();
        }));
        fixture.route("other", fixture.open(TestBackend.saying("hello")));
        Http2TestClient client = client(Http2TestClient.INITIAL_WINDOW_SIZE, 10_000);
        client.sendNumber(WINDOW_UPDATE, 0, 1 << 24);
        int stream = open(client);
        assertThat(read(client, stream, 10_000)).hasSize(10_000);

        int other = client.get("other", "/");
        assertThat(client.readResponse(other).body()).isEqualTo("hello");

        client.sendNumber(WINDOW_UPDATE, stream, size);
        assertThat(read(client, stream, size - 10_000)).hasSize(size - 10_000);
    }

    @Test
    void aBackendThatDoesNotReadStopsTheClient() throws Exception {
        CompletableFuture<Void> reads = new CompletableFuture<>();
        CompletableFuture<Integer> read = new CompletableFuture<>();
        fixture.route("app", agreeing(connection -> {
            reads.join();
            read.complete(connection.in().readAllBytes().length);
        }));
        Http2TestClient client = client();
        int stream = open(client);
        int window = 256 * 1024;
        byte[] piece = new byte[16_384];
        client.socket().setSoTimeout(300);
        int sent = 0;
        try {
            while (true) {
                for (; window >= piece.length; window -= piece.length) {
                    client.send(DATA, 0, stream, piece);
                    sent += piece.length;
                }
                Frame frame = client.readUntil(any -> any.type() == WINDOW_UPDATE && any.stream() == stream);
                window += frame.number();
            }
        } catch (java.net.SocketTimeoutException stopped) {
            assertThat(sent).isLessThan(16 << 20);
        }

        reads.complete(null);
        client.socket().setSoTimeout(10_000);
        client.readUntil(any -> any.type() == WINDOW_UPDATE && any.stream() == stream);
        client.data(stream, "", true);
        assertThat(read.get(10, TimeUnit.SECONDS)).isEqualTo(sent);
    }

    @Test
    void anotherAnswerOfTheBackendIsPassedOn() throws IOException {
        fixture.route(
                "app",
                fixture.open(TestBackend.answering((request, connection) ->
                        connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"))));
        Http2TestClient client = client();

        int stream = client.request(false, wish("websocket"));

        Http2TestClient.Response response = client.readResponse(stream);
        assertThat(response.status()).isEqualTo(403);
        assertThat(response.body()).isEqualTo("no");
    }

    /** For the client, 200 would be a WebSocket. */
    @Test
    void aBackendThatKnowsNoWebSocketsIsABadGateway() throws IOException {
        fixture.route("app", fixture.open(TestBackend.saying("hello")));
        Http2TestClient client = client();

        int stream = client.request(false, wish("websocket"));

        assertThat(client.readResponse(stream).status()).isEqualTo(502);
    }

    @Test
    void aBackendThatAnswersByAccidentIsNotBelieved() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
            connection.in().read();
        }));
        fixture.route("app", backend);
        Http2TestClient client = client();

        int stream = client.request(false, wish("websocket"));

        assertThat(client.readResponse(stream).status()).isEqualTo(503);
        await().until(() -> backend.openConnections() == 0);
    }

    @Test
    void otherProtocolsAreNotKnown() throws IOException {
        fixture.route("app", echo());
        Http2TestClient client = client();

        int stream = client.request(false, wish("connect-udp"));

        assertThat(client.readResponse(stream).status()).isEqualTo(501);
    }

    @Test
    void aProtocolWithoutConnectOrWithoutAnAuthorityIsMalformed() throws IOException {
        Http2TestClient client = client();

        for (String[] fields : new String[][] {
            {":method: GET", ":protocol: websocket", ":scheme: http", ":authority: app", ":path: /"},
            {":method: CONNECT", ":protocol: websocket", ":scheme: http", ":path: /", "host: app"}
        }) {
            int stream = client.request(false, fields);

            Frame reset = client.readUntil(RST_STREAM);
            assertThat(reset.stream()).isEqualTo(stream);
            assertThat(reset.errorCode()).isEqualTo((int) Http2Error.PROTOCOL_ERROR.code());
        }
    }

    @Test
    void aSilentOneIsClosedWhenTheRouteSaysSo() throws IOException {
        TestBackend backend = echo();
        fixture.route(HttpRoute.to("app", "app")
                        .policy(RoutePolicy.builder()
                                .idleTimeout(Duration.ofMillis(200))
                                .build())
                        .build())
                .backends("app", backend.addr());
        Http2TestClient client = client();
        int stream = open(client);

        Frame reset = client.readUntil(RST_STREAM);

        assertThat(reset.stream()).isEqualTo(stream);
        await().until(() -> backend.openConnections() == 0);
    }

    @Test
    void itIsCounted() throws IOException {
        TestBackend backend = echo();
        fixture.route("app", backend);
        Http2TestClient client = client();
        int stream = open(client);
        client.data(stream, "hello", false);
        read(client, stream, 5);

        TrafficCounts during = fixture.router().traffic().routes().get(0).counts();
        assertThat(during.active()).isEqualTo(1);
        assertThat(during.bytesIn()).isEqualTo(5);
        assertThat(during.bytesOut()).isEqualTo(5);

        client.close();
        await().untilAsserted(() -> assertThat(
                        fixture.router().traffic().routes().get(0).counts().active())
                .isZero());
    }
}
