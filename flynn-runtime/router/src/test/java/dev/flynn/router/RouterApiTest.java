package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.route.Route;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.program.RunningRouter;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.state.route.NewRoute;
import dev.flynn.state.route.RouteCatalog;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Routes through the router's API (contract: layer 1, Management API). */
class RouterApiTest {

    private static final FlynnJson JSON = new FlynnJson();
    private static final String UNKNOWN_ID = "0e8f3d5c-7f5e-4c41-a0b1-54a3ab5c0d11";

    @RegisterExtension
    final ProgramFixture cluster = new ProgramFixture();

    @Test
    void theStatusIsForEverybodyAndTheRestForThoseWhoHaveTheKey() throws IOException {
        RunningRouter router = cluster.start();

        HttpMessage status = ProgramFixture.ask(router, "GET", "/.well-known/status", "", new String[0]);
        assertThat(status.status()).isEqualTo(200);
        assertThat(status.text()).startsWith("{\"data\":{").contains("\"status\":\"healthy\"");

        for (String path : List.of("/routes", "/events", "/metrics", "/x")) {
            HttpMessage refused = ProgramFixture.ask(router, "GET", path, "", new String[0]);
            assertThat(refused.status()).as(path).isEqualTo(401);
            assertThat(refused.field("WWW-Authenticate")).contains("Basic realm=\"flynn router\"");
            assertThat(refused.text()).contains("\"code\":\"unauthorized\"", "the cluster's key");
        }
        assertThat(ask(router, "GET", "/x", "").status()).isEqualTo(404);
        assertThat(ask(router, "DELETE", "/routes", "").field("Allow")).contains("GET, POST");
    }

    @Test
    void anHttpRouteIsCreatedReadAndDeleted() throws IOException {
        RunningRouter router = cluster.start();
        cluster.register("web", cluster.backend("hello"));

        JsonNode created = made(router, "{\"type\":\"http\",\"domain\":\"app\",\"service\":\"web\"}");

        String path = "/routes/http/" + created.path("id").asText();
        assertThat(created.path("path").asText()).isEqualTo("/");
        assertThat(json(ask(router, "GET", path, ""))).isEqualTo(created);
        await().untilAsserted(() ->
                assertThat(ProgramFixture.get(router, "app").text()).isEqualTo("hello"));

        HttpMessage deleted = ask(router, "DELETE", path, "");
        assertThat(deleted.status()).isEqualTo(200);
        assertThat(deleted.body()).isEmpty();
        HttpMessage missing = ask(router, "GET", path, "");
        assertThat(missing.status()).isEqualTo(404);
        assertThat(missing.body()).isEmpty();
    }

    @Test
    void aTcpRouteIsCreatedReadAndDeleted() throws IOException {
        RunningRouter router = cluster.start();

        JsonNode created = made(router, "{\"type\":\"tcp\",\"service\":\"db\"}");

        String path = "/routes/tcp/" + created.path("id").asText();
        assertThat(created.path("port").asInt()).isPositive();
        assertThat(json(ask(router, "GET", path, ""))).isEqualTo(created);
        assertThat(ask(router, "DELETE", path, "").status()).isEqualTo(200);
        assertThat(ask(router, "GET", path, "").status()).isEqualTo(404);
    }

    @Test
    void aSecondRouteOfTheSameIsAConflictThatShowsIt() throws IOException {
        RunningRouter router = cluster.start();
        String route = "{\"type\":\"http\",\"domain\":\"app\",\"service\":\"web\"}";
        made(router, route);

        HttpMessage duplicate = ask(router, "POST", "/routes", route);

        assertThat(duplicate.status()).isEqualTo(409);
        JsonNode error = json(duplicate);
        assertThat(error.path("code").asText()).isEqualTo("conflict");
        assertThat(error.path("message").asText()).isEqualTo("Duplicate route");
        assertThat(error.path("detail").path("domain").asText()).isEqualTo("app");
    }

