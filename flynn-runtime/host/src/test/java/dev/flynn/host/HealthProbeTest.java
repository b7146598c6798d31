package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.release.HealthCheck;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthProbeTest {

    private final List<String> hosts = new CopyOnWriteArrayList<>();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", exchange -> {
            hosts.add(exchange.getRequestHeaders().getFirst("Host"));
            String path = exchange.getRequestURI().getPath();
            byte[] body = ("x".repeat(5_000) + "ready" + "x".repeat(5_000) + "late").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(path.equals("/sick") ? 503 : 200, 0);
            try (var out = exchange.getResponseBody()) {
                out.write(body);
            }
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    @Test
    void aConnectionIsEnoughForTcp() {
        assertThat(passes("tcp", "/", null, null, 200)).isTrue();
    }

    @Test
    void nothingListens() throws IOException {
        int free;
        try (var socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            free = socket.getLocalPort();
        }

        assertThat(HealthProbe.passes(check("tcp", "/", null, null, 200), "127.0.0.1", free))
                .isFalse();
    }

    @Test
    void theStatusMustBeTheExpectedOne() {
        assertThat(passes("http", "/well", null, null, 200)).isTrue();
        assertThat(passes("http", "/sick", null, null, 200)).isFalse();
        assertThat(passes("http", "/sick", null, null, 503)).isTrue();
    }

    @Test
    void theHostHeaderIsTheOneThatIsWanted() {
        assertThat(passes("http", "/", "app.example.com", null, 200)).isTrue();

        assertThat(hosts).containsExactly("app.example.com");
    }

    @Test
    void aMatchMustBeWithinTheFirstBytesOfTheBody() {
        assertThat(passes("http", "/", null, "ready", 200)).isTrue();
        assertThat(passes("http", "/", null, "late", 200)).isFalse();
    }

    @Test
    void plainHttpIsNoTls() {
        assertThat(passes("https", "/", null, null, 200)).isFalse();
    }

    @Test
    void whoTakesTheConnectionAndSaysNothingFailsAfterTwoSeconds() throws IOException {
        try (var silent = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            long start = System.nanoTime();

            assertThat(HealthProbe.passes(check("http", "/", null, null, 200), "127.0.0.1", silent.getLocalPort()))
                    .isFalse();

            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        }
    }

    private boolean passes(String type, String path, String host, String match, int status) {
        return HealthProbe.passes(
                check(type, path, host, match, status),
                "127.0.0.1",
                server.getAddress().getPort());
    }

    private static HealthCheck check(String type, String path, String host, String match, int status) {
        return new HealthCheck(
                type,
                Duration.ofSeconds(2),
                2,
                false,
                Duration.ofSeconds(10),
                path,
                Optional.ofNullable(host),
                Optional.ofNullable(match),
                status);
    }
}
