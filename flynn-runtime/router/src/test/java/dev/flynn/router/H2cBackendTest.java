package dev.flynn.router;

import static dev.flynn.router.Http2TestClient.DATA;
import static dev.flynn.router.Http2TestClient.END_STREAM;
import static dev.flynn.router.Http2TestClient.HEADERS;
import static dev.flynn.router.Http2TestClient.RST_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouterCapability;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Backends that speak HTTP/2 without TLS, as gRPC servers do. */
class H2cBackendTest {

    private static final int REFUSED_STREAM = 7;
    private static final int CANCEL = 8;

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    /** What a backend does with one connection. */
    private interface Script {
        void run(Http2TestClient connection) throws IOException;
    }

    private TestBackend serve(Script script) {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            Http2TestClient http2 = Http2TestClient.serving(connection.socket());
            script.run(http2);
        }));
        fixture.route(HttpRoute.to("app", "app").protocol(BackendProtocol.H2C).build());
        fixture.backends("app", backend.addr());
        return backend;
    }

    private static Script answering(String body) {
        return connection -> {
            while (true) {
                Http2TestClient.Frame request = connection.readUntil(
                        frame -> (frame.type() == HEADERS || frame.type() == DATA) && frame.has(END_STREAM));
                connection.headers(request.stream(), false, ":status: 200", "content-type: text/plain");
                connection.data(request.stream(), body, true);
            }
        };
    }

    @Test
    void aClientOfHttp11GetsItsAnswer() throws IOException {
        List<List<String>> heads = new ArrayList<>();
        serve(connection -> {
            while (true) {
                Http2TestClient.Frame request = connection.readUntil(HEADERS);
                heads.add(request.fields());
                connection.headers(request.stream(), false, ":status: 200", "content-length: 5", "x-custom: y");
                connection.data(request.stream(), "hello", true);
            }
        });
        TestClient client = fixture.client();

        for (int i = 0; i < 3; i++) {
            HttpMessage response = client.get("app", "/a?b", "X-Custom: z", "Connection: X-Hop", "X-Hop: 1")
                    .readResponse();
            assertThat(response.startLine()).startsWith("HTTP/1.1 200");
            assertThat(response.text()).isEqualTo("hello");
            assertThat(response.field("X-Custom")).contains("y");
        }

        assertThat(heads.get(0))
                .contains(
                        ":method: GET",
                        ":scheme: http",
                        ":authority: app",
                        ":path: /a?b",
                        "x-custom: z",
                        "te: trailers",
                        "x-forwarded-for: 127.0.0.1")
                .noneMatch(field -> field.startsWith("x-hop") || field.startsWith("connection"));
        assertThat(fixture.router().capabilities()).contains(RouterCapability.H2C_BACKENDS);
    }

    @Test
    void requestsShareOneConnection() throws Exception {
        TestBackend backend = serve(connection -> {
            List<Integer> streams = new ArrayList<>();
            while (streams.size() < 20) {
                streams.add(connection.readUntil(HEADERS).stream());
            }
            for (int stream : streams) {
                connection.headers(stream, true, ":status: 204");
            }
            connection.readToEnd();
        });
        fixture.with(builder -> builder.eventLoops(1));
        List<TestClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            clients.add(fixture.client().get("app", "/"));
        }

        for (TestClient client : clients) {
            assertThat(client.readHead().status()).isEqualTo(204);
        }
        assertThat(backend.connections()).isEqualTo(1);
    }

    /** A call of gRPC: messages both ways at the same time, and a status behind them. */
    @Test
    void aCallOfGrpcPasses() throws IOException {
        serve(connection -> {
            Http2TestClient.Frame call = connection.readUntil(HEADERS);
            assertThat(call.fields()).contains("content-type: application/grpc", "te: trailers");
            connection.headers(call.stream(), false, ":status: 200", "content-type: application/grpc");
            while (true) {
                Http2TestClient.Frame message = connection.readUntil(DATA);
                if (message.payload().length > 0) {
                    connection.data(call.stream(), "re:" + message.text(), false);
                }
                if (message.has(END_STREAM)) {
                    connection.headers(call.stream(), true, "grpc-status: 0", "grpc-message: fine");
                }
            }
        });
        Http2TestClient client = client();
        int stream = client.post("app", "/Greeter/Chat", "content-type: application/grpc", "te: trailers");

        client.data(stream, "one", false);
        assertThat(client.readUntil(DATA).text()).isEqualTo("re:one");
        client.data(stream, "two", true);
        Http2TestClient.Frame second = client.readUntil(DATA);
        Http2TestClient.Frame status = client.readUntil(HEADERS);

        assertThat(second.text()).isEqualTo("re:two");
        assertThat(status.fields()).containsExactly("grpc-status: 0", "grpc-message: fine");
        assertThat(status.has(END_STREAM)).isTrue();
    }

    @Test
    void aStatusWithoutAnyMessageEndsTheStreamAtOnce() throws IOException {
        serve(connection -> {
            Http2TestClient.Frame call = connection.readUntil(HEADERS);
            connection.headers(call.stream(), true, ":status: 200", "grpc-status: 12");
            connection.readToEnd();
        });
        Http2TestClient client = client();
        client.get("app", "/Greeter/Unknown");

        Http2TestClient.Frame head = client.readUntil(HEADERS);
        assertThat(head.has(END_STREAM)).isTrue();
        assertThat(head.field("grpc-status")).contains("12");
    }

    @Test
    void trailersOfARequestArrive() throws IOException {
        CompletableFuture<List<String>> trailers = new CompletableFuture<>();
        serve(connection -> {
            Http2TestClient.Frame call = connection.readUntil(HEADERS);
            trailers.complete(connection.readUntil(HEADERS).fields());
            connection.headers(call.stream(), true, ":status: 204");
            connection.readToEnd();
        });
        Http2TestClient client = client();
        int stream = client.post("app", "/");
        client.data(stream, "body", false);
        client.headers(stream, true, "x-checksum: 1", "content-length: 9");

        assertThat(client.readUntil(HEADERS).field(":status")).contains("204");
        assertThat(trailers.join()).containsExactly("x-checksum: 1");
    }

    @Test
    void aClientOfHttp11GetsTrailersIfItAskedForThem() throws IOException {
        serve(connection -> {
            while (true) {
                int stream = connection.readUntil(HEADERS).stream();
                connection.headers(stream, false, ":status: 200");
                connection.data(stream, "hello", false);
                connection.headers(stream, true, "x-checksum: 1");
            }
        });
        TestClient client = fixture.client();

        client.get("app", "/", "TE: trailers", "Connection: TE").readHead();
        assertThat(readChunksAndTrailers(client)).containsExactly("hello", "x-checksum: 1");
        client.get("app", "/").readHead();
        assertThat(readChunksAndTrailers(client)).containsExactly("hello");
    }

    @Test
    void aBackendOfHttp11MaySendTrailersToo() throws IOException {
        TestBackend backend = fixture.open(TestBackend.answering((request, connection) -> connection.send(
                "HTTP/1.1 200 OK\r\nTrailer: X-Checksum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"
                        + "X-Checksum: 1\r\nContent-Length: 3\r\n\r\n")));
        fixture.route("app", backend);
        Http2TestClient client = client();

        Http2TestClient.Response response = client.readResponse(client.get("app", "/"));

        assertThat(response.body()).isEqualTo("hello");
        assertThat(response.trailers().orElseThrow().fields()).containsExactly("x-checksum: 1");
    }

    @Test
    void aBodyOfAClientOfHttp11Arrives() throws IOException {
        serve(connection -> {
            int stream = connection.readUntil(HEADERS).stream();
            Http2TestClient.Frame data = connection.readUntil(DATA);
            connection.headers(stream, false, ":status: 200");
            connection.data(stream, "got " + data.text(), true);
            connection.readToEnd();
        });

        assertThat(fixture.client().post("app", "/", "body").readResponse().text())
                .isEqualTo("got body");
    }

    @Test
    void aCallThatIsCancelledIsCancelledAtTheBackend() throws Exception {
        CompletableFuture<Integer> code = new CompletableFuture<>();
        CountDownLatch asked = new CountDownLatch(1);
        serve(connection -> {
            connection.readUntil(HEADERS);
            asked.countDown();
            code.complete(connection.readUntil(RST_STREAM).errorCode());
            connection.readToEnd();
        });
        Http2TestClient client = client();
        int stream = client.get("app", "/");
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();

        client.sendNumber(RST_STREAM, stream, CANCEL);

        assertThat(code.get(10, TimeUnit.SECONDS)).isEqualTo(CANCEL);
    }

    @Test
    void aCallThatTheBackendRefusedIsNoService() throws IOException {
        serve(connection -> {
            while (true) {
                connection.sendNumber(RST_STREAM, connection.readUntil(HEADERS).stream(), REFUSED_STREAM);
            }
        });

        Http2TestClient client = client();
        int stream = client.post("app", "/");
        assertThat(client.readResponse(stream).status()).isEqualTo(503);
    }

    @Test
    void aBackendThatSpeaksNoHttp2IsNoService() throws IOException {
        TestBackend backend = fixture.open(TestBackend.saying("HTTP/1.1 only"));
        fixture.route(HttpRoute.to("app", "app").protocol(BackendProtocol.H2C).build());
        fixture.backends("app", backend.addr());

        assertThat(fixture.get("app", "/").status()).isEqualTo(503);
    }

    @Test
    void aBackendThatRefusesTheConnectionIsSkipped() throws IOException {
        TestBackend backend = serve(answering("hello"));
        fixture.backends("app", fixture.deadAddress(), backend.addr());
        Http2TestClient client = client();

        for (int i = 0; i < 4; i++) {
            assertThat(client.readResponse(client.get("app", "/")).body()).isEqualTo("hello");
        }
    }

    @Test
    void aClientThatDoesNotReadHoldsUpItsStreamAlone() throws Exception {
        AtomicLong sent = new AtomicLong();
        serve(connection -> {
            while (true) {
                Http2TestClient.Frame request = connection.readUntil(HEADERS);
                connection.headers(request.stream(), false, ":status: 200");
                if (request.field(":path").orElseThrow().equals("/small")) {
                    connection.data(request.stream(), "hello", true);
                } else {
                    // as much as the window allows
                    byte[] piece = new byte[16_000];
                    for (int i = 0; i < 16; i++) {
                        connection.send(DATA, 0, request.stream(), piece);
                        sent.addAndGet(piece.length);
                    }
                }
            }
        });
        fixture.with(builder -> builder.eventLoops(1));
        Http2TestClient slow = fixture.closing(
                Http2TestClient.connect(fixture.router().httpAddress(), Http2TestClient.INITIAL_WINDOW_SIZE, 10));
        slow.get("app", "/large");
        assertThat(slow.readUntil(DATA).payload()).hasSize(10);

        Http2TestClient client = client();
        assertThat(client.readResponse(client.get("app", "/small")).body()).isEqualTo("hello");
        assertThat(sent.get()).isEqualTo(256_000);
    }

    private Http2TestClient client() {
        return fixture.closing(Http2TestClient.connect(fixture.router().httpAddress()));
    }

    /** The data of all chunks, then the lines behind the last one. */
    private static List<String> readChunksAndTrailers(TestClient client) throws IOException {
        List<String> read = new ArrayList<>();
        while (true) {
            int size = Integer.parseInt(HttpMessage.readLine(client.in()), 16);
            if (size == 0) {
                break;
            }
            read.add(new String(HttpMessage.readExactly(client.in(), size), StandardCharsets.UTF_8));
            HttpMessage.readLine(client.in());
        }
        for (String line = HttpMessage.readLine(client.in());
                !line.isEmpty();
                line = HttpMessage.readLine(client.in())) {
            read.add(line);
        }
        return read;
    }
}
