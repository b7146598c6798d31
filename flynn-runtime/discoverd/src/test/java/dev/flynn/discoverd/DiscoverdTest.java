package dev.flynn.discoverd;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The contract, layer 0, sections 5.2 to 5.6, and its surprises 24 to 33 and 36 as far as they are HTTP's. */
@Timeout(60)
class DiscoverdTest {

    private static final Instance WEB = Instance.of("tcp", "10.0.2.15:1113", Map.of());
    private static final String WEB_BODY = body(WEB, "{}");

    private final TestServer server = new TestServer();

    @AfterEach
    void close() {
        server.close();
    }

    // ---- services

    @Test
    void aServiceIsCreatedOnceAndRemoved() {
        assertThat(server.put("/services/web", "{}").statusCode()).isEqualTo(200);
        assertThat(server.put("/services/web", "{}").body())
                .isEqualTo("{\"code\":\"object_exists\",\"message\":\"discoverd: service \\\"web\\\" already exists\","
                        + "\"retry\":false}");
        assertThat(server.put("/services/web", "{}").statusCode()).isEqualTo(409);

        HttpResponse<String> removed = server.delete("/services/web");
        assertThat(removed.statusCode()).isEqualTo(200);
        assertThat(removed.body()).isEmpty();
        assertRefused(
                server.delete("/services/web"), 404, "object_not_found", "discoverd: service \\\"web\\\" not found");
    }

    @Test
    void theNameIsCheckedWhenAServiceIsCreated() {
        assertRefused(
                server.put("/services/Web_1", "{}"),
                400,
                "validation_error",
                "discoverd: service must be lowercase alphanumeric plus dash");
    }

    @Test
    void theKindOfLeaderIsOldestUnlessItSaysManual() {
        server.put("/services/a", "{}");
        server.put("/services/b", "{\"leader_type\":\"\"}");
        server.put("/services/c", "{\"leader_type\":\"manual\"}");

        assertRefused(
                server.put("/services/a/leader", "{\"id\":\"1\"}"),
                400,
                "validation_error",
                "service leader election type is not manual");
        assertThat(server.put("/services/b/leader", "{\"id\":\"1\"}").statusCode())
                .isEqualTo(400);
        assertThat(server.put("/services/c/leader", "{\"id\":\"1\"}").statusCode())
                .isEqualTo(200);
        assertThat(server.put("/services/d", "{\"leader_type\":\"youngest\"}").statusCode())
                .isEqualTo(400);
        assertThat(server.put("/services/unknown/leader", "{\"id\":\"1\"}").body())
                .contains("service leader election type is not manual");
    }

    // ---- instances

    @Test
    void anInstanceIsRegisteredAndListedWithItsIndex() {
        server.put("/services/web", "{}");

        HttpResponse<String> registered = server.put("/services/web/instances/" + WEB.id(), WEB_BODY);

        assertThat(registered.statusCode()).isEqualTo(200);
        assertThat(registered.body()).isEmpty();
        long index = server.discovery.instances("web").get(0).index();
        HttpResponse<String> list = server.get("/services/web/instances");
        assertThat(list.body())
                .isEqualTo(
                        "[{\"id\":\"8d0d15d0b14d9efe6316493a658e6b3f\",\"addr\":\"10.0.2.15:1113\",\"proto\":\"tcp\","
                                + "\"index\":" + index + "}]");
        assertThat(list.headers().firstValue("Content-Type")).contains("application/json");
    }

    @Test
    void instancesAreSortedByIndexAndKeepItWithOtherMetadata() {
        server.put("/services/web", "{}");
        register("web", 3, "{}");
        register("web", 1, "{}");
        register("web", 2, "{}");
        String before = server.get("/services/web/instances").body();

        register("web", 3, "{\"a\":\"b\"}");

        String after = server.get("/services/web/instances").body();
        assertThat(after)
                .isEqualTo(before.replace(":3\",\"proto\":\"http\"", ":3\",\"proto\":\"http\",\"meta\":{\"a\":\"b\"}"));
        assertThat(server.get("/services/web/leader").body()).contains(":3\"");
    }

    @Test
    void theIdInThePathIsIgnoredTheOneInTheBodyMustBeRight() {
        server.put("/services/web", "{}");

        assertThat(server.put("/services/web/instances/whatever", WEB_BODY).statusCode())
                .isEqualTo(200);
        assertRefused(
                server.put("/services/web/instances/" + WEB.id(), WEB_BODY.replace(WEB.id(), "1")),
                400,
                "validation_error",
                "discoverd: instance id is incorrect, expected " + WEB.id());
        assertThat(server.discovery.instances("web")).hasSize(1);
    }