    @Test
    void anHttpRouteTakesAnotherServiceAndCertificate() throws IOException {
        RunningRouter router = cluster.start();
        JsonNode created = made(router, "{\"type\":\"http\",\"domain\":\"app\",\"service\":\"web\",\"sticky\":true}");
        String path = "/routes/http/" + created.path("id").asText();
        Certificate certificate = TestCertificates.named("app");
        String change = JSON.write(Map.of(
                "domain",
                "app",
                "service",
                "other",
                "parent_ref",
                "me",
                "tls_cert",
                certificate.chain(),
                "tls_key",
                certificate.key()));

        JsonNode updated = json(ask(router, "PUT", path, change));

        assertThat(updated.path("service").asText()).isEqualTo("other");
        assertThat(updated.path("parent_ref").asText()).isEqualTo("me");
        assertThat(updated.has("sticky")).as("everything is replaced").isFalse();
        assertThat(updated.path("tls_cert").asText()).isEqualTo(certificate.chain());
        assertThat(json(ask(router, "GET", path, ""))).isEqualTo(updated);
    }

    @Test
    void aTcpRouteTakesAnotherService() throws IOException {
        RunningRouter router = cluster.start();
        JsonNode created = made(router, "{\"type\":\"tcp\",\"service\":\"db\"}");
        String path = "/routes/tcp/" + created.path("id").asText();

        JsonNode updated = json(ask(
                router,
                "PUT",
                path,
                "{\"service\":\"db2\",\"port\":%d}"
                        .formatted(created.path("port").asInt())));

        assertThat(updated.path("service").asText()).isEqualTo("db2");
        assertThat(json(ask(router, "GET", path, ""))).isEqualTo(updated);
    }

    @Test
    void theListIsNewestFirstAndByOwner() throws IOException {
        RunningRouter router = cluster.start();
        assertThat(ask(router, "GET", "/routes", "").text()).isEqualTo("[]");
        made(router, "{\"type\":\"http\",\"domain\":\"a\",\"service\":\"web\",\"parent_ref\":\"one\"}");
        made(router, "{\"type\":\"tcp\",\"service\":\"b\",\"parent_ref\":\"two\"}");
        made(router, "{\"type\":\"http\",\"domain\":\"c\",\"service\":\"web\",\"parent_ref\":\"one\"}");

        assertThat(list(router, "")).isEqualTo("c b a");
        assertThat(list(router, "?parent_ref=one")).isEqualTo("c a");
        assertThat(list(router, "?parent_ref=none")).isEmpty();
    }

