package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.router.tls.OpenSslTls;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that become something else than HTTP. */
class UpgradeTest {

    private static final String SWITCH =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n";

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture()
            .with(builder -> builder.httpsPort(0).defaultCertificate(TestCertificates.named("default")));

    /** Answers ordinary requests; after an upgrade sends every byte back until there are no more. */
    private TestBackend echo() {
        return fixture.open(TestBackend.running(connection -> {
            while (true) {
                HttpMessage request = connection.readHead().withBody(connection.in());
                if (request.field("Upgrade").isEmpty()) {
                    connection.respond("plain");
                    continue;
                }
                connection.send(SWITCH);
                connection.in().transferTo(connection.out());
                connection.send("!");
                connection.socket().shutdownOutput();
                connection.in().read();
                return;
            }
        }));
    }

    /** @param tls the engine that does it, or {@code none} */
    private TestClient client(String tls) throws Exception {
        if (!tls.equals("none")) {
            assumeTrue(tls.equals("jdk") || OpenSslTls.whyMissing().isEmpty());
            fixture.with(builder -> builder.tlsEngine(tls));
        }
        return !tls.equals("none")
                ? fixture.closing(new TestClient(
                        TestCertificates.socket(fixture.router().httpsAddress().orElseThrow(), "app")))
                : fixture.client();
    }

    @ParameterizedTest
    @CsvSource({"none, false", "none, true", "jdk, false", "jdk, true", "openssl, false", "openssl, true"})
    void bytesPassBothWaysAndEachWayEndsByItself(String tls, boolean afterAnotherRequest) throws Exception {
        fixture.route("app", echo());
        TestClient client = client(tls);
        if (afterAnotherRequest) {
            assertThat(client.get("app", "/").readResponse().text()).isEqualTo("plain");
        }

        client.get("app", "/", "Connection: upGrade", "Upgrade: raw");
        HttpMessage response = client.readHead();
        assertThat(response.startLine()).isEqualTo("HTTP/1.1 101 Switching Protocols");
        assertThat(response.fields()).containsExactly("Connection: Upgrade", "Upgrade: raw");

        client.send("one");
        assertThat(HttpMessage.readExactly(client.in(), 3)).asString().isEqualTo("one");
        client.send("two");
        assertThat(HttpMessage.readExactly(client.in(), 3)).asString().isEqualTo("two");
        client.socket().shutdownOutput();
        assertThat(client.in().readAllBytes()).asString().isEqualTo("!");
    }

    @Test
    void theBackendSeesTheUpgradeAsItWasSent() throws Exception {
        TestBackend backend = echo();
        fixture.route("app", backend);

        fixture.client()
                .get("app", "/", "Connection: keep-alive, Upgrade", "Upgrade: flynn-attach/0", "Keep-Alive: x")
                .readHead();

        HttpMessage seen = backend.lastRequest();
        assertThat(seen.fields())
                .contains("Connection: keep-alive, Upgrade", "Upgrade: flynn-attach/0", "Keep-Alive: x");
        assertThat(seen.field("X-Forwarded-For")).isPresent();
    }