    @Test
    void whatIsWrongWithAnInstanceIsToldInOrder() {
        server.put("/services/web", "{}");
        Map<String, String> bodies = Map.of(
                "{\"addr\":\"x\",\"id\":\"1\"}", "discoverd: proto must be set",
                "{\"proto\":\"TCP\",\"addr\":\"x\",\"id\":\"1\"}", "discoverd: proto must be lowercase alphanumeric",
                "{\"proto\":\"tcp\",\"addr\":\"x\",\"id\":\"1\"}", "discoverd: addr must be host:port",
                "{\"proto\":\"tcp\",\"addr\":\"x:1\"}", "discoverd: instance id is incorrect");
        bodies.forEach((body, message) ->
                assertRefused(server.put("/services/web/instances/1", body), 400, "validation_error", message));
    }

    @Test
    void readersAcceptAnyCaseAndIgnoreAnIndexAndWhatTheyDoNotKnow() {
        server.put("/services/web", "{}");

        HttpResponse<String> registered = server.put(
                "/services/web/instances/x",
                "{\"ID\":\"%s\",\"Addr\":\"%s\",\"Proto\":\"tcp\",\"index\":77,\"meta\":null,\"more\":[1]}"
                        .formatted(WEB.id(), WEB.addr()));

        assertThat(registered.statusCode()).isEqualTo(200);
        assertThat(server.discovery.instances("web").get(0).index()).isNotEqualTo(77);
    }

    @Test
    void aServiceWithoutInstancesLooksLikeAMissingOne() {
        server.put("/services/web", "{}");

        assertRefused(server.get("/services/web/instances"), 404, "object_not_found", "service not found");
        assertRefused(server.get("/services/nothing/instances"), 404, "object_not_found", "service not found");
        assertRefused(server.get("/services/web/leader"), 404, "object_not_found", "no leader found");
        assertRefused(
                server.put("/services/nothing/instances/x", WEB_BODY),
                404,
                "object_not_found",
                "discoverd: service \\\"nothing\\\" not found");
    }

    @Test
    void anInstanceThatIsNotRegisteredIsDeregisteredAllTheSame() {
        server.put("/services/web", "{}");
        register("web", 1, "{}");

        assertThat(server.delete("/services/web/instances/nobody").statusCode()).isEqualTo(200);
        assertThat(server.delete("/services/web/instances/" + http(1).id()).statusCode())
                .isEqualTo(200);
        assertThat(server.delete("/services/web/instances/" + http(1).id()).statusCode())
                .isEqualTo(200);
        assertThat(server.delete("/services/nothing/instances/x").statusCode()).isEqualTo(404);
    }

    @Test
    void aConnectionIsKeptForAsManyRequestsAsTheClientHas() throws IOException {
        try (var socket = new Socket("127.0.0.1", server.port())) {
            var answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
            for (int number = 0; number < 600; number++) {
                socket.getOutputStream().write("GET /ping HTTP/1.1\r\nHost: discoverd\r\n\r\n".getBytes(US_ASCII));
                assertThat(answers.readLine()).as("answer %d", number).isEqualTo("HTTP/1.1 200 OK");
                String header = answers.readLine();
                while (!header.isEmpty()) {
                    header = answers.readLine();
                }
            }
        }
    }

    // ---- leaders

    @Test
    void theManualLeaderMayBeUnknownAndIsNobodyUntilItRegisters() {
        server.put("/services/db", "{\"leader_type\":\"manual\"}");
        register("db", 1, "{}");
        assertThat(server.put("/services/db/leader", "{\"id\":\"" + http(2).id() + "\"}")
                        .statusCode())
                .isEqualTo(200);
        assertThat(server.get("/services/db/leader").statusCode()).isEqualTo(404);

        register("db", 2, "{}");

        assertThat(server.get("/services/db/leader").body()).contains(http(2).id());
        server.delete("/services/db/instances/" + http(2).id());
        assertThat(server.get("/services/db/leader").statusCode()).isEqualTo(404);
    }

    // ---- metadata

