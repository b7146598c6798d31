package dev.flynn.configurator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** With a real nginx, whose traffic changes. */
@Timeout(60)
class NginxApplianceTest {

    private final HttpClient http = HttpClient.newHttpClient();

    @Test
    void changesThroughTheApiChangeLiveTrafficAndBadOnesAreRefusedInNginxsWords() throws Exception {
        int port = freePort();
        HttpServer backend = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        backend.createContext("/", exchange -> {
            try (exchange) {
                byte[] body = "from the backend".getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        backend.start();
        // nginx's unprivileged workers have to get to what they serve
        Path own = Files.createTempDirectory("nginx-appliance-test");
        try (NginxAppliance appliance = NginxAppliance.start(settings(own, port))) {
            URI site = URI.create("http://127.0.0.1:" + port + "/");
            URI api = URI.create("http://127.0.0.1:" + appliance.apiAddress().getPort());
            await().ignoreExceptions().untilAsserted(() -> assertThat(get(site)).startsWith("nginx is up"));

            String upstream = "{\"upstream\": {\"app\": {\"server\": \"127.0.0.1:%d\"}}}"
                    .formatted(backend.getAddress().getPort());
            assertThat(ask("POST", api, "/v1/config/http", upstream).statusCode())
                    .isEqualTo(200);
            assertThat(ask("PUT", api, "/v1/config/http/server/location/%2F", "{\"proxy_pass\": \"http://app\"}")
                            .body())
                    .isEmpty();
            await().untilAsserted(() -> assertThat(get(site)).isEqualTo("from the backend"));

            HttpResponse<String> refused =
                    ask("PUT", api, "/v1/config/http/server/location/%2F", "{\"proxy_pss\": \"x\"}");
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body()).contains("unknown directive \"proxy_pss\"");
            assertThat(get(site)).isEqualTo("from the backend");
        } finally {
            backend.stop(0);
            deleteAll(own);
        }
    }

    private static NginxAppliance.Settings settings(Path own, int port) {
        return new NginxAppliance.Settings(
                own, Path.of("/usr/sbin/nginx"), "127.0.0.1", port, "127.0.0.1", 0, Optional.empty(), Optional.empty());
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void deleteAll(Path directory) throws IOException {
        try (var all = Files.walk(directory)) {
            for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private String get(URI uri) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
                .body();
    }

    private HttpResponse<String> ask(String method, URI api, String path, String body)
            throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(api.resolve(path))
                        .method(method, BodyPublishers.ofString(body))
                        .build(),
                BodyHandlers.ofString());
    }
}
