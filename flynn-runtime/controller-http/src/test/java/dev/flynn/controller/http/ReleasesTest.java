package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleasesTest {

    private static final String IMAGE =
            "{\"type\":\"docker\",\"uri\":\"https://registry.example.net?name=acme/ledger&id=41be0f7c2d9a\"}";

    @TempDir
    Path directory;

    private TestController controller;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    @Test
    void aReleaseGetsDefaultLimitsAndBothFormsOfItsArtifact() {
        String artifact = controller.post("/artifacts", IMAGE).ok().get("id").asText();

        JsonNode release = controller
                .post(
                        "/releases",
                        "{\"artifact\":\"%s\",\"processes\":{\"web\":{\"cmd\":[\"./serve\"],\"resources\":{\"memory\":{\"limit\":5}}}}}"
                                .formatted(artifact))
                .ok();

        assertThat(release.get("artifact").asText()).isEqualTo(artifact);
        assertThat(release.get("artifacts").toString()).isEqualTo("[\"" + artifact + "\"]");
        assertThat(release.at("/processes/web/resources").toString())
                .isEqualTo("{\"max_fd\":{\"request\":10000,\"limit\":10000},\"memory\":{\"request\":5,\"limit\":5}}");
        assertThat(controller.get("/releases/" + release.get("id").asText()).json())
                .isEqualTo(release);
    }

    @Test
    void aHealthCheckMayBeACommand() {
        JsonNode release = controller
                .post("/releases", checkedBy("{\"type\":\"command\",\"command\":[\"bin/check\",\"--quick\"]}"))
                .ok();

        assertThat(release.at("/processes/web/ports/0/service/check/command").toString())
                .isEqualTo("[\"bin/check\",\"--quick\"]");
        assertThat(controller.get("/releases/" + release.get("id").asText()).json())
                .isEqualTo(release);
    }

    @Test
    void aHealthCheckByACommandThatNamesNoProgramIsRefused() {
        Answer answer = controller.post("/releases", checkedBy("{\"type\":\"command\"}"));

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().get("message").asText())
                .isEqualTo("check.command must name a program when check.type is \"command\"");
        assertThat(answer.json().at("/detail/field").asText()).isEqualTo("check.command");
    }

    private static String checkedBy(String check) {
        return "{\"processes\":{\"web\":{\"ports\":[{\"port\":0,\"proto\":\"tcp\",\"service\":{\"name\":\"ledger-web\",\"check\":%s}}]}}}"
                .formatted(check);
    }

    @Test
    void aReleaseWithoutArtifactIsAllowed() {
        JsonNode release =
                controller.post("/releases", "{\"env\":{\"A\":\"\"}}").ok();

        assertThat(release.has("artifact")).isFalse();
        assertThat(release.get("env").toString()).isEqualTo("{\"A\":\"\"}");
    }

    @Test
    void anUnknownArtifactIsAnsweredAsSomethingThatMayPass() {
        Answer answer = controller.post("/releases", "{\"artifact\":\"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01\"}");

        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.body())
                .isEqualTo("{\"code\":\"unknown_error\",\"message\":\"Something went wrong\",\"retry\":true}");
    }

    @Test
    void aReleaseIsNeverReplaced() {
        String id = controller.createRelease("{}");

        assertThat(controller.post("/releases", "{\"id\":\"%s\"}".formatted(id)).status())
                .isEqualTo(500);
        assertThat(controller.get("/releases/" + id).ok().get("env")).isNotEmpty();
    }

    @Test
    void theSameArtifactTwiceIsTheOldOneAndNoEvent() {
        JsonNode first = controller.post("/artifacts", IMAGE).ok();

        JsonNode second = controller
                .post("/artifacts", IMAGE.replace("{", "{\"id\":\"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01\","))
                .ok();

        assertThat(second).isEqualTo(first);
        assertThat(controller.get("/artifacts").ok()).hasSize(1);
        assertThat(controller.get("/artifacts/" + first.get("id").asText()).ok())
                .isEqualTo(first);
        assertThat(controller
                        .get("/events?object_types=artifact", "Accept", "application/json")
                        .ok())
                .hasSize(1);
    }

    @Test
    void anArtifactNeedsATypeAndAUri() {
        assertThat(controller
                        .post("/artifacts", "{\"uri\":\"/x\"}")
                        .json()
                        .get("message")
                        .asText())
                .isEqualTo("Required error. The data must be an object with \"type\" as one of its keys");
        assertThat(controller
                        .post("/artifacts", "{\"type\":\"docker\"}")
                        .json()
                        .get("code")
                        .asText())
                .isEqualTo("validation_error");
        assertThat(controller
                        .post("/artifacts", "{\"type\":\"docker\",\"uri\":\"x\"}")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("uri");
    }

    @Test
    void whatIsMissingOrNoIdIsAnEmpty404() {
        for (String path : new String[] {
            "/releases/f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01", "/releases/x", "/artifacts/x", "/apps/nobody/releases"
        }) {
            assertThat(controller.get(path).status()).as(path).isEqualTo(404);
            assertThat(controller.get(path).body()).as(path).isEmpty();
        }
    }

    @Test
    void anAppsReleasesAreThoseItHasOrHadToDoWith() {
        String app = controller.createApp("ledger");
        String scaled = controller.createRelease("{\"web\":{}}");
        String deleted = controller.createRelease("{\"web\":{}}");
        String current = controller.createRelease("{\"web\":{}}");
        String deployed = controller.createRelease("{\"web\":{}}");
        String unrelated = controller.createRelease("{\"web\":{}}");
        String madeForIt = controller
                .post("/releases", "{\"app_id\":\"%s\"}".formatted(app))
                .ok()
                .get("id")
                .asText();
        controller
                .put("/apps/ledger/formations/" + scaled, "{\"processes\":{\"web\":1}}")
                .ok();
        controller
                .put("/apps/ledger/formations/" + deleted, "{\"processes\":{\"web\":1}}")
                .ok();
        controller.delete("/apps/ledger/formations/" + deleted).ok();
        controller
                .post("/apps/ledger/deploy", "{\"id\":\"%s\"}".formatted(deployed))
                .ok();
        controller
                .put("/apps/ledger/release", "{\"id\":\"%s\"}".formatted(current))
                .ok();

        assertThat(controller.get("/apps/ledger/releases").ok().findValuesAsText("id"))
                .startsWith(madeForIt)
                .containsExactlyInAnyOrder(madeForIt, deployed, current, deleted, scaled)
                .doesNotContain(unrelated);
    }

    @Test
    void aFullDiskRefusesReleasesWithTheReason() throws IOException {
        try (TestController full = TestController.withFullDisk(directory)) {
            Answer answer = full.post("/releases", "{}");

            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.json().get("code").asText()).isEqualTo("no_capacity");
            assertThat(answer.json().get("message").asText()).contains("release refused", "free some space");
            full.createApp("ledger");
            assertThat(full.post("/apps/ledger/deploy", "{\"id\":\"x\"}").status())
                    .isEqualTo(503);
            assertThat(full.post("/apps/ledger/jobs", "{\"artifact\":\"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01\"}")
                            .status())
                    .isEqualTo(503);
        }
    }
}
