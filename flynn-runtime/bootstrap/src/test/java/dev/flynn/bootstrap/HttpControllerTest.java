package dev.flynn.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes over the wire when the controller is the one that discovery knows. */
@Timeout(60)
class HttpControllerTest {

    private static final String MANIFEST = """
            [{"id": "key", "action": "gen-random", "controller_key": true, "data": "opensesame"},
             {"id": "x", "action": "deploy-app",
              "app": {"name": "x", "meta": {"flynn-system-app": "true"}, "strategy": "one-by-one", "deploy_timeout": 120},
              "artifact": {"type": "builtin", "uri": "builtin:x"},
              "release": {"processes": {"web": {"cmd": ["serve"]}}},
              "processes": {"web": 1}},
             {"id": "route", "action": "add-route", "app_step": "x", "domain": "x.test", "service": "x-web"}]
            """;

    private final TestPlatform platform = new TestPlatform("host1");
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, String> lastBodies = new ConcurrentHashMap<>();
    private HttpServer server;

    @BeforeEach
    void serve() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
        platform.discovery.createService("controller", LeaderType.OLDEST);
        platform.discovery.register(
                "controller",
                Instance.of("tcp", "127.0.0.1:" + server.getAddress().getPort(), Map.of()));
    }

    @AfterEach
    void close() {
        server.stop(0);
        platform.close();
    }

    @Test
    void anAppIsDeployedAndRouted() {
        bootstrap().run();

        String id = platform.state
                .json()
                .readTree(lastBodies.get("POST /apps"))
                .path("id")
                .asText();
        String release = platform.state
                .json()
                .readTree(lastBodies.get("POST /releases"))
                .path("id")
                .asText();
        assertThat(requests)
                .containsExactly(
                        "GET /apps/x",
                        "POST /apps",
                        "GET /releases/" + release,
                        "POST /artifacts",
                        "POST /releases",
                        "GET /apps/%s/formations/%s".formatted(id, release),
                        "PUT /apps/%s/formations/%s".formatted(id, release),
                        "POST /apps/%s/deploy".formatted(id),
                        "GET /apps/%s/routes".formatted(id),
                        "POST /apps/%s/routes".formatted(id));
        assertThat(lastBodies.get("POST /apps"))
                .contains("\"name\":\"x\"")
                .contains("\"strategy\":\"one-by-one\"")
                .contains("\"deploy_timeout\":120")
                .contains("\"flynn-system-app\":\"true\"");
        assertThat(lastBodies.get("POST /releases"))
                .contains("\"app_id\":\"" + id)
                .contains("a2fb5c8f-1d4e-4c1b-8a53-0f6f7a1f9b10")
                .contains("\"cmd\":[\"serve\"]");
        assertThat(lastBodies.get("POST /apps/%s/routes".formatted(id)))
                .contains("\"domain\":\"x.test\"")
                .contains("\"type\":\"http\"");
    }

    @Test
    void withoutAKeyTheControllerIsNotAsked() {
        assertThatThrownBy(() -> Bootstrap.builder(platform.state, platform.discovery)
                        .manifest(MANIFEST.replace("\"controller_key\": true", "\"controller_key\": false"))
                        .build()
                        .run())
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("controller_key");
        assertThat(requests).isEmpty();
    }

    @Test
    void aControllerThatIsNotThereIsWaitedFor() {
        platform.discovery.removeService("controller");

        assertThatThrownBy(() -> Bootstrap.builder(platform.state, platform.discovery)
                        .manifest(MANIFEST)
                        .patience(Duration.ofMillis(200))
                        .build()
                        .run())
                .hasMessageContaining("timed out waiting for an instance of service \"controller\"");
    }

    private Bootstrap bootstrap() {
        return Bootstrap.builder(platform.state, platform.discovery)
                .manifest(MANIFEST)
                .patience(Duration.ofSeconds(10))
                .build();
    }

    /** Knows nothing, and gives back what it is told to create. */
    private void answer(HttpExchange exchange) throws IOException {
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        requests.add(request);
        lastBodies.put(request, body);
        String authorization = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
        String key =
                new String(Base64.getDecoder().decode(authorization.replace("Basic ", "")), StandardCharsets.UTF_8);
        if (!key.equals(":opensesame")) {
            exchange.sendResponseHeaders(401, -1);
        } else if (request.endsWith("/routes") && request.startsWith("GET")) {
            send(exchange, "[]");
        } else if (request.startsWith("GET")) {
            exchange.sendResponseHeaders(404, -1);
        } else {
            send(exchange, reply(request, body));
        }
        exchange.close();
    }

    private static String reply(String request, String body) {
        String times = ",\"created_at\":\"2030-01-01T00:00:00Z\",\"updated_at\":\"2030-01-01T00:00:00Z\"}";
        String app = request.replaceAll(".*/apps/([^/]*).*", "$1");
        String fields = body.substring(0, body.length() - 1);
        if (request.startsWith("PUT")) {
            String release = request.substring(request.lastIndexOf('/') + 1);
            return fields + ",\"app\":\"%s\",\"release\":\"%s\"".formatted(app, release) + times;
        }
        if (request.endsWith("/deploy")) {
            return """
                    {"id":"a4bb8a6d-5d2b-4c0e-8f66-0d1b7d0d2c11","app":"%s","new_release":"%s","strategy":"one-by-one",
                     "status":"complete","deploy_timeout":120,"created_at":"2030-01-01T00:00:00Z",
                     "finished_at":"2030-01-01T00:00:00Z"}
                    """.formatted(app, app);
        }
        if (request.endsWith("/artifacts") || request.endsWith("/routes")) {
            return fields + ",\"id\":\"a2fb5c8f-1d4e-4c1b-8a53-0f6f7a1f9b10\",\"parent_ref\":\"controller/apps/x\""
                    + times;
        }
        return fields + times;
    }

    private static void send(HttpExchange exchange, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
    }
}
