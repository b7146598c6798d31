package dev.flynn.router;

import static dev.flynn.router.Http2TestClient.CONTINUATION;
import static dev.flynn.router.Http2TestClient.DATA;
import static dev.flynn.router.Http2TestClient.END_STREAM;
import static dev.flynn.router.Http2TestClient.HEADERS;
import static dev.flynn.router.Http2TestClient.PING;
import static dev.flynn.router.Http2TestClient.RST_STREAM;
import static dev.flynn.router.Http2TestClient.SETTINGS;
import static dev.flynn.router.Http2TestClient.head;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clients that mean harm: each costs a bounded amount of memory and time, and others are served meanwhile.
 *
 * <p>The system property {@code router.attack.factor} makes the long form of each: the number of slow connections and
 * seeds is so many times as high; {@code router.attack.idle} says how many connections are idle.
 */
class AttackTest {

    private static final int FACTOR = Integer.getInteger("router.attack.factor", 1);
    private static final int ENHANCE_YOUR_CALM = 11;
    private static final int CANCEL = 8;
    private static final long MEGABYTE = 1_000_000;

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final TestBackend backend = TestBackend.saying("hello");

    @BeforeEach
    void serve() {
        fixture.open(backend);
        fixture.route("app", backend);
    }

    @Test
    void slowlorisIsCutOffWhenTheTimeForAHeadIsOver() throws Exception {
        fixture.with(builder -> builder.headTimeout(Duration.ofMillis(400)));
        List<TestClient> slow = new ArrayList<>();
        for (int i = 0; i < 50 * FACTOR; i++) {
            slow.add(fixture.client().send("GET / HTTP/1.1\r\nHost: app\r\n"));
        }
        long begun = System.nanoTime();
        for (TestClient client : slow) {
            sendQuietly(client, "X-a: b\r\n"); // a sign of life does not prolong it
        }
        assertOthersAreServed();

        for (TestClient client : slow) {
            assertThat(client.readResponse().status()).isEqualTo(408);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(8));
        assertThat(backend.requests()).hasSize(1);
    }

