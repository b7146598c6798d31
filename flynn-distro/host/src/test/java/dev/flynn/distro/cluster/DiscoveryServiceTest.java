package dev.flynn.distro.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiscoveryServiceTest {

    private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    @TempDir
    Path directory;

    private final AtomicLong nanos = new AtomicLong();
    private DiscoveryService service;

    @BeforeEach
    void open() {
        service = open(NOW, 100);
    }

    private DiscoveryService open(Instant now, int maxClusters) {
        return new DiscoveryService(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new ClusterLists(directory, maxClusters, Clock.fixed(now, ZoneOffset.UTC)),
                nanos::get);
    }

    @AfterEach
    void close() throws Exception {
        service.close();
    }

    private String server() {
        return "http://127.0.0.1:" + service.address().getPort();
    }

    private record Answer(int status, String location, String body) {}

    private Answer send(String method, String path, String body) throws Exception {
        var connection = (HttpURLConnection) URI.create(server() + path).toURL().openConnection();
        connection.setRequestMethod(method);
        if (!method.equals("GET")) {
            connection.setDoOutput(true);
            connection.getOutputStream().write(body.getBytes(UTF_8));
        }
        int status = connection.getResponseCode();
        try (InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            String location = connection.getHeaderField("Location");
            return new Answer(
                    status, location == null ? "" : location, in == null ? "" : new String(in.readAllBytes(), UTF_8));
        }
    }

    @Test
    void hostsFindEachOtherByAToken() {
        DiscoveryToken token = DiscoveryToken.create(server() + "/", "test");
        assertThat(token.url()).matches(server() + "/clusters/[0-9a-f-]{36}");
        assertThat(token.hostUrls()).isEmpty();

        token.register("http://192.0.2.11:1113", "host1", "v1");
        token.register("http://192.0.2.12:1113", "host2", "v1");
        token.register("http://192.0.2.11:1113", "host1", "v1");

        assertThat(token.hostUrls()).containsExactly("http://192.0.2.11:1113", "http://192.0.2.12:1113");
    }

    @Test
    void listsSurviveARestart() throws Exception {
        String path = send("POST", "/clusters", "").location();
        new DiscoveryToken(server() + path).register("http://192.0.2.11:1113", "host1", "v1");
        service.close();
        service = open(NOW, 100);

        assertThat(new DiscoveryToken(server() + path).hostUrls()).containsExactly("http://192.0.2.11:1113");
    }

    @Test
    void aNewInstanceIs201AndAKnownOne409WithTheSameIdAndLocation() throws Exception {
        String path = send("POST", "/clusters", "").location();
        String body =
                "{\"data\":{\"name\":\"host1\",\"url\":\"http://192.0.2.11:1113\",\"ssh_public_keys\":[{\"type\":\"rsa\",\"data\":\"AAAA\"}]}}";
        Answer first = send("POST", path + "/instances", body);
        Answer second = send("POST", path + "/instances", body);

        assertThat(first.status()).isEqualTo(201);
        assertThat(first.body())
                .contains("\"cluster_id\":\"" + path.substring("/clusters/".length()) + "\"")
                .contains("\"created_at\":\"2026-11-20T12:00:00Z\"")
                .contains("\"ssh_public_keys\":[{\"type\":\"rsa\",\"data\":\"AAAA\"}]");
        assertThat(second.status()).isEqualTo(409);
        assertThat(second.body()).isEqualTo(first.body());
        assertThat(second.location()).isEqualTo(first.location()).startsWith(path + "/instances/");
    }

    @Test
    void aClusterThatNobodyKnowsHasNoHostsAndTakesNone() throws Exception {
        String unknown = "/clusters/" + UUID.randomUUID() + "/instances";
        assertThat(send("GET", unknown, "")).isEqualTo(new Answer(200, "", "{\"data\":[]}"));
        Answer refused = send("POST", unknown, "{\"data\":{\"url\":\"http://192.0.2.11:1113\"}}");
        assertThat(refused.status()).isEqualTo(500);
        assertThat(refused.body()).contains("no such cluster");
        assertThat(send("POST", "/clusters/..%2f..%2fetc/instances", "{\"data\":{\"url\":\"http://192.0.2.11:1113\"}}")
                        .status())
                .isGreaterThanOrEqualTo(400);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "nonsense",
                "{}",
                "[]",
                "null",
                "{\"data\":null}",
                "{\"data\":{}}",
                "{\"data\":{\"url\":\"ftp://x\"}}",
                "{\"data\":{\"url\":\"http://x y\"}}",
                "{\"data\":{\"url\":7}}"
            })
    void whatIsNoInstanceIsRefused(String body) throws Exception {
        String path = send("POST", "/clusters", "").location();
        assertThat(send("POST", path + "/instances", body).status()).isEqualTo(400);
        assertThat(send("GET", path + "/instances", "").body()).isEqualTo("{\"data\":[]}");
    }

    @Test
    void aBodyThatIsTooLargeIsRefused() throws Exception {
        String path = send("POST", "/clusters", "").location();
        String body = "{\"data\":{\"url\":\"http://192.0.2.11:1113\",\"name\":\"" + "x".repeat(70_000) + "\"}}";
        assertThat(send("POST", path + "/instances", body).status()).isEqualTo(400);
    }

    @Test
    void newClustersAreLimitedInRateAndComeBackWithTime() throws Exception {
        for (int i = 0; i < DiscoveryService.NEW_CLUSTERS_PER_MINUTE; i++) {
            assertThat(send("POST", "/clusters", "").status()).isEqualTo(201);
        }
        assertThat(send("POST", "/clusters", "").status()).isEqualTo(429);
        nanos.addAndGet(2_000_000_000L);
        assertThat(send("POST", "/clusters", "").status()).isEqualTo(201);
    }

    @Test
    void listsThatNobodyUsedForNinetyDaysMakeRoom() throws Exception {
        String path = send("POST", "/clusters", "").location();
        service.close();
        service = open(NOW.plus(ClusterLists.KEPT).plusSeconds(1), 1);

        assertThat(Files.exists(directory.resolve(path.substring("/clusters/".length()) + ".json")))
                .isFalse();
        assertThat(send("POST", "/clusters", "").status()).isEqualTo(201);
        assertThat(send("POST", "/clusters", "").status()).isEqualTo(503);
    }

    @Test
    void otherPagesAreNotThere() throws Exception {
        assertThat(send("GET", "/", "").status()).isEqualTo(404);
        assertThat(send("GET", "/clusters", "").status()).isEqualTo(404);
        assertThat(send("POST", "/clusters/x", "").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "file:///etc/passwd", "http://", "clusters/1"})
    void aTokenIsAUrl(String text) {
        assertThatThrownBy(() -> new DiscoveryToken(text))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("is no discovery token");
    }

    @Test
    void aServiceThatIsNotThereIsNamed() {
        assertThatThrownBy(() -> DiscoveryToken.create("http://127.0.0.1:1", "test"))
                .hasMessageContaining("http://127.0.0.1:1/clusters");
        assertThatThrownBy(() -> new DiscoveryToken(server() + "/nothing").hostUrls())
                .hasMessageContaining("unexpected status 404");
    }
}
