package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AppsTest {

    @TempDir
    Path directory;

    TestController controller;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    @Test
    void aNewAppHasDefaultsAndIsAnsweredWith200() {
        JsonNode app = controller
                .post("/apps", "{\"name\":\"ledger-api\",\"meta\":{\"team\":\"billing\"}}")
                .ok();

        assertThat(app.get("name").asText()).isEqualTo("ledger-api");
        assertThat(app.get("meta").toString()).isEqualTo("{\"team\":\"billing\"}");
        assertThat(app.get("strategy").asText()).isEqualTo("all-at-once");
        assertThat(app.get("deploy_timeout").asInt()).isEqualTo(30);
        assertThat(app.has("release")).isFalse();
        assertThat(app.get("created_at").asText()).endsWith("Z");
    }

    @Test
    void anAppIsFoundByItsNameAndByItsIdWithAndWithoutDashes() {
        String id = controller.createApp("ledger");

        for (String reference : new String[] {"ledger", id, id.replace("-", "")}) {
            assertThat(controller.get("/apps/" + reference).ok().get("id").asText())
                    .isEqualTo(id);
        }
    }

    @Test
    void anAppMayBeNamedLikeAnId() {
        String id = controller.createApp("0a0a0a0a0a0a40a0a0a00a0a0a0a0a0a");

        assertThat(controller
                        .get("/apps/0a0a0a0a0a0a40a0a0a00a0a0a0a0a0a")
                        .ok()
                        .get("id")
                        .asText())
                .isEqualTo(id);
    }

    @Test
    void theClientMayChooseTheIdButNotATakenOne() {
        String id = "5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10";
        assertThat(controller
                        .post("/apps", "{\"name\":\"a\",\"id\":\"%s\"}".formatted(id))
                        .ok()
                        .get("id")
                        .asText())
                .isEqualTo(id);

        Answer taken = controller.post("/apps", "{\"name\":\"b\",\"id\":\"%s\"}".formatted(id));

        assertThat(taken.status()).isEqualTo(409);
        assertThat(controller.get("/apps/b").status()).isEqualTo(404);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Ledger", "ledger_api", "-a", "a-", "a--b", "ä", "a b"})
    void anInvalidNameIsToldExactly(String name) {
        Answer answer = controller.post("/apps", "{\"name\":\"%s\"}".formatted(name));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body())
                .isEqualTo("{\"code\":\"validation_error\",\"message\":\"name String must match the pattern: "
                        + "\\\"^[a-z\\\\d]+(-[a-z\\\\d]+)*$\\\".\",\"detail\":{\"field\":\"name\"},\"retry\":false}");
    }

    @Test
    void aTakenNameIsAConflictAndLeavesNothingBehind() {
        controller.createApp("ledger");

        Answer answer = controller.post("/apps", "{\"name\":\"ledger\"}");

        assertThat(answer.status()).isEqualTo(409);
        assertThat(answer.body())
                .isEqualTo(
                        "{\"code\":\"object_exists\",\"message\":\"application \\\"ledger\\\" already exists\",\"retry\":false}");
        assertThat(controller.get("/apps").json()).hasSize(1);
    }

    @Test
    void oneOfManyWhoWantANameAtTheSameTimeGetsIt() throws Exception {
        List<Thread> threads = new ArrayList<>();
        List<Integer> statuses = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 8; i++) {
            Thread thread = new Thread(() -> statuses.add(
                    controller.post("/apps", "{\"name\":\"ledger\"}").status()));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(statuses).hasSize(8).containsOnlyOnce(200).contains(409);
        assertThat(controller.get("/apps").json()).hasSize(1);
    }

    @Test
    void anAppWithoutANameGetsAValidUnusedOne() {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < 20; i++) {
            names.add(controller.post("/apps", "{}").ok().get("name").asText());
        }

        assertThat(names).hasSize(20).allMatch(name -> name.matches("^[a-z\\d]+(-[a-z\\d]+)*$"));
    }

    @Test
    void aReleaseInTheRequestIsEchoedAndNotStored() {
        String release = "f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01";

        JsonNode created = controller
                .post("/apps", "{\"name\":\"ledger\",\"release\":\"%s\"}".formatted(release))
                .ok();

        assertThat(created.get("release").asText()).isEqualTo(release);
        assertThat(controller.get("/apps/ledger").ok().has("release")).isFalse();
        assertThat(controller.get("/apps/ledger/release").status()).isEqualTo(404);
    }

    @Test
    void appsAreListedNewestFirst() {
        controller.createApp("first");
        controller.createApp("second");
        controller.createApp("third");

        assertThat(controller.get("/apps").json().findValuesAsText("name")).containsExactly("third", "second", "first");
    }

    @Test
    void aMissingAppIsAnEmpty404() {
        Answer answer = controller.get("/apps/nobody");

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.header("Content-Type")).doesNotContain("json");
    }

    @Test
    void anAppGetsADefaultRouteUnlessItIsASystemApp() {
        controller.createApp("ledger");
        controller
                .post("/apps", "{\"name\":\"router\",\"meta\":{\"flynn-system-app\":\"true\"}}")
                .ok();

        JsonNode route = controller.get("/apps/ledger/routes").ok().get(0);
        assertThat(route.get("domain").asText()).isEqualTo("ledger.flynn.test");
        assertThat(route.get("service").asText()).isEqualTo("ledger-web");
        assertThat(route.get("path").asText()).isEqualTo("/");
        assertThat(controller.get("/apps/router/routes").ok()).isEmpty();
    }

    @Test
    void aTakenDefaultRouteDoesNotKeepTheAppFromBeingCreated() {
        controller.createApp("other");
        controller
                .post("/apps/other/routes", "{\"type\":\"http\",\"domain\":\"ledger.flynn.test\",\"service\":\"x\"}")
                .ok();

        controller.createApp("ledger");

        assertThat(controller.get("/apps/ledger/routes").ok()).isEmpty();
    }

    @Test
    void anUpdateReplacesTheMetaAndLeavesItWhenItIsNull() {
        controller
                .post("/apps", "{\"name\":\"ledger\",\"meta\":{\"a\":\"1\",\"b\":\"2\"}}")
                .ok();

        assertThat(controller
                        .post("/apps/ledger", "{\"meta\":null,\"strategy\":\"one-by-one\"}")
                        .ok()
                        .get("meta"))
                .hasSize(2);
        assertThat(controller
                        .post("/apps/ledger/meta", "{\"meta\":{\"c\":\"3\"}}")
                        .ok()
                        .get("meta")
                        .toString())
                .isEqualTo("{\"c\":\"3\"}");
        JsonNode cleared = controller
                .post("/apps/ledger", "{\"meta\":{},\"deploy_timeout\":90,\"protected\":true,\"name\":\"other\"}")
                .ok();
        assertThat(cleared.get("meta").toString()).isEqualTo("{}");
        assertThat(cleared.get("strategy").asText()).isEqualTo("one-by-one");
        assertThat(cleared.get("deploy_timeout").asInt()).isEqualTo(90);
        assertThat(cleared.get("protected").asBoolean()).isTrue();
        assertThat(cleared.get("name").asText()).isEqualTo("ledger");
    }

    @Test
    void anUpdateRefusesKeysThatNoAppHasAndMetaThatIsNoText() {
        controller.createApp("ledger");

        Answer unknown = controller.post("/apps/ledger", "{\"colour\":\"blue\"}");
        assertThat(unknown.status()).isEqualTo(400);
        assertThat(unknown.json().get("message").asText())
                .isEqualTo("Additional properties aren't allowed, found \"colour\" as one of its keys");

        Answer meta = controller.post("/apps/ledger", "{\"meta\":{\"a\":1}}");
        assertThat(meta.status()).isEqualTo(400);
        assertThat(meta.json().at("/detail/field").asText()).isEqualTo("meta");
        assertThat(controller
                        .post("/apps/ledger", "{\"strategy\":\"magic\"}")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("strategy");
    }

    @Test
    void anUpdateIsToldEvenWhenItChangesNothing() {
        controller.createApp("ledger");
        controller.post("/apps/ledger", "{}").ok();

        JsonNode events = controller
                .get("/events?object_types=app", "Accept", "application/json")
                .ok();

        assertThat(events).hasSize(2);
    }

    @Test
    void aProtectedAppIsNeitherDeletedNorScaledToNothing() {
        controller.post("/apps", "{\"name\":\"ledger\",\"protected\":true}").ok();
        String release = controller.createRelease("{\"web\":{}}");
        controller
                .put("/apps/ledger/release", "{\"id\":\"%s\"}".formatted(release))
                .ok();
        controller
                .put("/apps/ledger/formations/" + release, "{\"processes\":{\"web\":1}}")
                .ok();

        assertThat(controller.delete("/apps/ledger").json().get("code").asText())
                .isEqualTo("validation_error");
        assertThat(controller
                        .put("/apps/ledger/formations/" + release, "{}")
                        .json()
                        .get("code")
                        .asText())
                .isEqualTo("validation_error");
        assertThat(controller.get("/apps/ledger").status()).isEqualTo(200);
    }

    @Test
    void settingTheReleaseMovesThePointerAndNothingElse() {
        String app = controller.createApp("ledger");
        String release = controller.createRelease("{\"web\":{}}");

        JsonNode set = controller
                .put("/apps/ledger/release", "{\"id\":\"%s\"}".formatted(release))
                .ok();

        assertThat(set.get("id").asText()).isEqualTo(release);
        assertThat(controller.get("/apps/ledger").ok().get("release").asText()).isEqualTo(release);
        assertThat(controller.get("/apps/ledger/release").ok().get("id").asText())
                .isEqualTo(release);
        assertThat(controller.get("/apps/ledger/formations").ok()).isEmpty();
        JsonNode event = controller
                .get("/events?object_types=app_release", "Accept", "application/json")
                .ok()
                .get(0);
        assertThat(event.get("app").asText()).isEqualTo(app);
        assertThat(event.get("object_id").asText()).isEqualTo(release);
        assertThat(event.at("/data/release/id").asText()).isEqualTo(release);
        assertThat(event.get("data").has("prev_release")).isFalse();
    }

    @Test
    void anUnknownReleaseCannotBeSet() {
        controller.createApp("ledger");

        for (String id : new String[] {"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01", "nonsense", ""}) {
            Answer answer = controller.put("/apps/ledger/release", "{\"id\":\"%s\"}".formatted(id));
            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.json().get("message").asText()).isEqualTo("could not find release with ID " + id);
        }
    }
}
