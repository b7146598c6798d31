package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.flynn.base.ClusterCertificate;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoutesTest {

    /** A certificate of its own, valid for ever as far as this test goes. */
    private static final String NOT_A_CERTIFICATE = "-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n";

    @TempDir
    Path directory;

    private TestController controller;
    private String app;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        app = controller.createApp("ledger");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    private Answer add(String domain, String rest) {
        return controller.post(
                "/apps/ledger/routes",
                "{\"type\":\"http\",\"domain\":\"%s\",\"service\":\"ledger-web\"%s}".formatted(domain, rest));
    }

    private String added(String domain, String rest) {
        return "/apps/ledger/routes/http/" + add(domain, rest).ok().get("id").asText();
    }

    @Test
    void aRouteIsFlatBelongsToItsAppAndHasAPath() {
        JsonNode route = add("ledger.example.net", ",\"sticky\":true,\"created_at\":\"0001-01-01T00:00:00Z\"")
                .ok();

        assertThat(route.get("type").asText()).isEqualTo("http");
        assertThat(route.get("parent_ref").asText()).isEqualTo("controller/apps/" + app);
        assertThat(route.get("path").asText()).isEqualTo("/");
        assertThat(route.get("sticky").asBoolean()).isTrue();
        assertThat(route.get("leader").asBoolean()).isFalse();
        assertThat(route.get("id").asText()).doesNotContain("/");
        assertThat(controller
                        .get("/apps/ledger/routes/http/" + route.get("id").asText())
                        .json())
                .isEqualTo(route);
        assertThat(controller.get("/apps/ledger/routes").ok().findValuesAsText("domain"))
                .containsExactly("ledger.example.net", "ledger.flynn.test");
    }

    @Test
    void theSameDomainAndPathIsAConflictWhateverTheCaseOfItsLetters() {
        add("ledger.example.net", "").ok();

        Answer duplicate = add("Ledger.Example.NET", "");

        assertThat(duplicate.status()).isEqualTo(409);
        assertThat(duplicate.json().get("code").asText()).isEqualTo("conflict");
        assertThat(duplicate.json().get("message").asText()).isEqualTo("Duplicate route");
        assertThat(duplicate.json().at("/detail/domain").asText()).isEqualTo("Ledger.Example.NET");
    }

    @Test
    void oneOfManyWhoWantADomainAtTheSameTimeGetsIt() throws Exception {
        List<Integer> statuses = Collections.synchronizedList(new ArrayList<>());
        atTheSameTime(6, () -> statuses.add(add("busy.example.net", "").status()));

        assertThat(statuses).containsOnlyOnce(200).hasSize(6);
        assertThat(controller.get("/apps/ledger/routes").ok()).hasSize(2);
    }

    @Test
    void aPathNeedsItsRootAndGetsItsSlash() {
        Answer orphan = add("ledger.example.net", ",\"path\":\"/admin\"");
        assertThat(orphan.status()).isEqualTo(400);
        assertThat(orphan.json().get("message").asText()).isEqualTo("Invalid route");
        assertThat(orphan.json().at("/detail/path").asText()).isEqualTo("/admin/");

        add("ledger.example.net", "").ok();
        assertThat(add("ledger.example.net", ",\"path\":\"/admin\"")
                        .ok()
                        .get("path")
                        .asText())
                .isEqualTo("/admin/");
        assertThat(add("ledger.example.net", ",\"path\":\"/admin/\"").status()).isEqualTo(409);
        assertThat(add("ledger.example.net", ",\"path\":\"admin\"")
                        .json()
                        .get("message")
                        .asText())
                .isEqualTo("Invalid route");
    }

    @Test
    void theRootStaysWhileOtherPathsNeedIt() {
        String root = added("ledger.example.net", "");
        String admin = added("ledger.example.net", ",\"path\":\"/admin/\"");

        Answer refused = controller.delete(root);
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().get("message").asText()).isEqualTo("Route has dependent routes");

        assertThat(controller.delete(admin).body()).isEmpty();
        assertThat(controller.delete(root).status()).isEqualTo(200);
        assertThat(controller.get(root).status()).isEqualTo(404);
        add("ledger.example.net", "").ok();
    }

    @Test
    void aDomainThatBeginsLikeAnotherIsAnotherDomain() {
        String root = added("a.example", "");
        added("a.example.net", "");
        added("a.example.net", ",\"path\":\"/x/\"");

        assertThat(controller.delete(root).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "http://x", "a:80"})
    void aDomainIsAHostName(String domain) {
        assertThat(add(domain, "").json().at("/detail/field").asText()).isEqualTo("domain");
    }

    @Test
    void unknownTypesAreRefused() {
        assertThat(controller
                        .post("/apps/ledger/routes", "{\"type\":\"udp\"}")
                        .json()
                        .get("message")
                        .asText())
                .isEqualTo("type Invalid route type");
    }

    @Test
    void aCertificateMustBeOneAndHaveItsKey() {
        assertThat(add("x.example", ",\"tls_cert\":\"x\"")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("tls_cert");
        assertThat(add("x.example", ",\"tls_cert\":\"%s\",\"tls_key\":\"k\"".formatted(NOT_A_CERTIFICATE))
                        .json()
                        .get("message")
                        .asText())
                .startsWith("tls_cert is not a certificate");
    }

    @Test
    void aNameThatNoClientAsksForIsRefusedWithTheOneTheyDo() {
        assertThat(add("bücher.example", "").json().get("message").asText())
                .isEqualTo("domain must be encoded as clients send it: xn--bcher-kva.example for bücher.example");
    }

    @Test
    void aCertificateWithTheKeyOfAnotherIsRefused() {
        ClusterCertificate own = ClusterCertificate.generate(List.of("x.example"), Instant.now());
        ClusterCertificate other = ClusterCertificate.generate(List.of("x.example"), Instant.now());
        String certificate = ",\"tls_cert\":\"%s\",\"tls_key\":\"%s\"";

        JsonNode refusal = add("x.example", certificate.formatted(json(own.cert()), json(other.key())))
                .json();
        assertThat(refusal.at("/detail/field").asText()).isEqualTo("tls_key");
        assertThat(refusal.get("message").asText()).contains("the private key is not that of the first certificate");
        add("x.example", certificate.formatted(json(own.cert()), json(own.key())))
                .ok();
    }

    private static String json(String pem) {
        return pem.replace("\n", "\\n");
    }

    @Test
    void anUpdateReplacesEverythingButTheDomain() {
        String path = added("ledger.example.net", ",\"sticky\":true");
        String id = path.substring(path.lastIndexOf('/') + 1);

        JsonNode updated = controller
                .put(
                        path,
                        "{\"type\":\"http\",\"id\":\"ignored\",\"domain\":\"ledger.example.net\",\"service\":\"other\"}")
                .ok();

        assertThat(updated.get("id").asText()).isEqualTo(id);
        assertThat(updated.get("service").asText()).isEqualTo("other");
        assertThat(updated.has("sticky")).isFalse();
        assertThat(updated.get("parent_ref").asText()).isEqualTo("controller/apps/" + app);
        assertThat(controller
                        .put(path, "{\"type\":\"http\",\"domain\":\"other.example\",\"service\":\"x\"}")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void aPathMayMoveToAFreePlace() {
        added("ledger.example.net", "");
        String admin = added("ledger.example.net", ",\"path\":\"/admin/\"");
        added("ledger.example.net", ",\"path\":\"/taken/\"");
        String body = "{\"type\":\"http\",\"domain\":\"ledger.example.net\",\"service\":\"x\",\"path\":\"%s\"}";

        assertThat(controller.put(admin, body.formatted("/taken")).status()).isEqualTo(409);
        assertThat(controller
                        .put(admin, body.formatted("/moved"))
                        .ok()
                        .get("path")
                        .asText())
                .isEqualTo("/moved/");
        added("ledger.example.net", ",\"path\":\"/admin/\"");
    }

    @Test
    void anotherAppsRouteIsNotThere() {
        controller.createApp("other");
        String path = added("ledger.example.net", "").replace("/ledger/", "/other/");

        assertThat(controller.get(path).status()).isEqualTo(404);
        assertThat(controller.delete(path).status()).isEqualTo(404);
        assertThat(controller
                        .put(path, "{\"type\":\"http\",\"domain\":\"ledger.example.net\"}")
                        .status())
                .isEqualTo(404);
        assertThat(controller.get("/apps/ledger/routes/http/nothing").status()).isEqualTo(404);
    }

    @Test
    void changesAreToldWithoutKeys() {
        String path = added("ledger.example.net", "");
        controller.delete(path).ok();

        JsonNode events = controller
                .get("/events?object_types=route,route_deletion&count=2", "Accept", "application/json")
                .ok();

        assertThat(events.findValuesAsText("object_type")).containsExactly("route_deletion", "route");
        assertThat(events.get(0).get("app").asText()).isEqualTo(app);
        assertThat(events.get(0).at("/data/domain").asText()).isEqualTo("ledger.example.net");
        assertThat(events.get(0).get("data").has("tls_key")).isFalse();
    }

    @Test
    void theRoutesOfAllAppsAreListedNewestFirst() {
        controller.createApp("other");

        assertThat(controller.get("/routes").ok().findValuesAsText("domain"))
                .startsWith("other." + TestController.DOMAIN)
                .contains("ledger." + TestController.DOMAIN);
    }

    private Answer addTcp(String rest) {
        return controller.post("/apps/ledger/routes", "{\"type\":\"tcp\",\"service\":\"ledger-db\"%s}".formatted(rest));
    }

    @Test
    void aTcpRouteGetsTheLowestPortThatNoRouteHas() {
        JsonNode first = addTcp("").ok();
        assertThat(first.get("port").asInt()).isEqualTo(3000);
        assertThat(first.has("domain") || first.has("path") || first.has("sticky"))
                .isFalse();
        addTcp(",\"port\":3001").ok();
        assertThat(addTcp("").ok().get("port").asInt()).isEqualTo(3002);

        controller.delete("/apps/ledger/routes/tcp/" + first.get("id").asText()).ok();
        assertThat(addTcp("").ok().get("port").asInt()).isEqualTo(3000);
    }

    @Test
    void tcpRoutesThatAreAddedAtTheSameTimeGetPortsOfTheirOwn() throws Exception {
        List<Integer> ports = Collections.synchronizedList(new ArrayList<>());
        atTheSameTime(12, () -> ports.add(addTcp("").ok().get("port").asInt()));

        assertThat(ports).hasSize(12).doesNotHaveDuplicates();
    }

    private static void atTheSameTime(int count, Runnable action) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Thread thread = new Thread(action);
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    @Test
    void aPortHasOneRoute() {
        addTcp(",\"port\":9999").ok();

        Answer duplicate = addTcp(",\"port\":9999");

        assertThat(duplicate.status()).isEqualTo(409);
        assertThat(duplicate.json().get("message").asText()).isEqualTo("Duplicate route");
        assertThat(duplicate.json().at("/detail/port").asInt()).isEqualTo(9999);
    }

    @Test
    void portsThatAHostNeedsForItselfAreRefused() {
        for (int port : new int[] {53, 1053, 1111, 1112, 1113}) {
            Answer reserved = addTcp(",\"port\":" + port);
            assertThat(reserved.status()).isEqualTo(409);
            assertThat(reserved.json().get("message").asText())
                    .isEqualTo("Port %d is used by the platform's hosts; take another, or none to get one"
                            .formatted(port));
        }
    }

    @Test
    void portsOfHttpAndPortsThatAreNoneAreRefused() {
        for (int port : new int[] {80, 443}) {
            Answer reserved = addTcp(",\"port\":" + port);
            assertThat(reserved.status()).isEqualTo(409);
            assertThat(reserved.json().get("message").asText()).isEqualTo("Port reserved for HTTP/HTTPS traffic");
        }
        for (int port : new int[] {-1, 65_535}) {
            Answer wrong = addTcp(",\"port\":" + port);
            assertThat(wrong.status()).isEqualTo(400);
            assertThat(wrong.json().at("/detail/field").asText()).isEqualTo("port");
        }
        assertThat(add("ledger.example.net", ",\"port\":8080")
                        .json()
                        .get("message")
                        .asText())
                .isEqualTo("Invalid route");
    }

    @Test
    void whenAllPortsAreTakenNoneIsAvailable() {
        for (int port = 3000; port <= 3500; port++) {
            addTcp(",\"port\":" + port).ok();
        }

        Answer full = addTcp("");

        assertThat(full.status()).isEqualTo(409);
        assertThat(full.json().get("message").asText()).contains("no ports available", "3000 to 3500");
    }

    @Test
    void aTcpRouteChangesItsServiceAndKeepsItsPort() {
        JsonNode route = addTcp("").ok();
        String path = "/apps/ledger/routes/tcp/" + route.get("id").asText();

        JsonNode changed = controller
                .put(path, "{\"type\":\"tcp\",\"service\":\"other\",\"port\":3000,\"leader\":true}")
                .ok();

        assertThat(changed.get("service").asText()).isEqualTo("other");
        assertThat(changed.get("leader").asBoolean()).isTrue();
        assertThat(changed.get("port").asInt()).isEqualTo(3000);
        assertThat(controller.get(path).ok()).isEqualTo(changed);
        assertThat(controller
                        .put(path, "{\"type\":\"tcp\",\"service\":\"other\",\"port\":3001}")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void aPolicyIsKeptWithWhatWasLeftOut() {
        String policy = ",\"drain_backends\":true,\"disable_keep_alives\":true,\"backend_protocol\":\"h2c\","
                + "\"policy\":{\"redirect_to_https\":true,\"max_concurrent\":7,\"rate_limit\":{\"requests\":10},"
                + "\"auth\":{\"scheme\":\"basic\",\"users\":{\"alice\":\"" + "a".repeat(64) + "\"}},"
                + "\"maintenance\":{\"body\":\"back at noon\"}}";
        String path = added("ledger.example.net", policy);

        JsonNode route = controller.get(path).ok();

        assertThat(route.get("drain_backends").asBoolean()).isTrue();
        assertThat(route.get("disable_keep_alives").asBoolean()).isTrue();
        assertThat(route.get("backend_protocol").asText()).isEqualTo("h2c");
        assertThat(route.at("/policy/rate_limit/burst").asInt()).isEqualTo(10);
        assertThat(route.at("/policy/rate_limit/per").asLong()).isEqualTo(1_000_000_000L);
        assertThat(route.at("/policy/auth/scheme").asText()).isEqualTo("basic");
        assertThat(route.at("/policy/auth/realm").asText()).isEqualTo("protected");
        assertThat(route.at("/policy/max_concurrent").asInt()).isEqualTo(7);
        assertThat(route.at("/policy/maintenance/status").asInt()).isEqualTo(503);
        assertThat(route.get("policy").has("request_headers")).isFalse();
        assertThat(route.get("policy").has("max_body_bytes")).isFalse();
        assertThat(controller.put(path, route.toString()).ok().get("policy")).isEqualTo(route.get("policy"));
    }

    @Test
    void aPolicyThatCannotBeIsRefusedByField() {
        Answer wrong = add("ledger.example.net", ",\"policy\":{\"rate_limit\":{\"requests\":0}}");

        assertThat(wrong.status()).isEqualTo(400);
        assertThat(wrong.json().at("/detail/field").asText()).isEqualTo("requests");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"weights\":{\"next\":5}",
                "\"policy\":{\"max_body_bytes\":5}",
                "\"policy\":{\"request_headers\":{\"remove\":[\"X-Debug\"]}}",
                "\"policy\":{\"response_headers\":{\"set\":{\"X-Frame-Options\":\"DENY\"}}}"
            })
    void whatTheRouterDoesIsKeptAsSent(String fields) {
        JsonNode route = add("ledger.example.net", "," + fields).ok();

        assertThat(controller
                        .get("/apps/ledger/routes/http/" + route.get("id").asText())
                        .ok())
                .isEqualTo(route);
        assertThat(route.toString()).contains(fields.substring(fields.indexOf('{') + 1, fields.length() - 1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"auth\":{\"scheme\":\"digest\",\"realm\":\"r\",\"users\":{\"u\":\"0123456789abcdef0123456789abcdef\"}}",
                "\"health_check\":{\"path\":\"/healthz\",\"interval\":10000000000,\"timeout\":5000000000,\"unhealthy_after\":3,\"healthy_after\":2}",
                "\"dial_timeout\":1000000000",
                "\"response_timeout\":1000000000",
                "\"idle_timeout\":1000000000"
            })
    void whatTheRouterDoesIsKept(String field) throws Exception {
        Answer added = add("ledger.example.net", ",\"policy\":{" + field + "}");

        assertThat(added.status()).isEqualTo(200);
        assertThat(added.json().get("policy")).isEqualTo(new ObjectMapper().readTree("{" + field + "}"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"health_check\":{\"path\":\"healthz\"}",
                "\"health_check\":{}",
                "\"idle_timeout\":-1",
                "\"response_timeout\":99000000000000000"
            })
    void aPolicyThatCannotBeIsRefused(String field) {
        assertThat(add("ledger.example.net", ",\"policy\":{" + field + "}").status())
                .isEqualTo(400);
    }
}