    @Test
    void theOfferToSpeakHttp2IsNotPassedOn() throws Exception {
        TestBackend backend = echo();
        fixture.route("app", backend);
        TestClient client = fixture.client();

        for (int i = 0; i < 2; i++) {
            client.get("app", "/", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk");
            assertThat(client.readResponse().text()).isEqualTo("plain");
        }

        HttpMessage seen = backend.lastRequest();
        assertThat(seen.field("Upgrade")).isEmpty();
        assertThat(seen.field("Connection")).isEmpty();
        assertThat(seen.field("HTTP2-Settings")).isEmpty();
    }

    @Test
    void aRequestWithABodyMayUpgrade() throws Exception {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            String body = connection.readHead().withBody(connection.in()).text();
            connection.send(SWITCH + body);
            connection.in().transferTo(connection.out());
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        client.post("app", "/attach", "{\"job\":1}", "Connection: upgrade", "Upgrade: flynn-attach/0");
        client.readHead();
        client.send("input");

        assertThat(HttpMessage.readExactly(client.in(), 14)).asString().isEqualTo("{\"job\":1}input");
    }

    @Test
    void whatTheClientSentTooEarlyIsNotLost() throws Exception {
        fixture.route("app", echo());
        TestClient client = fixture.client();

        client.send("GET / HTTP/1.1\r\nHost: app\r\nConnection: upgrade\r\nUpgrade: raw\r\n\r\nearly");
        client.readHead();

        assertThat(HttpMessage.readExactly(client.in(), 5)).asString().isEqualTo("early");
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "jdk", "openssl"})
    void theBackendMayEndFirst(String tls) throws Exception {
        CompletableFuture<String> all = new CompletableFuture<>();
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send(SWITCH + "bye");
            connection.socket().shutdownOutput();
            all.complete(new String(connection.in().readAllBytes(), StandardCharsets.US_ASCII));
        }));
        fixture.route("app", backend);
        TestClient client = client(tls).get("app", "/", "Connection: upgrade", "Upgrade: raw");
        client.readHead();

        assertThat(client.in().readAllBytes()).asString().isEqualTo("bye");
        client.send("still here");
        client.socket().shutdownOutput();

        assertThat(all.get(10, TimeUnit.SECONDS)).isEqualTo("still here");
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "jdk", "openssl"})
    void muchPassesUnchangedBothWaysAtOnce(String tls) throws Exception {
        fixture.route("app", echo());
        TestClient client = client(tls).get("app", "/", "Connection: upgrade", "Upgrade: raw");
        client.readHead();
        byte[] data = new byte[5 << 20];
        new Random(1).nextBytes(data);
        CompletableFuture<byte[]> received = CompletableFuture.supplyAsync(() -> read(client.in(), data.length));

        client.out().write(data);
        client.out().flush();

        assertThat(Arrays.equals(received.get(20, TimeUnit.SECONDS), data)).isTrue();
    }

    private static byte[] read(InputStream in, int length) {
        try {
            return HttpMessage.readExactly(in, length);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void anEndOfTheClientIsAnEndForTheBackend() throws Exception {
        CompletableFuture<Integer> end = new CompletableFuture<>();
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send(SWITCH);
            end.complete(connection.in().read());
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client().get("app", "/", "Connection: upgrade", "Upgrade: raw");
        client.readHead();

        client.close();

        assertThat(end.get(10, TimeUnit.SECONDS)).isEqualTo(-1);
        await().until(() -> backend.openConnections() == 0);
    }

    @Test
    void aChangedTableDoesNotTouchATunnel() throws Exception {
        fixture.route("app", echo());
        TestClient client = fixture.client().get("app", "/", "Connection: upgrade", "Upgrade: raw");
        client.readHead();

        fixture.removeRoutes("app").backends("app");
        client.send("still");

        assertThat(HttpMessage.readExactly(client.in(), 5)).asString().isEqualTo("still");
    }

    @Test
    void aRealWebSocketClientGetsThrough() throws Exception {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            HttpMessage request = connection.readHead();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: "
                    + accept(request.field("Sec-WebSocket-Key").orElseThrow())
                    + "\r\n\r\n");
            byte[] head = HttpMessage.readExactly(connection.in(), 6);
            byte[] payload = HttpMessage.readExactly(connection.in(), head[1] & 0x7f);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= head[2 + i % 4];
            }
            connection.out().write(new byte[] {(byte) 0x81, (byte) payload.length});
            connection.out().write(payload);
            connection.in().read();
        }));
        fixture.route("127.0.0.1", backend);
        CompletableFuture<String> echoed = new CompletableFuture<>();

        WebSocket socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(
                        java.net.URI.create("ws://127.0.0.1:"
                                + fixture.router().httpAddress().getPort() + "/chat"),
                        new WebSocket.Listener() {
                            @Override
                            public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
                                echoed.complete(data.toString());
                                return CompletableFuture.completedFuture(null);
                            }
                        })
                .get(10, TimeUnit.SECONDS);
        socket.sendText("hello", true);

        assertThat(echoed.get(10, TimeUnit.SECONDS)).isEqualTo("hello");
        socket.abort();
    }

    private static String accept(String key) {
        try {
            return java.util.Base64.getEncoder()
                    .encodeToString(java.security.MessageDigest.getInstance("SHA-1")
                            .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                                    .getBytes(StandardCharsets.US_ASCII)));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
