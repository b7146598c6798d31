package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.controller.http.TestController.Answer;
import dev.flynn.spi.store.StoreEntry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Named keys, what each may do, and what is written down of it. */
class AccessTest {

    private static final String PROCESSES = "{\"web\":{\"cmd\":[\"start\"],\"env\":{\"SECRET\":\"s3cret\"}}}";

    @TempDir
    Path directory;

    private TestController controller;
    private String ledger;
    private String other;
    private String platform;
    private String platformRelease;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        ledger = controller.createApp("ledger");
        other = controller.createApp("other");
        platform = controller
                .post("/apps", "{\"name\":\"controller\",\"meta\":{\"flynn-system-app\":\"true\"}}")
                .ok()
                .get("id")
                .asText();
        platformRelease = release("controller", "controller");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    /** A release that an app is on, whose environment has a secret, and whose jobs register in a service. */
    private String release(String app, String service) {
        String release = controller.createRelease(
                "{\"web\":{\"cmd\":[\"start\"],\"service\":\"%s\",\"env\":{\"SECRET\":\"s3cret\"}}}"
                        .formatted(service));
        controller
                .put("/apps/" + app + "/release", "{\"id\":\"%s\"}".formatted(release))
                .ok();
        return release;
    }

    private String key(String name, String... scopes) {
        String list = "\"" + String.join("\",\"", scopes) + "\"";
        return controller
                .post("/access-keys", "{\"name\":\"%s\",\"scopes\":[%s]}".formatted(name, list))
                .ok()
                .get("key")
                .asText();
    }

    private Answer get(String key, String path, String... headers) {
        return controller.sendWith(key, "GET", path, "", headers);
    }

    private Answer post(String key, String path, String body) {
        return controller.sendWith(key, "POST", path, body);
    }

