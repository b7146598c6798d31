package dev.flynn.router;

import static dev.flynn.router.Http2TestClient.CONTINUATION;
import static dev.flynn.router.Http2TestClient.DATA;
import static dev.flynn.router.Http2TestClient.END_HEADERS;
import static dev.flynn.router.Http2TestClient.END_STREAM;
import static dev.flynn.router.Http2TestClient.GOAWAY;
import static dev.flynn.router.Http2TestClient.HEADERS;
import static dev.flynn.router.Http2TestClient.INITIAL_WINDOW_SIZE;
import static dev.flynn.router.Http2TestClient.PADDED;
import static dev.flynn.router.Http2TestClient.PING;
import static dev.flynn.router.Http2TestClient.PRIORITY;
import static dev.flynn.router.Http2TestClient.PUSH_PROMISE;
import static dev.flynn.router.Http2TestClient.RST_STREAM;
import static dev.flynn.router.Http2TestClient.SETTINGS;
import static dev.flynn.router.Http2TestClient.WINDOW_UPDATE;
import static dev.flynn.router.Http2TestClient.head;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What a peer that breaks the rules of RFC 9113 is told; the sections stand beside the cases. */
class Http2ConformanceTest {

    private static final int PROTOCOL_ERROR = 1;
    private static final int FLOW_CONTROL_ERROR = 3;
    private static final int STREAM_CLOSED = 5;
    private static final int FRAME_SIZE_ERROR = 6;
    private static final int COMPRESSION_ERROR = 9;

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final TestBackend backend =
            TestBackend.answering((request, connection) -> connection.respond(request.text()));

    @BeforeEach
    void serve() {
        fixture.open(backend);
        fixture.route("app", backend);
    }

    /** What the client does wrong. */
    private interface Deed {
        void on(Http2TestClient client) throws IOException;
    }

    /** A broken rule, and the error code that a conforming peer may expect. */
    private record Case(String section, String name, int errorCode, Deed deed) {
        @Override
        public String toString() {
            return section + " " + name;
        }
    }

    private static Case error(String section, String name, int errorCode, Deed deed) {
        return new Case(section, name, errorCode, deed);
    }

    private static Case malformed(String name, String section, String... fields) {
        return error(section, name, PROTOCOL_ERROR, client -> client.request(true, fields));
    }

