package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies of every framing, both ways: whole, at once, and never piled up. */
class BodiesTest {

    private static final int TEN_MEGABYTES = 10 << 20;

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final byte[] data = bytes(TEN_MEGABYTES);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLargeUploadArrivesUnchanged(boolean chunked) throws Exception {
        TestBackend backend = fixture.open(TestBackend.answering(
                (request, connection) -> connection.respond(request.body().length + " " + digest(request.body()))));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        if (chunked) {
            client.send("POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n");
            writeChunks(client.out(), data);
        } else {
            client.send("POST / HTTP/1.1\r\nHost: app\r\nContent-Length: " + data.length + "\r\n\r\n");
            client.out().write(data);
        }

        assertThat(client.readResponse().text()).isEqualTo(data.length + " " + digest(data));
        assertThat(backend.lastRequest().field("Transfer-Encoding").isPresent()).isEqualTo(chunked);
        assertThat(client.get("app", "/next").readResponse().status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"length", "chunked", "close"})
    void aLargeDownloadArrivesUnchanged(String framing) throws Exception {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            switch (framing) {
                case "length" -> {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + data.length + "\r\n\r\n");
                    connection.out().write(data);
                }
                case "chunked" -> {
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                    writeChunks(connection.out(), data);
                }
                default -> {
                    connection.send("HTTP/1.0 200 OK\r\n\r\n");
                    connection.out().write(data);
                }
            }
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        HttpMessage response = client.get("app", "/").readResponse();