    private static void assertForbidden(Answer answer, String message) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(403);
        assertThat(answer.json().get("code").asText()).isEqualTo("unauthorized");
        assertThat(answer.json().get("message").asText()).contains(message);
        assertThat(answer.json().get("retry").asBoolean()).isFalse();
    }

    private static List<String> texts(JsonNode list, String field) {
        List<String> texts = new ArrayList<>();
        list.forEach(each -> texts.add(each.path(field).asText()));
        return texts;
    }

    @Test
    void aKeyIsToldOnceAndListedWithoutIt() {
        JsonNode issued = controller
                .post(
                        "/access-keys",
                        "{\"name\":\"ci\",\"scopes\":[\"deploy\",\"app:ledger\"],\"expires_at\":\"2100-01-01T00:00:00Z\"}")
                .ok();
        String key = issued.get("key").asText();

        assertThat(key).startsWith("flynn_");
        assertThat(issued.get("access_key").get("name").asText()).isEqualTo("ci");
        assertThat(issued.get("access_key").get("scopes").toString()).isEqualTo("[\"deploy\",\"app:" + ledger + "\"]");
        Answer list = controller.get("/access-keys");
        assertThat(list.body()).doesNotContain(key).contains("\"expires_at\":\"2100-01-01T00:00:00Z\"");
        assertThat(texts(list.ok(), "name")).containsExactly("ci");
        assertThat(get(key, "/access").ok().toString())
                .isEqualTo("{\"name\":\"ci\",\"scopes\":[\"app:%s\",\"deploy\"]}".formatted(ledger));
    }

    @Test
    void aRevokedKeyIsNotAcceptedAnyMore() {
        String key = key("ci", "admin");
        assertThat(get(key, "/apps").status()).isEqualTo(200);

        assertThat(controller.delete("/access-keys/ci").ok().has("revoked_at")).isTrue();

        assertThat(get(key, "/apps").status()).isEqualTo(401);
        assertThat(controller.delete("/access-keys/nobody").status()).isEqualTo(404);
    }

    @Test
    void anAdminKeyDoesWhatTheClustersKeyDoes() {
        String key = key("ann", "admin");

        assertThat(post(key, "/apps", "{\"name\":\"hers\"}").status()).isEqualTo(200);
        assertThat(get(key, "/releases/" + platformRelease).body()).contains("s3cret");
        assertThat(post(key, "/access-keys", "{\"name\":\"bob\",\"scopes\":[\"read\"]}")
                        .status())
                .isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/apps",
                "/apps/controller",
                "/apps/controller/release",
                "/apps/controller/releases",
                "/releases",
                "/routes",
                "/resources",
                "/artifacts",
                "/providers",
                "/active-jobs",
                "/.well-known/status",
                "/ca-cert"
            })
    void aReadingKeySeesEverythingButSecrets(String path) {
        Answer answer = get(key("dashboard", "read"), path);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .doesNotContain("s3cret")
                .doesNotContain("\"env\"")
                .doesNotContain("LOG_LEVEL");
    }

    @Test
    void aReadingKeySeesNoSecretsInEvents() throws Exception {
        String key = key("dashboard", "read");
        String release = get(key, "/releases/" + platformRelease).ok().toString();
        assertThat(release).contains("web").doesNotContain("env");

        Answer list = get(key, "/events", "Accept", "application/json");
        assertThat(texts(list.ok(), "object_type")).contains("release", "app");
        assertThat(list.body()).doesNotContain("s3cret").doesNotContain("\"env\"");
        try (TestStream stream = new TestStream(HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controller.port()
                                        + "/events?past=true&object_types=release&key=" + key))
                                .header("Accept", "text/event-stream")
                                .build(),
                        HttpResponse.BodyHandlers.ofInputStream()))) {
            String event = stream.data();
            assertThat(event).contains("\"object_type\":\"release\"", "web").doesNotContain("s3cret");
        }
    }

    @Test
    void aReadingKeyChangesNothing() {
        String key = key("dashboard", "read");

        assertForbidden(post(key, "/apps/ledger", "{\"strategy\":\"one-by-one\"}"), "may only look");
        assertForbidden(post(key, "/apps", "{}"), "scope admin");
        assertForbidden(post(key, "/apps/ledger/deploy", "{}"), "scope deploy or admin");
        assertForbidden(controller.sendWith(key, "DELETE", "/apps/ledger", ""), "may only look");
        assertForbidden(get(key, "/access-keys"), "scope admin");
        assertForbidden(get(key, "/formations?active=true"), "scope admin");
        assertForbidden(get(key, "/backup"), "scope admin");
    }

    @Test
    void aKeyOfOneAppSeesThatAppOnly() {
        String own = release("ledger", "ledger-web");
        release("other", "other-web");
        String key = key("owner", "app:ledger");

        assertThat(texts(get(key, "/apps").ok(), "name")).containsExactly("ledger");
        assertThat(texts(get(key, "/releases").ok(), "id")).containsExactly(own);
        assertThat(texts(get(key, "/routes").ok(), "service")).containsExactly("ledger-web");
        assertThat(get(key, "/apps/ledger/release").body()).contains("s3cret");
        assertThat(get(key, "/apps/" + ledger).status()).isEqualTo(200);
        assertThat(get(key, "/releases/" + platformRelease).status()).isEqualTo(404);
        assertForbidden(get(key, "/apps/other"), "is for one app");
        assertForbidden(get(key, "/apps/" + other), "is for one app");
        assertForbidden(get(key, "/apps/nothing"), "is for one app");
        assertForbidden(get(key, "/apps/controller/log"), "is for one app");
        assertForbidden(get(key, "/artifacts"), "whole cluster");

        List<String> apps =
                texts(get(key, "/events", "Accept", "application/json").ok(), "app");
        assertThat(apps).containsOnly(ledger);
        assertThat(get(key, "/events?app_id=other", "Accept", "application/json")
                        .ok())
                .isEmpty();
    }

    @Test
    void aKeyOfOneAppChangesThatAppOnly() {
        String key = key("owner", "app:ledger");

        assertThat(post(key, "/apps/ledger", "{\"strategy\":\"one-by-one\"}").status())
                .isEqualTo(200);
        assertForbidden(post(key, "/apps/other", "{\"strategy\":\"one-by-one\"}"), "is for one app");
        assertForbidden(post(key, "/apps", "{\"name\":\"new\"}"), "scope admin");
        assertForbidden(
                post(key, "/apps/ledger", "{\"meta\":{\"flynn-system-app\":\"true\"}}"), "part of the platform");
    }

    /** Each would be a way from one app to everything. */
    @Test
    void aKeyOfOneAppHasNoWayToOthers() {
        String key = key("owner", "app:ledger");
        String theirs = release("other", "other-web");

        for (String release : List.of(platformRelease, theirs)) {
            String body = "{\"id\":\"%s\"}".formatted(release);
            assertForbidden(controller.sendWith(key, "PUT", "/apps/ledger/release", body), "releases of other apps");
            assertForbidden(post(key, "/apps/ledger/deploy", body), "releases of other apps");
            assertForbidden(
                    controller.sendWith(
                            key, "PUT", "/apps/ledger/formations/" + release, "{\"processes\":{\"web\":1}}"),
                    "releases of other apps");
            assertForbidden(
                    post(key, "/apps/ledger/jobs", "{\"release\":\"%s\",\"cmd\":[\"env\"]}".formatted(release)),
                    "releases of other apps");
        }
        assertForbidden(
                post(key, "/artifacts", "{\"type\":\"builtin\",\"uri\":\"builtin:controller\"}"), "inside flynn-host");
        String builtin = controller
                .post("/artifacts", "{\"type\":\"builtin\",\"uri\":\"builtin:controller\"}")
                .ok()
                .get("id")
                .asText();
        assertForbidden(post(key, "/releases", "{\"artifact\":\"%s\"}".formatted(builtin)), "inside flynn-host");
        assertForbidden(post(key, "/releases", "{\"artifacts\":[\"%s\"]}".formatted(builtin)), "inside flynn-host");
        assertForbidden(
                post(key, "/releases", "{\"processes\":{\"web\":{\"host_network\":true}}}"), "network of their host");
        for (String service : List.of("controller", "other-web")) {
            assertForbidden(
                    post(key, "/releases", "{\"processes\":{\"web\":{\"service\":\"%s\"}}}".formatted(service)),
                    "belongs to another app");
            assertForbidden(
                    post(
                            key,
                            "/apps/ledger/routes",
                            "{\"type\":\"http\",\"domain\":\"x.example\",\"service\":\"%s\"}".formatted(service)),
                    "belongs to another app");
        }
        assertForbidden(post(key, "/releases", "{\"app_id\":\"%s\"}".formatted(other)), "is for one app");
    }

    @Test
    void aDeployingKeyDeploysAndDoesNothingElse() {
        String key = key("ci", "deploy", "app:ledger");
        JsonNode artifact = post(key, "/artifacts", "{\"type\":\"docker\",\"uri\":\"https://example.com/a\"}")
                .ok();
        JsonNode release = post(
                        key,
                        "/releases",
                        "{\"artifact\":\"%s\",\"processes\":%s}"
                                .formatted(artifact.get("id").asText(), PROCESSES))
                .ok();

        Answer deployed = post(
                key,
                "/apps/ledger/deploy",
                "{\"id\":\"%s\"}".formatted(release.get("id").asText()));
        assertThat(deployed.status()).as(deployed.body()).isEqualTo(200);
        assertThat(get(key, "/deployments/" + deployed.ok().get("id").asText()).status())
                .isEqualTo(200);
        assertThat(get(key, "/apps/ledger/release").body()).contains("s3cret");
        assertForbidden(post(key, "/apps/other/deploy", "{}"), "is for one app");
        assertForbidden(controller.sendWith(key, "DELETE", "/apps/ledger", ""), "may only deploy");
        assertForbidden(post(key, "/apps/ledger/jobs", "{}"), "may only deploy");
        assertForbidden(
                controller.sendWith(
                        key,
                        "PUT",
                        "/apps/ledger/formations/" + release.get("id").asText(),
                        "{}"),
                "may only deploy");
    }

    @Test
    void aDeployingKeyOfAllAppsDoesNotTouchThePlatform() {
        String key = key("ci", "deploy");
        release("other", "other-web");

        assertThat(texts(get(key, "/apps").ok(), "name")).containsExactly("other", "ledger");
        assertThat(get(key, "/releases").body()).doesNotContain(platformRelease);
        assertThat(get(key, "/events", "Accept", "application/json").body()).doesNotContain(platform);
        assertForbidden(get(key, "/apps/controller/release"), "part of the platform");
        assertForbidden(
                post(key, "/apps/controller/deploy", "{\"id\":\"%s\"}".formatted(platformRelease)),
                "part of the platform");
        assertForbidden(
                post(key, "/apps/other/deploy", "{\"id\":\"%s\"}".formatted(platformRelease)),
                "releases of other apps");
    }

    @Test
    void anAttachedJobOfOthersIsRefused() throws Exception {
        String key = key("owner", "app:ledger");
        String body = "{\"release\":\"%s\",\"cmd\":[\"env\"]}".formatted(platformRelease);
        try (var client = new RawClient(controller.port())) {
            client.send(RawClient.attachHead("ledger", body.length())
                            .replace(
                                    TestController.authorization(TestController.KEY), TestController.authorization(key))
                    + body);
            String head = client.head();

            assertThat(head).startsWith("HTTP/1.1 403");
            assertThat(client.body(head)).contains("releases of other apps");
        }
    }

    @Test
    void whoChangedWhatIsWrittenDown() {
        String key = key("ci", "app:ledger");
        controller.sendWith(key, "POST", "/apps/ledger?secret=1", "{\"meta\":{\"a\":\"b\"}}", "X-Request-ID", "r-1");
        post(key, "/apps/other", "{}");
        get(key, "/apps/ledger");

        await().until(() -> controller.get("/audit?name=ci").ok().size() == 2);
        JsonNode entries = controller.get("/audit?name=ci").ok();
        JsonNode changed = entries.get(1);
        assertThat(changed.get("method").asText()).isEqualTo("POST");
        assertThat(changed.get("path").asText()).isEqualTo("/apps/ledger");
        assertThat(changed.get("app").asText()).isEqualTo(ledger);
        assertThat(changed.get("status").asInt()).isEqualTo(200);
        assertThat(changed.get("request_id").asText()).isEqualTo("r-1");
        assertThat(changed.get("remote").asText()).isEqualTo("127.0.0.1");
        assertThat(entries.get(0).get("status").asInt()).isEqualTo(403);
        assertThat(texts(controller.get("/audit?app=other").ok(), "path")).contains("/apps/other");
        assertThat(controller.get("/audit?count=1").ok()).hasSize(1);
        assertThat(controller.get("/audit?since=2100-01-01T00:00:00Z").ok()).isEmpty();
        assertThat(controller.get("/audit?since=yesterday").status()).isEqualTo(400);
        assertThat(controller.get("/audit").body()).doesNotContain("secret").doesNotContain(key);
    }

    /** A controller that is killed the moment after its answer has lost neither. */
    @Test
    void aChangeAndItsEntryAreOneTransaction() {
        String app = controller.createApp("fresh");

        StoreEntry changed =
                controller.state.store().get(controller.state.apps().key(app)).orElseThrow();
        assertThat(controller.state.store().list("audit/").entries())
                .filteredOn(entry -> entry.createRevision() == changed.createRevision())
                .singleElement()
                .satisfies(
                        entry -> assertThat(entry.value()).contains("\"/apps\"").contains("\"status\":200"));
    }

    @Test
    void aRequestThatFailsAfterItsFirstChangeHasASecondEntryThatSaysSo() {
        controller
                .post("/providers", "{\"name\":\"gone\",\"url\":\"http://127.0.0.1:1/databases\"}")
                .ok();
        int status = controller
                .post("/providers/gone/resources", "{\"apps\":[\"ledger\"]}", "X-Request-ID", "r-2")
                .status();

        await().until(() -> statuses("r-2").size() == 2);
        assertThat(status).isEqualTo(500);
        assertThat(statuses("r-2")).containsExactly(500, 200);
    }

    private List<Integer> statuses(String request) {
        List<Integer> statuses = new ArrayList<>();
        controller.get("/audit").ok().forEach(entry -> {
            if (entry.get("request_id").asText().equals(request)) {
                statuses.add(entry.get("status").asInt());
            }
        });
        return statuses;
    }

    @Test
    void theAuditNamesForWhomThePlatformAsks() {
        String key = key("ci", "app:ledger");
        String body = "{\"strategy\":\"one-by-one\"}";
        controller.send("POST", "/apps/ledger", body, Visit.ON_BEHALF_OF, "ann").ok();
        controller
                .sendWith(key, "POST", "/apps/ledger", body, Visit.ON_BEHALF_OF, "bob")
                .ok();

        await().until(() -> controller.get("/audit?app=ledger").ok().size() == 2);
        assertThat(texts(controller.get("/audit?app=ledger").ok(), "key")).containsExactly("ci", "ann");
    }

    @Test
    void theAuditCanBeFollowed() throws Exception {
        await().until(() -> controller.get("/audit?app=ledger").ok().isEmpty());
        try (TestStream stream = controller.stream("/audit?app=ledger", "Accept", "text/event-stream")) {
            controller.post("/apps/other", "{\"strategy\":\"one-by-one\"}").ok();
            controller.post("/apps/ledger", "{\"strategy\":\"one-by-one\"}").ok();

            assertThat(stream.data()).contains("\"key\":\"auth-key-1\"", "\"path\":\"/apps/ledger\"");
        }
    }

    @Test
    void wrongKeysWaitAndRightOnesDoNot() throws Exception {
        List<CompletableFuture<Integer>> wrong = new ArrayList<>();
        for (int i = 0; i < FailedAttempts.AT_ONCE + FailedAttempts.WAITING + 10; i++) {
            wrong.add(sendWrongKey());
        }
        await().until(() -> wrong.stream().anyMatch(CompletableFuture::isCompletedExceptionally));

        assertThat(controller.get("/apps").status()).isEqualTo(200);
        assertThat(controller.sendBare("GET", "/apps", "").status()).isEqualTo(401);
        long waiting = wrong.stream().filter(each -> !each.isDone()).count();
        assertThat(waiting).isPositive();
        controller.close();
        for (CompletableFuture<Integer> each : wrong) {
            assertThat(each.handle((status, failure) -> failure == null ? status : 0)
                            .get(20, TimeUnit.SECONDS))
                    .isIn(401, 0);
        }
        assertThat(wrong.stream()
                        .filter(each -> !each.isCompletedExceptionally())
                        .count())
                .isGreaterThanOrEqualTo(FailedAttempts.AT_ONCE);
    }

    private CompletableFuture<Integer> sendWrongKey() {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + controller.port() + "/apps"))
                .header("Authorization", TestController.authorization("wrong"))
                .timeout(Duration.ofSeconds(60))
                .build();
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .sendAsync(request, HttpResponse.BodyHandlers.discarding())
                .thenApply(HttpResponse::statusCode);
    }
}