    @Test
    void pathsNeedTheirRootAndAreAnsweredAsTheyWereSent() throws IOException {
        RunningRouter router = cluster.start();
        String below = "{\"type\":\"http\",\"domain\":\"app\",\"service\":\"web\",\"path\":\"/a\"}";
        HttpMessage rootless = ask(router, "POST", "/routes", below);
        assertThat(rootless.status()).isEqualTo(400);
        assertThat(rootless.text()).contains("\"message\":\"Invalid route\"", "\"detail\":{");
        JsonNode root = made(router, "{\"type\":\"http\",\"domain\":\"app\",\"service\":\"web\"}");

        JsonNode created = made(router, below);

        assertThat(created.path("path").asText()).isEqualTo("/a");
        String stored = "/routes/http/" + created.path("id").asText();
        assertThat(json(ask(router, "GET", stored, "")).path("path").asText()).isEqualTo("/a/");
        String rootPath = "/routes/http/" + root.path("id").asText();
        HttpMessage dependent = ask(router, "DELETE", rootPath, "");
        assertThat(dependent.status()).isEqualTo(400);
        assertThat(dependent.text()).contains("\"message\":\"Route has dependent routes\"");
        assertThat(ask(router, "DELETE", stored, "").status()).isEqualTo(200);
        assertThat(ask(router, "DELETE", rootPath, "").status()).isEqualTo(200);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            POST   | /routes                | {                                                            | 400 | syntax_error
            POST   | /routes                | {"type":"udp","service":"s"}                                 | 400 | "field":"type"
            POST   | /routes                | {"type":"http","domain":"d","service":""}                    | 400 | "field":"service"
            POST   | /routes                | {"type":"http","domain":"","service":"s"}                    | 400 | "field":"domain"
            POST   | /routes                | {"type":"http","domain":"d","service":"s","path":"a"}        | 400 | Invalid route
            POST   | /routes                | {"type":"tcp","service":"s","port":-1}                       | 400 | "field":"port"
            POST   | /routes                | {"type":"tcp","service":"s","port":65535}                    | 400 | "field":"port"
            POST   | /routes                | {"type":"tcp","service":"s","port":443}                      | 409 | Port reserved
            GET    | /routes/http/x         | ``                                                           | 400 | "field":"id"
            GET    | /routes/udp/{id}       | ``                                                           | 404 | ``
            GET    | /routes/http/{id}      | ``                                                           | 404 | ``
            PUT    | /routes/http/{id}      | {"domain":"d","service":"s"}                                 | 404 | ``
            PUT    | /routes/udp/{id}       | {"domain":"d","service":"s"}                                 | 400 | "field":"type"
            PUT    | /routes/tcp/{id}       | {"service":"s"}                                              | 400 | "field":"port"
            DELETE | /routes/http/{id}      | ``                                                           | 200 | ``
            DELETE | /routes/udp/{id}       | ``                                                           | 404 | ``
            """)
    void whatIsWrongIsToldByField(String method, String path, String body, int status, String said) throws IOException {
        RunningRouter router = cluster.start();

        HttpMessage answer = ask(router, method, path.replace("{id}", UNKNOWN_ID), body);

        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        if (said.isEmpty()) {
            assertThat(answer.text()).isEmpty();
        } else {
            assertThat(answer.text()).contains(said, "\"retry\":false");
        }
    }

    @Test
    void tenPortsAreGivenOutAndCanBeHadAgain() throws IOException {
        RunningRouter router = cluster.start();
        cluster.register("echo", cluster.closing(TestBackend.running(connection -> connection.send("hello"))));
        int first = tenFreePorts();
        var routes = new RouteCatalog(cluster.state(), first, first + 9);
        NewRoute any = JSON.read("{\"type\":\"tcp\",\"service\":\"echo\"}", NewRoute.class);

        for (int round = 1; round <= 2; round++) {
            List<Route> made = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                made.add(routes.create("me", any));
            }
            assertThat(made)
                    .extracting(route -> route.port().orElseThrow())
                    .allMatch(port -> port >= first && port < first + 10);
            assertThat(catchThrowable(() -> routes.create("me", any))).hasMessageContaining("no ports available");
            await().ignoreExceptions().untilAsserted(() -> {
                for (Route route : made) {
                    assertThat(firstWord(router, route.port().orElseThrow())).isEqualTo("hello");
                }
            });
            made.forEach(route -> routes.delete("tcp", route.id().toString()));
        }
    }

    private static int tenFreePorts() {
        while (true) {
            int first = RouterFixture.freePort();
            if (IntStream.range(first, first + 10).allMatch(RouterApiTest::isFree)) {
                return first;
            }
        }
    }

    private static boolean isFree(int port) {
        try (var probe = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
            return probe.isBound();
        } catch (IOException taken) {
            return false;
        }
    }

    private static String firstWord(RunningRouter router, int port) throws IOException {
        var address = new InetSocketAddress(router.httpAddress().getAddress(), port);
        try (TestClient client = TestClient.connect(address)) {
            return new String(client.in().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static HttpMessage ask(RunningRouter router, String method, String path, String body) throws IOException {
        return ProgramFixture.ask(router, method, path, body);
    }

    private static JsonNode made(RunningRouter router, String body) throws IOException {
        HttpMessage answer = ask(router, "POST", "/routes", body);
        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        return json(answer);
    }

    private static JsonNode json(HttpMessage answer) {
        return JSON.readTree(answer.text());
    }

    /** The domains of HTTP routes and the services of TCP routes, in the order of the list. */
    private static String list(RunningRouter router, String query) throws IOException {
        return StreamSupport.stream(
                        json(ask(router, "GET", "/routes" + query, "")).spliterator(), false)
                .map(route -> route.path("domain").asText(route.path("service").asText()))
                .collect(Collectors.joining(" "));
    }
}