    @Test
    void whoReadsSlowlyHoldsNoMemoryButSomeHundredKilobytes() throws Exception {
        TestBackend large = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
            byte[] piece = new byte[50_000];
            for (int i = 0; i < 1000; i++) {
                connection.out().write(piece);
            }
        }));
        fixture.route("large", large);
        int clients = 20;
        for (int i = 0; i < clients; i++) {
            TestClient client = fixture.client();
            client.socket().setReceiveBufferSize(4096);
            client.get("large", "/").readHead();
        }

        await().during(Duration.ofMillis(300)).until(() -> bytesInUse() < clients * MEGABYTE / 2);
        assertOthersAreServed();
    }

    @ParameterizedTest
    @ValueSource(strings = {"one long field", "many fields", "a long target", "no end"})
    void aBombOfHeadersIsRefused(String kind) throws IOException {
        TestClient client = fixture.client();
        String bomb = switch (kind) {
            case "one long field" -> "GET / HTTP/1.1\r\nHost: app\r\nX: " + "x".repeat(100_000) + "\r\n\r\n";
            case "many fields" -> "GET / HTTP/1.1\r\nHost: app\r\n" + "X: y\r\n".repeat(300) + "\r\n";
            case "a long target" -> "GET /" + "x".repeat(100_000) + " HTTP/1.1\r\nHost: app\r\n\r\n";
            default -> "x".repeat(200_000);
        };
        sendQuietly(client, bomb);

        assertThat(client.readResponse().status()).isEqualTo(431);
        assertThat(bytesInUse()).isLessThan(MEGABYTE);
        assertThat(backend.requests()).isEmpty();
    }

    @Test
    void aBombOfHttp2HeadersIsRefusedThoughItIsSmallOnTheWire() throws IOException {
        Http2TestClient client = client();
        List<String> fields = new ArrayList<>(List.of(head("GET", "app", "/")));
        for (int i = 0; i < 3000; i++) {
            fields.add("x-bomb: " + "x".repeat(1000)); // one byte each, from the second on
        }

        int stream = client.request(true, fields.toArray(String[]::new));

        assertThat(outcome(client, stream)).isIn("431", "GOAWAY");
        assertThat(backend.requests()).isEmpty();
        assertOthersAreServed();
    }

    @Test
    void aFloodOfContinuationsEndsTheConnection() throws IOException {
        Http2TestClient client = client();
        byte[] block = client.block("x: y");
        assertThatThrownBy(() -> {
                    client.send(HEADERS, END_STREAM, 1, client.block(head("GET", "app", "/")));
                    for (int i = 0; i < 100_000; i++) {
                        client.send(CONTINUATION, 0, 1, block);
                    }
                })
                .as("the router takes frames of a head for ever")
                .isInstanceOf(IOException.class);

        assertOthersAreServed();
        assertThat(backend.requests()).hasSize(1);
    }

    @Test
    void resettingRequestsRapidlyEndsTheConnection() throws IOException {
        Http2TestClient client = client();
        int begun = 0;
        try {
            for (; begun < 200_000; begun++) {
                int stream = client.get("app", "/");
                client.sendNumber(RST_STREAM, stream, CANCEL);
            }
        } catch (IOException ended) {
            // as it should
        }

        assertThat(client.readToEnd()).isIn(ENHANCE_YOUR_CALM, -1);
        assertThat(begun).isLessThan(200_000);
        assertThat(backend.requests()).hasSizeLessThanOrEqualTo(500);
        assertOthersAreServed();
    }

    @ParameterizedTest
    @ValueSource(ints = {PING, SETTINGS})
    void aFloodThatWantsAnswersAndReadsNoneEndsTheConnection(int type) throws Exception {
        Http2TestClient client = client();
        client.socket().setReceiveBufferSize(4096);
        byte[] payload = type == PING ? new byte[8] : new byte[0];
        boolean ended = false;
        try {
            byte[] frames = Http2TestClient.frame(type, payload, 1000);
            for (int i = 0; i < 3000; i++) {
                client.socket().getOutputStream().write(frames);
            }
        } catch (IOException cutOff) {
            ended = true;
        }

        assertThat(ended).isTrue();
        assertThat(bytesInUse()).isLessThan(4 * MEGABYTE);
        assertOthersAreServed();
    }

    @Test
    void aFloodOfEmptyFramesEndsTheConnection() throws IOException {
        Http2TestClient client = client();
        int stream = client.post("app", "/");
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 100_000; i++) {
                        client.send(DATA, 0, stream);
                    }
                })
                .isInstanceOf(IOException.class);

        assertOthersAreServed();
    }

    @Test
    void moreRequestsAtATimeThanAllowedAreRefused() throws IOException {
        TestBackend silent =
                fixture.open(TestBackend.running(connection -> connection.in().readAllBytes()));
        fixture.route("silent", silent);
        Http2TestClient client = client();
        int last = 0;
        for (int i = 0; i < 300; i++) {
            last = client.get("silent", "/");
        }
        int refused = last;

        assertThat(client.readUntil(frame -> frame.type() == RST_STREAM && frame.stream() == refused)
                        .errorCode())
                .isEqualTo(7);
        assertThat(silent.connections()).isLessThanOrEqualTo(256);
    }

    @Test
    void idleConnectionsCostLittleAndHoldNobodyUp() throws Exception {
        int count = Integer.getInteger("router.attack.idle", 500);
        List<Socket> idle = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                idle.add(new Socket("127.0.0.1", fixture.router().httpAddress().getPort()));
                idle.get(i).getOutputStream().write("GET".getBytes(StandardCharsets.US_ASCII));
            }

            assertOthersAreServed();
            assertThat(bytesInUse() / count).as("bytes of buffers each").isLessThan(8192);
        } finally {
            for (Socket socket : idle) {
                socket.close();
            }
        }
    }

    @Test
    void aNameInTlsAndAnotherInTheRequestAreRoutedByTheRequest() throws Exception {
        TestBackend other = fixture.open(TestBackend.saying("other"));
        fixture.route("other", other);
        fixture.with(builder -> builder.httpsPort(0).defaultCertificate(TestCertificates.named("default")));

        try (var socket =
                TestCertificates.socket(fixture.router().httpsAddress().orElseThrow(), "app")) {
            TestClient client = new TestClient(socket);
            assertThat(client.get("other", "/").readResponse().text()).isEqualTo("other");
            assertThat(client.get("nobody", "/").readResponse().status()).isEqualTo(404);
        }
    }

    /** TLS 1.3 has no renegotiation; a client of TLS 1.2 that asks for one gets no second key exchange for nothing. */
    @Test
    void renegotiationOfTlsIsNotOffered() throws Exception {
        fixture.with(builder -> builder.httpsPort(0).defaultCertificate(TestCertificates.named("default")));
        try (var socket =
                TestCertificates.socket(fixture.router().httpsAddress().orElseThrow(), "app")) {
            socket.setEnabledProtocols(new String[] {"TLSv1.2"});
            TestClient client = new TestClient(socket);
            assertThat(client.get("app", "/").readResponse().status()).isEqualTo(200);

            socket.startHandshake();
            assertThatThrownBy(() -> {
                        for (int i = 0; i < 3; i++) {
                            client.get("app", "/").readResponse();
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
        assertOthersAreServed();
    }

    /** Whatever arrives, the router answers or closes, leaks nothing, and serves the next one. */
    @Test
    void noiseIsAnsweredOrCutOff() throws Exception {
        long seed = Long.getLong("router.attack.seed", System.nanoTime());
        Random random = new Random(seed);
        String[] words = {
            "GET",
            " ",
            "/",
            "HTTP/1.1",
            "\r\n",
            "\n",
            "\r",
            "Host: app",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            ":",
            "5",
            "0",
            "hello",
            "\0",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "Connection: upgrade",
            "\t",
            ";",
            "é",
            "HTTP/1.0"
        };
        for (int round = 0; round < 100 * FACTOR; round++) {
            StringBuilder noise = new StringBuilder(random.nextBoolean() ? "POST / HTTP/1.1\r\nHost: app\r\n" : "");
            for (int i = random.nextInt(40); i >= 0; i--) {
                noise.append(words[random.nextInt(words.length)]);
            }
            try (TestClient client = TestClient.connect(fixture.router().httpAddress())) {
                client.send(noise.toString());
                client.socket().shutdownOutput();
                assertThat(client.in().readNBytes(10_000_000))
                        .as("seed %d, round %d", seed, round)
                        .hasSizeLessThan(1_000_000);
            }
        }
        assertOthersAreServed();
    }

    private void assertOthersAreServed() throws IOException {
        assertThat(fixture.get("app", "/").text()).isEqualTo("hello");
    }

    private static String outcome(Http2TestClient client, int stream) throws IOException {
        Http2TestClient.Frame answer = client.readUntil(frame ->
                frame.type() == Http2TestClient.GOAWAY || (frame.type() == HEADERS && frame.stream() == stream));
        return answer.type() == HEADERS ? answer.field(":status").orElseThrow() : "GOAWAY";
    }

    private static void sendQuietly(TestClient client, String text) {
        try {
            client.send(text);
        } catch (IOException refusedMeanwhile) {
            // the answer tells
        }
    }

    private static long bytesInUse() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() + PooledByteBufAllocator.DEFAULT.pinnedHeapMemory();
    }

    private Http2TestClient client() {
        return fixture.closing(Http2TestClient.connect(fixture.router().httpAddress()));
    }
}
