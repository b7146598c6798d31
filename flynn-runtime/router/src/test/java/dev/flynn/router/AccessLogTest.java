package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.telemetry.AccessEntry;
import dev.flynn.router.telemetry.AccessLog;
import dev.flynn.router.telemetry.AccessLogFormat;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The line that the router writes for each request. */
class AccessLogTest {

    private static final FlynnJson JSON = new FlynnJson();

    private final List<String> lines = new CopyOnWriteArrayList<>();

    @RegisterExtension
    final RouterFixture router =
            new RouterFixture().with(builder -> builder.accessLog(AccessLogFormat.JSON, lines::add));

    private final CountDownLatch released = new CountDownLatch(1);

    @Test
    void aLineTellsWhoAskedWhatAndWhatBecameOfIt() throws IOException {
        TestBackend backend = router.open(TestBackend.saying("hello"));
        router.route("app", backend);

        router.client()
                .post("APP:80", "/a?b=%22c", "0123", "User-Agent: \"curl\"\t\u00e9", "Referer: http://x/")
                .readResponse();

        JsonNode line = onlyLine();
        assertThat(Instant.parse(line.path("time").asText()))
                .isBefore(Instant.now().plusSeconds(1));
        assertThat(line.path("client").asText()).isEqualTo("127.0.0.1");
        assertThat(line.path("scheme").asText()).isEqualTo("http");
        assertThat(line.path("method").asText()).isEqualTo("POST");
        assertThat(line.path("host").asText()).isEqualTo("app");
        assertThat(line.path("target").asText()).isEqualTo("/a?b=%22c");
        assertThat(line.path("protocol").asText()).isEqualTo("HTTP/1.1");
        assertThat(line.has("tls")).isFalse();
        assertThat(line.path("status").asInt()).isEqualTo(200);
        assertThat(line.path("bytes_in").asInt()).isEqualTo(4);
        assertThat(line.path("bytes_out").asInt()).isEqualTo(5);
        assertThat(line.path("duration_ms").asDouble()).isPositive();
        assertThat(line.path("route").asText()).isEqualTo("app/");
        assertThat(line.path("backend").asText()).isEqualTo(backend.addr());
        assertThat(line.path("user_agent").asText()).isEqualTo("\"curl\"\t\u00e9");
        assertThat(line.path("referer").asText()).isEqualTo("http://x/");
        assertThat(backend.lastRequest().field("X-Request-Id"))
                .contains(line.path("request_id").asText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"h2", "http/1.1"})
    void theVersionsOfHttpAndTlsAreTold(String protocol) throws Exception {
        router.with(builder -> builder.httpsPort(0).defaultCertificate(TestCertificates.named("default")));
        router.route("127.0.0.1", router.open(TestBackend.saying("hello")));
        var url = URI.create("https://127.0.0.1:"
                + router.router().httpsAddress().orElseThrow().getPort() + "/");
        HttpClient client = HttpClient.newBuilder()
                .sslContext(TestCertificates.trustingEveryone())
                .version(protocol.equals("h2") ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1)
                .build();

        client.send(HttpRequest.newBuilder(url).build(), HttpResponse.BodyHandlers.ofString());

        JsonNode line = onlyLine();
        assertThat(line.path("scheme").asText()).isEqualTo("https");
        assertThat(line.path("protocol").asText()).isEqualTo(protocol.equals("h2") ? "HTTP/2" : "HTTP/1.1");
        assertThat(line.path("tls").asText()).isEqualTo("TLSv1.3");
    }

    @Test
    void aWellFormedIdOfTheClientIsTold() throws IOException {
        router.route("app", router.open(TestBackend.saying("hello")));

        router.get("app", "/", "X-Request-Id: 0123456789abcdef0123");

        assertThat(onlyLine().path("request_id").asText()).isEqualTo("0123456789abcdef0123");
    }

    @Test
    void whatTheRouterAnswersItselfIsTold() throws IOException {
        router.get("nobody", "/");

        JsonNode line = onlyLine();
        assertThat(line.path("status").asInt()).isEqualTo(404);
        assertThat(line.has("route")).isFalse();
        assertThat(line.has("backend")).isFalse();
        assertThat(line.path("request_id").asText()).hasSize(36);
    }

    @Test
    void aClientThatWentAwayIs499() throws IOException {
        TestBackend slow = router.open(TestBackend.answering((request, connection) -> awaitRelease()));
        router.route("app", slow);
        TestClient client = router.client().get("app", "/");
        await().until(() -> slow.requests().size() == 1);

        client.close();

        assertThat(onlyLine().path("status").asInt()).isEqualTo(499);
        released.countDown();
    }

    @Test
    void theCombinedFormIsOfOneLineWhateverTheClientSays() {
        var entry = new AccessEntry(
                Instant.parse("2026-01-02T03:04:05Z"),
                "id",
                "192.0.2.1",
                "https",
                "GET",
                "app",
                "/\"\u00ff",
                "HTTP/1.1",
                "",
                "",
                "a\\b\n",
                404,
                1,
                2,
                3,
                "r",
                "b");

        assertThat(AccessLogFormat.COMBINED.line(entry))
                .isEqualTo(
                        "192.0.2.1 - - [02/Jan/2026:03:04:05 +0000] \"GET /\\\"\\xff HTTP/1.1\" 404 2 \"-\" \"a\\\\b\\x0a\"");
    }

    @Test
    void whatTheWriterIsTooSlowForIsDroppedAndCounted() {
        List<String> written = new CopyOnWriteArrayList<>();
        var log = new AccessLog(
                AccessLogFormat.JSON,
                line -> {
                    written.add(line);
                    awaitRelease();
                },
                2,
                Thread::new);
        var entry = new AccessEntry(Instant.EPOCH, "", "", "", "", "", "", "", "", "", "", 200, 0, 0, 0, "", "");
        log.add(entry);
        await().until(() -> written.size() == 1);

        for (int i = 0; i < 5; i++) {
            log.add(entry);
        }
        released.countDown();
        log.close();

        assertThat(written).hasSize(4).contains("{\"dropped\":3}");
    }

    private JsonNode onlyLine() {
        await().until(() -> lines.size() == 1);
        return JSON.readTree(lines.get(0));
    }

    private void awaitRelease() {
        try {
            released.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
