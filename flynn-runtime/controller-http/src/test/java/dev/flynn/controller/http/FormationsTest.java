package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class FormationsTest {

    private static final String MARKER = "{\"updated_at\":\"0001-01-01T00:00:00Z\"}";

    @TempDir
    Path directory;

    private TestController controller;
    private String app;
    private String release;
    private String path;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        app = controller.createApp("ledger");
        release = controller.createRelease("{\"web\":{\"cmd\":[\"start\",\"web\"]},\"clock\":{}}");
        path = "/apps/ledger/formations/" + release;
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    @Test
    void puttingReplacesAllCounts() {
        controller.put(path, "{\"processes\":{\"web\":2,\"clock\":1}}").ok();

        JsonNode formation = controller.put(path, "{\"processes\":{\"web\":3}}").ok();

        assertThat(formation.get("app").asText()).isEqualTo(app);
        assertThat(formation.get("release").asText()).isEqualTo(release);
        assertThat(formation.get("processes").toString()).isEqualTo("{\"web\":3}");
        assertThat(controller.get(path).json()).isEqualTo(formation);
    }

    @Test
    void leavingTheCountsOutStopsEverything() {
        controller.put(path, "{\"processes\":{\"web\":2}}").ok();

        assertThat(controller.put(path, "{}").ok().has("processes")).isFalse();
        assertThat(controller.put(path, "{\"processes\":null}").ok().has("processes"))
                .isFalse();
        assertThat(controller.get(path).status()).isEqualTo(200);
    }

    @Test
    void checksComeInTheOrderAppReleaseBodyArtifactTypes() {
        assertThat(controller.put("/apps/nobody/formations/" + release, "{").status())
                .isEqualTo(404);
        assertThat(controller.put("/apps/ledger/formations/nothing", "{").status())
                .isEqualTo(404);
        assertThat(controller.put(path, "{").json().get("code").asText()).isEqualTo("syntax_error");

        String bare = controller.post("/releases", "{}").ok().get("id").asText();
        Answer notDeployable = controller.put("/apps/ledger/formations/" + bare, "{\"processes\":{\"web\":1}}");
        assertThat(notDeployable.json().get("message").asText()).isEqualTo("release is not deployable");

        Answer unknown = controller.put(path, "{\"processes\":{\"cron\":1,\"web\":1,\"batch\":0}}");
        assertThat(unknown.status()).isEqualTo(400);
        assertThat(unknown.body())
                .isEqualTo(
                        "{\"code\":\"validation_error\",\"message\":\"Requested formation includes process types that do "
                                + "not exist in release. Invalid process types: [batch, cron]\",\"retry\":false}");
    }

    @Test
    void tagsStayUntilTheyAreReplaced() {
        controller
                .put(path, "{\"processes\":{\"web\":1},\"tags\":{\"web\":{\"disk\":\"ssd\"}}}")
                .ok();

        assertThat(controller
                        .put(path, "{\"processes\":{\"web\":2}}")
                        .ok()
                        .at("/tags/web/disk")
                        .asText())
                .isEqualTo("ssd");
        assertThat(controller
                        .put(path, "{\"processes\":{\"web\":2},\"tags\":{}}")
                        .ok()
                        .has("tags"))
                .isFalse();
    }

    @Test
    void negativeCountsAreRefused() {
        Answer answer = controller.put(path, "{\"processes\":{\"web\":-1}}");

        assertThat(answer.json().get("code").asText()).isEqualTo("validation_error");
        assertThat(controller.get(path).status()).isEqualTo(404);
    }

    @Test
    void everyPutIsToldEvenWhenNothingChanged() {
        controller.put(path, "{\"processes\":{\"web\":2}}").ok();
        controller.put(path, "{\"processes\":{\"web\":2}}").ok();
        controller.delete(path).ok();

        JsonNode events = controller
                .get("/events?object_types=scale", "Accept", "application/json")
                .ok();

        assertThat(events).hasSize(3);
        assertThat(events.get(2).get("object_id").asText()).isEqualTo(app + ":" + release);
        assertThat(events.get(2).get("data").toString())
                .isEqualTo("{\"processes\":{\"web\":2},\"release\":\"" + release + "\"}");
        assertThat(events.get(1).get("data").toString())
                .isEqualTo(
                        "{\"prev_processes\":{\"web\":2},\"processes\":{\"web\":2},\"release\":\"" + release + "\"}");
        assertThat(events.get(0).get("data").toString())
                .isEqualTo("{\"prev_processes\":{\"web\":2},\"processes\":null,\"release\":\"" + release + "\"}");
    }

    @Test
    void aDeletedFormationIsGoneAndCanBePutAgain() {
        controller.put(path, "{\"processes\":{\"web\":2}}").ok();

        Answer deleted = controller.delete(path);

        assertThat(deleted.status()).isEqualTo(200);
        assertThat(deleted.body()).isEmpty();
        assertThat(controller.get(path).status()).isEqualTo(404);
        assertThat(controller.delete(path).status()).isEqualTo(404);
        assertThat(controller.get("/apps/ledger/formations").body()).isEqualTo("[]");
        controller.put(path, "{\"processes\":{\"web\":1}}").ok();
        assertThat(controller.get("/apps/ledger/formations").ok()).hasSize(1);
    }

    @Test
    void anExpandedFormationHasCompleteObjects() {
        controller.put(path, "{\"processes\":{\"web\":2}}").ok();

        JsonNode expanded = controller.get(path + "?expand=true").ok();

        assertThat(expanded.at("/app")).isEqualTo(controller.get("/apps/ledger").json());
        assertThat(expanded.at("/release"))
                .isEqualTo(controller.get("/releases/" + release).json());
        assertThat(expanded.at("/artifact/uri").asText()).isEqualTo("host:slugrunner");
        assertThat(expanded.at("/processes/web").asInt()).isEqualTo(2);
        assertThat(expanded.has("updated_at")).isTrue();
    }

    @Test
    void onlyFormationsThatWantJobsAreActive() {
        String second = controller.createRelease("{\"web\":{}}");
        controller.put(path, "{\"processes\":{\"web\":0}}").ok();
        controller
                .put("/apps/ledger/formations/" + second, "{\"processes\":{\"web\":1}}")
                .ok();

        JsonNode active = controller.get("/formations?active=true").ok();

        assertThat(active).hasSize(1);
        assertThat(active.get(0).at("/release/id").asText()).isEqualTo(second);
        assertThat(controller.get("/formations").json().get("code").asText()).isEqualTo("validation_error");
    }

    @Test
    void aStreamBeginsWithWhatChangedThenAMarkerThenGoesOn() throws Exception {
        String second = controller.createRelease("{\"web\":{}}");
        controller.put(path, "{\"processes\":{\"web\":1}}").ok();
        controller
                .put("/apps/ledger/formations/" + second, "{\"processes\":{\"web\":1}}")
                .ok();
        controller.delete("/apps/ledger/formations/" + second).ok();

        try (TestStream stream =
                controller.stream("/formations?since=2015-12-14T17:06:40+00:00", "Accept", "text/event-stream")) {
            JsonNode latest = controller.json.readTree(stream.data());
            assertThat(latest.at("/release/id").asText()).isEqualTo(second);
            assertThat(latest.has("processes")).isFalse();
            assertThat(controller.json.readTree(stream.data()).at("/release/id").asText())
                    .isEqualTo(release);
            assertThat(stream.data()).isEqualTo(MARKER);

            controller.put(path, "{\"processes\":{\"web\":5}}").ok();
            JsonNode live = controller.json.readTree(stream.data());
            assertThat(live.at("/processes/web").asInt()).isEqualTo(5);
            assertThat(live.at("/app/name").asText()).isEqualTo("ledger");

            controller.delete(path).ok();
            JsonNode deleted = controller.json.readTree(stream.data());
            assertThat(deleted.at("/release/id").asText()).isEqualTo(release);
            assertThat(deleted.has("processes")).isFalse();
        }
    }

    @Test
    void theMarkerComesEvenWhenThereIsNothing() throws Exception {
        try (TestStream stream =
                controller.stream("/formations?since=2035-12-14T17:06:40Z", "Accept", "text/event-stream")) {
            assertThat(stream.header("Content-Type")).isEqualTo("text/event-stream; charset=utf-8");
            assertThat(stream.data()).isEqualTo(MARKER);
        }
    }

    @Test
    void aStreamNeedsATimeThatCanBeRead() {
        for (String since : new String[] {"", "?since=yesterday"}) {
            assertThat(controller
                            .get("/formations" + since, "Accept", "text/event-stream")
                            .status())
                    .isEqualTo(500);
        }
    }
}