        assertThat(response.body().length).isEqualTo(data.length);
        assertThat(digest(response.body())).isEqualTo(digest(data));
        assertThat(response.field("Content-Length").isPresent()).isEqualTo(framing.equals("length"));
        assertThat(client.get("nowhere", "/").readResponse().status())
                .as("the connection can be used again")
                .isEqualTo(404);
    }

    @Test
    void anHttp10ClientReadsAnEndlessBodyUntilTheEndOfTheConnection() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
            connection.readHead();
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        client.send("GET / HTTP/1.0\r\nHost: app\r\nConnection: keep-alive\r\n\r\n");

        HttpMessage response = client.readResponse();
        assertThat(response.field("Transfer-Encoding")).isEmpty();
        assertThat(response.field("Connection")).contains("close");
        assertThat(response.text()).isEqualTo("abcdef");
    }

    @Test
    void everyPieceOfAResponsePassesAtOnce() throws Exception {
        CountDownLatch[] seen = {new CountDownLatch(1), new CountDownLatch(1)};
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            connection.send("4\r\nzero\r\n");
            awaitLatch(seen[0]);
            connection.send("3\r\none\r\n");
            awaitLatch(seen[1]);
            connection.send("3\r\ntwo\r\n0\r\n\r\n");
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();
        client.get("app", "/").readHead();

        assertThat(HttpMessage.readChunk(client.in())).asString().isEqualTo("zero");
        seen[0].countDown();
        assertThat(HttpMessage.readChunk(client.in())).asString().isEqualTo("one");
        seen[1].countDown();
        assertThat(HttpMessage.readChunk(client.in())).asString().isEqualTo("two");
        assertThat(HttpMessage.readChunk(client.in())).isEmpty();
    }

    @Test
    void everyPieceOfARequestPassesAtOnce() throws Exception {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (byte[] chunk = HttpMessage.readChunk(connection.in());
                    chunk.length > 0;
                    chunk = HttpMessage.readChunk(connection.in())) {
                connection.send(Integer.toHexString(chunk.length) + "\r\n"
                        + new String(chunk, StandardCharsets.US_ASCII) + "\r\n");
            }
            connection.send("0\r\n\r\n");
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();
        client.send("POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n");
        assertThat(client.readHead().status()).isEqualTo(200);

        client.send("4\r\nping\r\n");
        assertThat(HttpMessage.readChunk(client.in())).asString().isEqualTo("ping");
        client.send("5\r\nagain\r\n");
        assertThat(HttpMessage.readChunk(client.in())).asString().isEqualTo("again");
        client.send("0\r\n\r\n");
        assertThat(HttpMessage.readChunk(client.in())).isEmpty();
    }

    @Test
    void anEmptyBodyIsABody() throws IOException {
        fixture.route("app", fixture.open(TestBackend.saying("")));
        TestClient client = fixture.client();

        assertThat(client.get("app", "/").readResponse().field("Content-Length"))
                .contains("0");
        assertThat(client.post("app", "/", "").readResponse().field("Content-Length"))
                .contains("0");
    }

    @ParameterizedTest
    @ValueSource(strings = {"204 No Content", "304 Not Modified"})
    void someStatusesHaveNoBody(String status) throws IOException {
        TestBackend backend = fixture.open(TestBackend.answering(
                (request, connection) -> connection.send("HTTP/1.1 " + status + "\r\nETag: \"x\"\r\n\r\n")));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        for (int i = 0; i < 2; i++) {
            HttpMessage response = client.get("app", "/").readHead();
            assertThat(response.startLine()).isEqualTo("HTTP/1.1 " + status);
            assertThat(response.fields()).containsExactly("ETag: \"x\"");
        }
        assertThat(backend.connections()).isEqualTo(1);
    }

    @Test
    void theAnswerToHeadTellsALengthAndHasNoBody() throws IOException {
        TestBackend backend = fixture.open(TestBackend.answering(
                (request, connection) -> connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        for (int i = 0; i < 2; i++) {
            client.send("HEAD / HTTP/1.1\r\nHost: app\r\n\r\n");
            assertThat(client.readHead().field("Content-Length")).contains("1234");
        }
        assertThat(backend.connections()).isEqualTo(1);
    }

    @Test
    void aClientThatWaitsForTheWordIsToldToContinue() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            HttpMessage head = connection.readHead();
            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
            connection.respond(head.withBody(connection.in()).text());
            connection.readHead();
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        client.send("POST / HTTP/1.1\r\nHost: app\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        assertThat(client.readHead().startLine()).isEqualTo("HTTP/1.1 100 Continue");
        client.send("body");

        assertThat(client.readResponse().text()).isEqualTo("body");
    }

    @Test
    void aClientThatWaitsForTheWordMayGetAnAnswerInstead() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
            connection.in().read();
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        client.send("POST / HTTP/1.1\r\nHost: app\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");

        HttpMessage response = client.readResponse();
        assertThat(response.status()).isEqualTo(401);
        assertThat(response.field("Connection")).contains("close");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void hintsBeforeTheResponsePass() throws IOException {
        TestBackend backend = fixture.open(TestBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\n");
            connection.respond("body");
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client().get("app", "/");

        assertThat(client.readHead().fields()).containsExactly("Link: </x.css>");
        assertThat(client.readResponse().text()).isEqualTo("body");
    }

    @Test
    void anEarlyAnswerOfABackendThatHangsUpReachesAClientThatStillSends() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrefused");
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        client.send("POST / HTTP/1.1\r\nHost: app\r\nContent-Length: " + data.length + "\r\n\r\n");
        client.out().write(data);

        HttpMessage response = client.readResponse();
        assertThat(response.status()).isEqualTo(403);
        assertThat(response.text()).isEqualTo("refused");
        assertThat(response.field("Connection")).contains("close");
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void anEarlyAnswerOfABackendThatReadsOnDoesNotCutTheRequestOff() throws Exception {
        AtomicLong received = new AtomicLong();
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            HttpMessage head = connection.readHead();
            connection.send("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok");
            received.set(head.withBody(connection.in()).body().length);
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        client.send("POST / HTTP/1.1\r\nHost: app\r\nContent-Length: " + data.length + "\r\n\r\n");
        assertThat(client.readResponse().text()).isEqualTo("ok");
        client.out().write(data);

        await().untilAsserted(() -> assertThat(received).hasValue(data.length));
        assertThat(client.get("nowhere", "/").readResponse().status()).isEqualTo(404);
    }

    @Test
    void anUploadToAnUnknownHostIsAnsweredAndReadOver() throws IOException {
        fixture.router();
        TestClient client = fixture.client();

        client.send("POST / HTTP/1.1\r\nHost: nowhere\r\nContent-Length: " + data.length + "\r\n\r\n");
        client.out().write(data);

        assertThat(client.readResponse().status()).isEqualTo(404);
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void aSlowClientHoldsItsBackendUpAndNotTheMemory() throws Exception {
        AtomicLong sent = new AtomicLong();
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + 10L * data.length + "\r\n\r\n");
            for (int i = 0; i < 10; i++) {
                writeCounting(connection.out(), data, sent);
            }
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client().get("app", "/");
        client.readHead();

        awaitStandstill(sent);
        assertThat(pooledBytes())
                .as("bytes held for a client that does not read")
                .isLessThan(2 << 20);

        for (int i = 0; i < 10; i++) {
            assertThat(digest(HttpMessage.readExactly(client.in(), data.length)))
                    .isEqualTo(digest(data));
        }
        assertThat(sent).hasValue(10L * data.length);
    }

    @Test
    void aSlowBackendHoldsItsClientUpAndNotTheMemory() throws Exception {
        CountDownLatch readOn = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            HttpMessage head = connection.readHead();
            awaitLatch(readOn);
            connection.respond(digest(head.withBody(connection.in()).body()));
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();
        AtomicLong sent = new AtomicLong();
        byte[] large = bytes(4 * TEN_MEGABYTES);
        client.send("POST / HTTP/1.1\r\nHost: app\r\nContent-Length: " + large.length + "\r\n\r\n");
        Thread sender = new Thread(() -> {
            try {
                writeCounting(client.out(), large, sent);
            } catch (IOException e) {
                sent.set(-1);
            }
        });
        sender.start();

        awaitStandstill(sent);
        assertThat(sent.get()).isLessThan(large.length);
        assertThat(pooledBytes())
                .as("bytes held for a backend that does not read")
                .isLessThan(2 << 20);

        readOn.countDown();
        assertThat(client.readResponse().text()).isEqualTo(digest(large));
        sender.join();
    }

    @Test
    void aClientThatOnlyAsksAndNeverReadsIsHeldUp() throws Exception {
        fixture.router();
        TestClient client = fixture.client();
        byte[] requests =
                "GET / HTTP/1.1\r\nHost: nowhere\r\n\r\n".repeat(10_000).getBytes(StandardCharsets.US_ASCII);
        AtomicLong sent = new AtomicLong();
        int rounds = 100;
        Thread sender = new Thread(() -> {
            try {
                for (int i = 0; i < rounds; i++) {
                    writeCounting(client.out(), requests, sent);
                }
            } catch (IOException closedByTheTest) {
                sent.set(-1);
            }
        });
        sender.start();

        awaitStandstill(sent);
        assertThat(sent.get()).isLessThan((long) rounds * requests.length);
        assertThat(pooledBytes())
                .as("bytes held for a client that does not read")
                .isLessThan(2 << 20);

        for (int i = 0; i < 20_000; i++) {
            assertThat(client.readResponse().status()).isEqualTo(404);
        }
        client.close();
        sender.join();
    }

    @Test
    void aRequestThatIsCutOffCutsTheBackendOff() throws Exception {
        CountDownLatch cutOff = new CountDownLatch(1);
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            HttpMessage head = connection.readHead();
            try {
                head.withBody(connection.in());
            } catch (java.io.EOFException expected) {
                cutOff.countDown();
            }
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        client.send("POST / HTTP/1.1\r\nHost: app\r\nContent-Length: 100\r\n\r\nhalf");
        await().until(() -> backend.requests().size() == 1);
        client.close();

        awaitLatch(cutOff);
    }

    private static long pooledBytes() {
        return PooledByteBufAllocator.DEFAULT.pinnedDirectMemory() + PooledByteBufAllocator.DEFAULT.pinnedHeapMemory();
    }

    /** Waits until the sender is held up: it has sent something, and no more for a while. */
    static void awaitStandstill(AtomicLong sent) {
        long[] last = {-1, 0};
        await().until(() -> {
            long now = sent.get();
            last[1] = now > 0 && now == last[0] ? last[1] + 1 : 0;
            last[0] = now;
            return last[1] >= 5;
        });
    }

    private static void writeCounting(OutputStream out, byte[] data, AtomicLong sent) throws IOException {
        for (int at = 0; at < data.length; at += 65_536) {
            int length = Math.min(65_536, data.length - at);
            out.write(data, at, length);
            sent.addAndGet(length);
        }
    }

    private static void writeChunks(OutputStream out, byte[] data) throws IOException {
        Random sizes = new Random(7);
        for (int at = 0; at < data.length; ) {
            int size = Math.min(data.length - at, 1 + sizes.nextInt(100_000));
            out.write((Integer.toHexString(size) + "\r\n").getBytes(StandardCharsets.US_ASCII));
            out.write(data, at, size);
            out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
            at += size;
        }
        out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    static void awaitLatch(CountDownLatch latch) throws IOException {
        try {
            if (!latch.await(10, java.util.concurrent.TimeUnit.SECONDS)) {
                throw new IOException("nothing happened");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(42).nextBytes(bytes);
        return bytes;
    }

    private static String digest(byte[] bytes) {
        try {
            return java.util.HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