    @Test
    void metadataChangesByCompareAndSet() {
        assertRefused(server.get("/services/db/meta"), 404, "object_not_found", "service meta not found");
        assertThat(server.put("/services/db/meta", "{\"data\":1}").statusCode()).isEqualTo(404);
        server.put("/services/db", "{}");
        assertRefused(
                server.put("/services/db/meta", "{\"data\":1,\"index\":9}"),
                412,
                "precondition_failed",
                "Service metadata for \\\"db\\\" does not exist, use index=0 to set");

        String created = server.put("/services/db/meta", "{\"data\":{\"b\":1,\"a\":[true,null]}}")
                .body();

        assertThat(created).startsWith("{\"data\":{\"b\":1,\"a\":[true,null]},\"index\":");
        assertThat(server.get("/services/db/meta").body()).isEqualTo(created);
        String index = created.replaceAll(".*:(\\d+)}", "$1");
        assertRefused(
                server.put("/services/db/meta", "{\"data\":1}"),
                409,
                "object_exists",
                "Service metadata for \\\"db\\\" already exists, use index=" + index + " to set");
        assertRefused(
                server.put("/services/db/meta", "{\"data\":1,\"index\":" + (Long.parseLong(index) + 1) + "}"),
                412,
                "precondition_failed",
                "Service metadata for \\\"db\\\" exists, but wrong index provided");
        HttpResponse<String> replaced = server.put("/services/db/meta", "{\"data\":null,\"index\":" + index + "}");
        assertThat(replaced.body()).startsWith("{\"data\":null,\"index\":");
    }

    @Test
    void metadataAndLeaderChangeTogether() {
        server.put("/services/db", "{\"leader_type\":\"manual\"}");
        server.put("/services/web", "{}");
        register("db", 1, "{}");

        HttpResponse<String> written =
                server.put("/services/db/meta", "{\"data\":1,\"leader_id\":\"" + http(1).id() + "\"}");

        assertThat(written.body()).doesNotContain("leader");
        assertThat(server.get("/services/db/leader").body()).contains(http(1).id());
        assertThat(server.put("/services/web/meta", "{\"data\":1,\"leader_id\":\"x\"}")
                        .statusCode())
                .isEqualTo(400);
        assertThat(server.get("/services/web/meta").statusCode()).isEqualTo(404);
    }

    // ---- bodies and paths

    @Test
    void aMalformedBodyIsTheClientsFaultAnEmptyOrCutOffOneTheServers() {
        for (String malformed : List.of("{]", "[]", "\"x\"", "{\"leader_type\":7}", "null")) {
            assertRefused(
                    server.put("/services/web", malformed), 400, "syntax_error", "The provided JSON input is invalid");
        }
        for (String cutOff : List.of("", "{", "{\"leader_type\":\"man")) {
            assertRefused(server.put("/services/web", cutOff), 500, "unknown_error", "Something went wrong");
        }
    }

    @Test
    void aBodyThatIsTooBigIsRefused() {
        server.put("/services/db", "{}");

        HttpResponse<String> refused =
                server.put("/services/db/meta", "{\"data\":\"" + "x".repeat((1 << 20) + 1) + "\"}");

        assertRefused(refused, 400, "request_body_too_big", "a request has at most 1048576 bytes");
    }

    @Test
    void unknownPathsAndMethodsAreNotFoundInPlainText() {
        for (String path : List.of(
                "/",
                "/services",
                "/nothing",
                "/services/a/b",
                "/services/a/b/c/d",
                "/raft",
                "/raft/x",
                "/raft/leader/x")) {
            HttpResponse<String> answer = server.get(path);
            assertThat(answer.statusCode()).as(path).isEqualTo(404);
            assertThat(answer.body()).as(path).isEqualTo("404 page not found\n");
            assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/plain");
        }
        assertThat(server.send("POST", "/ping", "").statusCode()).isEqualTo(404);
        assertThat(server.send("POST", "/services/web", "{}").statusCode()).isEqualTo(404);
        assertThat(server.get("/services/web/instances/1").statusCode()).isEqualTo(404);
    }

    @Test
    void aSlashAtTheEndIsRedirected() {
        HttpResponse<String> get = server.get("/ping/");
        HttpResponse<String> put = server.put("/services/web/?a=b", "{}");

        assertThat(get.statusCode()).isEqualTo(301);
        assertThat(get.headers().firstValue("Location")).contains("/ping");
        assertThat(put.statusCode()).isEqualTo(307);
        assertThat(put.headers().firstValue("Location")).contains("/services/web?a=b");
        assertThat(server.get("//evil.example.com/").headers().firstValue("Location"))
                .contains("/evil.example.com");
    }

    @Test
    void aPathThatCannotBeDecodedIsNotFound() {
        assertThat(new RawRequest(server.port()).status("GET /services/%zz HTTP/1.1"))
                .isBetween(400, 404);
        assertThat(new RawRequest(server.port()).status("GET /services/%ff/leader HTTP/1.1"))
                .isBetween(400, 404);
    }

    // ---- the host

    @Test
    void aPingIsAnsweredWithNothing() {
        HttpResponse<String> ping = server.get("/ping");
        assertThat(ping.statusCode()).isEqualTo(200);
        assertThat(ping.body()).isEmpty();
    }