    static Stream<Case> connectionErrors() {
        return Stream.of(
                error("4.2", "a frame is larger than the limit", FRAME_SIZE_ERROR, client -> {
                    int stream = client.post("app", "/");
                    client.send(DATA, 0, stream, new byte[16_385]);
                }),
                error(
                        "4.3",
                        "a header block cannot be decoded",
                        COMPRESSION_ERROR,
                        client -> client.send(
                                HEADERS, END_HEADERS | END_STREAM, 1, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte)
                                        0xff)),
                error("5.1", "DATA on an idle stream", PROTOCOL_ERROR, client -> client.data(1, "x", true)),
                error(
                        "5.1",
                        "RST_STREAM on an idle stream",
                        PROTOCOL_ERROR,
                        client -> client.sendNumber(RST_STREAM, 1, 8)),
                error(
                        "5.1",
                        "WINDOW_UPDATE on an idle stream",
                        PROTOCOL_ERROR,
                        client -> client.sendNumber(WINDOW_UPDATE, 1, 8)),
                error(
                        "5.1.1",
                        "a stream with an even number",
                        PROTOCOL_ERROR,
                        client -> client.headers(2, true, head("GET", "app", "/"))),
                error("6.1", "DATA on stream 0", PROTOCOL_ERROR, client -> client.data(0, "x", false)),
                error("6.1", "more padding than frame", PROTOCOL_ERROR, client -> {
                    int stream = client.post("app", "/");
                    client.send(DATA, PADDED, stream, (byte) 9, (byte) 'x');
                }),
                error(
                        "6.2",
                        "HEADERS on stream 0",
                        PROTOCOL_ERROR,
                        client -> client.headers(0, true, head("GET", "app", "/"))),
                error("6.2", "another frame within a header block", PROTOCOL_ERROR, client -> {
                    client.send(HEADERS, END_STREAM, 1, client.block(head("GET", "app", "/")));
                    client.sendNumber(WINDOW_UPDATE, 0, 1);
                }),
                error(
                        "6.3",
                        "PRIORITY on stream 0",
                        PROTOCOL_ERROR,
                        client -> client.send(PRIORITY, 0, 0, (byte) 0, (byte) 0, (byte) 0, (byte) 1, (byte) 1)),
                error("6.4", "RST_STREAM on stream 0", PROTOCOL_ERROR, client -> client.sendNumber(RST_STREAM, 0, 8)),
                error("6.4", "RST_STREAM of three bytes", FRAME_SIZE_ERROR, client -> {
                    int stream = client.post("app", "/");
                    client.send(RST_STREAM, 0, stream, new byte[3]);
                }),
                error("6.5", "SETTINGS on a stream", PROTOCOL_ERROR, client -> client.send(SETTINGS, 0, 1)),
                error(
                        "6.5",
                        "SETTINGS of five bytes",
                        FRAME_SIZE_ERROR,
                        client -> client.send(SETTINGS, 0, 0, new byte[5])),
                error(
                        "6.5",
                        "an acknowledgement with content",
                        FRAME_SIZE_ERROR,
                        client -> client.send(SETTINGS, 1, 0, new byte[6])),
                error(
                        "6.5.2",
                        "a window beyond 2^31-1",
                        FLOW_CONTROL_ERROR,
                        client -> client.send(
                                SETTINGS,
                                0,
                                0,
                                (byte) 0,
                                (byte) INITIAL_WINDOW_SIZE,
                                (byte) 0x80,
                                (byte) 0,
                                (byte) 0,
                                (byte) 0)),
                error("6.6", "PUSH_PROMISE from a client", PROTOCOL_ERROR, client -> {
                    int stream = client.post("app", "/");
                    client.send(PUSH_PROMISE, END_HEADERS, stream, new byte[4]);
                }),
                error("6.7", "PING on a stream", PROTOCOL_ERROR, client -> client.send(PING, 0, 1, new byte[8])),
                error("6.7", "PING of seven bytes", FRAME_SIZE_ERROR, client -> client.send(PING, 0, 0, new byte[7])),
                error("6.8", "GOAWAY on a stream", PROTOCOL_ERROR, client -> client.send(GOAWAY, 0, 1, new byte[8])),
                error(
                        "6.9",
                        "WINDOW_UPDATE by nothing on the connection",
                        PROTOCOL_ERROR,
                        client -> client.sendNumber(WINDOW_UPDATE, 0, 0)),
                error(
                        "6.9",
                        "WINDOW_UPDATE of three bytes",
                        FRAME_SIZE_ERROR,
                        client -> client.send(WINDOW_UPDATE, 0, 0, new byte[3])),
                error(
                        "6.9.1",
                        "the connection's window overflows",
                        FLOW_CONTROL_ERROR,
                        client -> client.sendNumber(WINDOW_UPDATE, 0, Integer.MAX_VALUE)
                                .sendNumber(WINDOW_UPDATE, 0, Integer.MAX_VALUE)),
                error(
                        "6.10",
                        "CONTINUATION without HEADERS",
                        PROTOCOL_ERROR,
                        client -> client.send(CONTINUATION, END_HEADERS, 1, client.block(head("GET", "app", "/")))));
    }

    @ParameterizedTest
    @MethodSource("connectionErrors")
    void endsTheConnection(Case broken) throws IOException {
        Http2TestClient client = client();

        broken.deed().on(client);

        assertThat(client.readToEnd()).isEqualTo(broken.errorCode());
        assertThat(fixture.get("app", "/").status()).isEqualTo(200);
    }

    static Stream<Case> streamErrors() {
        return Stream.of(
                malformed("an uppercase name", "8.2.1", head("GET", "app", "/", "X-Upper: y")),
                malformed("a blank in a name", "8.2.1", head("GET", "app", "/", "x y: z")),
                malformed("a line feed in a value", "8.2.1", head("GET", "app", "/", "x: y\nhost: evil")),
                malformed("a carriage return in a value", "8.2.1", head("GET", "app", "/", "x: y\rz")),
                malformed("a zero byte in a value", "8.2.1", head("GET", "app", "/", "x: y\0z")),
                malformed("Connection", "8.2.2", head("GET", "app", "/", "connection: close")),
                malformed("Keep-Alive", "8.2.2", head("GET", "app", "/", "keep-alive: timeout=5")),
                malformed("Proxy-Connection", "8.2.2", head("GET", "app", "/", "proxy-connection: close")),
                malformed("Transfer-Encoding", "8.2.2", head("GET", "app", "/", "transfer-encoding: chunked")),
                malformed("Upgrade", "8.2.2", head("GET", "app", "/", "upgrade: websocket")),
                malformed("TE with more than trailers", "8.2.2", head("GET", "app", "/", "te: gzip")),
                malformed("an unknown pseudo-header", "8.3", head("GET", "app", "/", ":x: y")),
                malformed("a pseudo-header of responses", "8.3", head("GET", "app", "/", ":status: 200")),
                error(
                        "8.3",
                        "a pseudo-header behind a field",
                        PROTOCOL_ERROR,
                        client -> client.send(
                                HEADERS,
                                END_HEADERS | END_STREAM,
                                1,
                                concat(
                                        client.block(":method: GET", ":scheme: http", ":authority: app", "x: y"),
                                        client.block(":path: /")))),
                malformed("the path twice", "8.3.1", head("GET", "app", "/", ":path: /other")),
                malformed("no method", "8.3.1", ":scheme: http", ":path: /", ":authority: app"),
                malformed("no scheme", "8.3.1", ":method: GET", ":path: /", ":authority: app"),
                malformed("no path", "8.3.1", ":method: GET", ":scheme: http", ":authority: app"),
                malformed("an empty path", "8.3.1", head("GET", "app", "")),
                malformed("a URL as the path", "8.3.1", head("GET", "app", "http://other/")),
                malformed("a request within the path", "10.3", head("GET", "app", "/ HTTP/1.1\r\nHost: other\r\n\r\n")),
                malformed("a request within the method", "10.3", head("GET / HTTP/1.1\r\nx:", "app", "/")),
                malformed("a field within the host", "10.3", head("GET", "app\r\nx: y", "/")),
                malformed("two hosts that differ", "8.3.1", head("GET", "app", "/", "host: other")),
                error("8.1", "a body longer than its length", PROTOCOL_ERROR, client -> {
                    int stream = client.post("app", "/", "content-length: 1");
                    client.data(stream, "xy", true);
                }),
                error("8.1", "trailers that do not end the stream", PROTOCOL_ERROR, client -> {
                    int stream = client.post("app", "/");
                    client.headers(stream, false, "x: y");
                }),
                error("8.1", "a pseudo-header in trailers", PROTOCOL_ERROR, client -> {
                    int stream = client.post("app", "/");
                    client.headers(stream, true, ":path: /other");
                }),
                error("6.9.1", "a stream's window overflows", FLOW_CONTROL_ERROR, client -> {
                    int stream = client.post("app", "/");
                    client.sendNumber(WINDOW_UPDATE, stream, Integer.MAX_VALUE);
                }),
                error("6.9", "WINDOW_UPDATE by nothing on a stream", PROTOCOL_ERROR, client -> {
                    int stream = client.post("app", "/");
                    client.sendNumber(WINDOW_UPDATE, stream, 0);
                }),
                error("5.1.1", "a stream with a lower number than before", STREAM_CLOSED, client -> {
                    client.headers(5, true, head("GET", "app", "/"));
                    client.headers(3, true, head("GET", "app", "/"));
                }),
                error("5.1", "DATA behind the end of a request", STREAM_CLOSED, client -> {
                    int stream = client.get("app", "/slow");
                    client.data(stream, "x", true);
                }));
    }

    @ParameterizedTest
    @MethodSource("streamErrors")
    void endsTheStreamAtLeast(Case broken) throws IOException {
        Http2TestClient client = client();

        broken.deed().on(client);

        Http2TestClient.Frame answer = client.readUntil(frame -> frame.type() == RST_STREAM || frame.type() == GOAWAY);
        assertThat(answer.errorCode()).isEqualTo(broken.errorCode());
        assertThat(backend.requests()).allMatch(request -> request.all("Host").equals(List.of("app")));
    }

    @Test
    void whatIsUnknownIsIgnored() throws IOException { // 4.1, 5.5, 6.5.2
        Http2TestClient client = client(0x77, 12);
        client.send(0x77, 0xff, 0, new byte[20]);

        int stream = client.post("app", "/");
        client.send(0x78, 0, stream, new byte[3]);
        client.data(stream, "body", true);

        assertThat(client.readResponse(stream).body()).isEqualTo("body");
    }

    @Test
    void aPingIsAnswered() throws IOException { // 6.7
        Http2TestClient client = client();
        client.send(PING, 0, 0, (byte) 1, (byte) 2, (byte) 3, (byte) 4, (byte) 5, (byte) 6, (byte) 7, (byte) 8);

        Http2TestClient.Frame answer = client.readUntil(PING);

        assertThat(answer.has(Http2TestClient.ACK)).isTrue();
        assertThat(answer.payload()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
    }

    @Test
    void paddingIsNoBody() throws IOException { // 6.1
        Http2TestClient client = client();
        int stream = client.post("app", "/");
        client.send(DATA, PADDED | END_STREAM, stream, (byte) 2, (byte) 'a', (byte) 'b', (byte) 0, (byte) 0);

        assertThat(client.readResponse(stream).body()).isEqualTo("ab");
    }

    @Test
    void aHeadMayComeInPieces() throws IOException { // 6.10
        Http2TestClient client = client();
        byte[] block = client.block(head("GET", "app", "/"));
        int stream = client.newStream();
        client.send(HEADERS, END_STREAM, stream, Arrays.copyOfRange(block, 0, 3));
        client.send(CONTINUATION, END_HEADERS, stream, Arrays.copyOfRange(block, 3, block.length));

        assertThat(client.readResponse(stream).status()).isEqualTo(200);
    }

    @Test
    void aHostInsteadOfAnAuthorityWillDo() throws IOException { // 8.3.1
        Http2TestClient client = client();
        int stream = client.request(true, ":method: GET", ":scheme: http", ":path: /", "host: app");

        assertThat(client.readResponse(stream).status()).isEqualTo(200);
    }

    @Test
    void theSameHostTwiceWillDo() throws IOException { // 8.3.1
        Http2TestClient client = client();

        assertThat(client.readResponse(client.get("app", "/", "host: app")).status())
                .isEqualTo(200);
        assertThat(backend.lastRequest().all("Host")).containsExactly("app");
    }

    @Test
    void tunnelsToOtherServersAreNotOffered() throws IOException { // 8.5
        Http2TestClient client = client();
        int stream = client.request(false, ":method: CONNECT", ":authority: app:443");

        assertThat(client.readResponse(stream).status()).isEqualTo(501);
    }

    @Test
    void whatBeginsOtherwiseIsNoHttp2() throws IOException { // 3.4
        TestClient client = fixture.client().send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");

        assertThat(client.readResponse().status()).isEqualTo(505);
    }

    @Test
    void aPrefaceWithoutSettingsEndsTheConnection() throws IOException { // 3.4
        TestClient client = fixture.client().send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        client.out().write(new byte[] {0, 0, 8, PING, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8});
        client.out().flush();

        String answer = new String(client.in().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(answer).contains("First received frame was not SETTINGS");
    }

    private static byte[] concat(byte[] one, byte[] two) {
        byte[] both = Arrays.copyOf(one, one.length + two.length);
        System.arraycopy(two, 0, both, one.length, two.length);
        return both;
    }

    private Http2TestClient client(int... settings) {
        return fixture.closing(Http2TestClient.connect(fixture.router().httpAddress(), settings));
    }
}