    @Test
    void theStatusIsHealthyWhileThereIsALeader() {
        assertThat(server.get("/.well-known/status").body())
                .isEqualTo("{\n  \"data\": {\n    \"status\": \"healthy\"\n  }\n}");

        try (var headless = new TestServer(
                java.time.Duration.ofSeconds(30), ClusterPeers.readOnly(Optional::empty, List::of, () -> 0))) {
            assertThat(headless.get("/.well-known/status").statusCode()).isEqualTo(500);
            assertThat(headless.get("/raft/leader").statusCode()).isEqualTo(503);
            assertThat(headless.get("/raft/leader").body()).contains("\"retry\":true");
        }
    }

    @Test
    void aHostOfItsOwnIsItsOwnLeaderAndPeer() {
        String self = "127.0.0.1:" + server.port();

        assertThat(server.get("/raft/leader").body()).isEqualTo("{\"host\":\"" + self + "\"}");
        assertThat(server.get("/raft/peers").body()).isEqualTo("[\"" + self + "\"]");
        assertThat(server.put("/raft/peers/" + self, "").body()).isEqualTo("{\"last_index\":0}");
        assertThat(server.delete("/raft/peers/10.9.9.9:1111").statusCode()).isEqualTo(200);
        assertThat(server.put("/raft/peers/10.9.9.9:1111", "").statusCode()).isEqualTo(501);
        assertThat(server.send("POST", "/raft/promote", "").statusCode()).isEqualTo(501);
    }

    @Test
    void peersAreChangedWhereTheHostAllowsIt() {
        List<String> calls = new ArrayList<>();
        ClusterPeers peers = new ClusterPeers() {
            @Override
            public Optional<String> leader() {
                return Optional.of("a:1");
            }

            @Override
            public List<String> peers() {
                return List.of("a:1", "b:1");
            }

            @Override
            public long lastIndex() {
                return 42;
            }

            @Override
            public void add(String address) {
                calls.add("add " + address);
            }

            @Override
            public void remove(String address) {
                calls.add("remove " + address);
            }

            @Override
            public void promote() {
                calls.add("promote");
            }

            @Override
            public void demote() {
                calls.add("demote");
            }
        };
        try (var clustered = new TestServer(java.time.Duration.ofSeconds(30), peers)) {
            assertThat(clustered.put("/raft/peers/c:1", "").body()).isEqualTo("{\"last_index\":42}");
            clustered.delete("/raft/peers/b:1");
            clustered.send("POST", "/raft/nodes?addr=d:1", "");
            clustered.send("DELETE", "/raft/nodes?addr=e:1", null);
            clustered.send("POST", "/raft/promote", "");
            clustered.send("POST", "/raft/demote", "");

            assertThat(calls).containsExactly("add c:1", "remove b:1", "add d:1", "remove e:1", "promote", "demote");
            assertThat(clustered.send("POST", "/raft/nodes", "").statusCode()).isEqualTo(400);
            assertThat(clustered.send("POST", "/shutdown", "").body()).isEqualTo("{\"last_index\":42}");
        }
    }

    @Test
    void afterShutdownEveryRequestIsRefused() throws Exception {
        RawStream stream = server.stream("/services/web", true);
        assertThat(stream.data()).contains("current");

        assertThat(server.send("POST", "/shutdown", "").statusCode()).isEqualTo(200);

        assertThat(stream.line()).isEqualTo("event: error");
        HttpResponse<String> refused = server.get("/ping");
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(refused.body()).contains("\"code\":\"service_unavailable\"").contains("\"retry\":true");
        server.discovery.createService("still", LeaderType.OLDEST);
        await().until(() -> server.discovery.services().contains("still"));
    }

    @Test
    void aPortThatIsTakenIsRefusedWithItsName() {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> Discoverd.builder(server.discovery, new InetSocketAddress("127.0.0.1", server.port()))
                        .start())
                .matches(e -> e.code() == ErrorCode.CONFLICT)
                .withMessageContaining(String.valueOf(server.port()));
    }

    // ---- helpers

    private void register(String service, int port, String meta) {
        HttpResponse<String> answer = server.put("/services/" + service + "/instances/x", body(http(port), meta));
        assertThat(answer.statusCode()).isEqualTo(200);
    }

    private static Instance http(int port) {
        return Instance.of("http", "10.0.0.1:" + port, Map.of());
    }

    private static String body(Instance instance, String meta) {
        return "{\"id\":\"%s\",\"addr\":\"%s\",\"proto\":\"%s\",\"meta\":%s}"
                .formatted(instance.id(), instance.addr(), instance.proto(), meta);
    }

    private static void assertRefused(HttpResponse<String> answer, int status, String code, String message) {
        assertThat(answer.body()).contains("\"code\":\"" + code + "\"").contains("\"message\":\"" + message);
        assertThat(answer.statusCode()).isEqualTo(status);
    }
}
