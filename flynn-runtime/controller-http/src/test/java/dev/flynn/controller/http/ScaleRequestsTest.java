package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ScaleRequestsTest {

    @TempDir
    Path directory;

    private TestController controller;
    private String app;
    private String release;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        app = controller.createApp("ledger");
        release = controller.createRelease("{\"web\":{},\"clock\":{}}");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    private JsonNode scale(String body) {
        return controller.put("/apps/ledger/scale/" + release, body).ok();
    }

    /** Type and state of each event about scale requests, oldest first. */
    private List<String> told() {
        List<String> told = new ArrayList<>();
        controller
                .get("/events?object_types=scale_request,scale_request_cancelation", "Accept", "application/json")
                .ok()
                .forEach(event -> told.add(
                        0,
                        event.get("object_type").asText() + " "
                                + event.at("/data/state").asText()));
        return told;
    }

    @Test
    void aRequestSaysWhatWasAndWhatIsWishedAndChangesOnlyThat() {
        scale("{\"processes\":{\"web\":1,\"clock\":1}}");

        JsonNode request = scale("{\"processes\":{\"web\":3},\"tags\":{\"web\":{\"disk\":\"ssd\"}}}");

        assertThat(request.get("state").asText()).isEqualTo("pending");
        assertThat(request.get("app").asText()).isEqualTo(app);
        assertThat(request.get("release").asText()).isEqualTo(release);
        assertThat(request.get("old_processes").toString()).isEqualTo("{\"clock\":1,\"web\":1}");
        assertThat(request.get("new_processes").toString()).isEqualTo("{\"clock\":1,\"web\":3}");
        assertThat(request.has("old_tags")).isFalse();
        assertThat(request.get("new_tags").toString()).isEqualTo("{\"web\":{\"disk\":\"ssd\"}}");
        JsonNode formation =
                controller.get("/apps/ledger/formations/" + release).ok();
        assertThat(formation.get("processes").toString()).isEqualTo("{\"clock\":1,\"web\":3}");
        assertThat(formation.get("tags").toString()).isEqualTo("{\"web\":{\"disk\":\"ssd\"}}");
    }

    @Test
    void aLaterRequestCancelsOneThatWaits() {
        String first = scale("{\"processes\":{\"web\":1}}").get("id").asText();
        scale("{\"processes\":{\"web\":2}}");

        assertThat(told())
                .containsExactly(
                        "scale_request pending", "scale_request_cancelation cancelled", "scale_request pending");
        assertThat(controller
                        .get("/events?object_types=scale_request_cancelation", "Accept", "application/json")
                        .ok()
                        .get(0)
                        .get("object_id")
                        .asText())
                .isEqualTo(first);
    }

    @Test
    void itIsCompleteWhenTheJobsAreUpAndAgainWhenTheyAreDown() {
        controller.startWorker();
        try (var cluster = new PlayedCluster(controller)) {
            scale("{\"processes\":{\"web\":2}}");
            await().until(() -> told().contains("scale_request complete"));

            assertThat(controller.get("/active-jobs").ok().findValuesAsText("state"))
                    .containsExactly("up", "up");

            scale("{\"processes\":{\"web\":0}}");
            await().until(() -> told().size() == 4);
        }
        assertThat(told().get(3)).isEqualTo("scale_request complete");
        assertThat(controller.get("/active-jobs").ok()).isEmpty();
        assertThat(controller.get("/apps/ledger/jobs").ok()).hasSize(2);
    }

    @Test
    void anotherChangeOfTheFormationCancelsIt() {
        scale("{\"processes\":{\"web\":2}}");
        controller
                .put("/apps/ledger/formations/" + release, "{\"processes\":{\"web\":1}}")
                .ok();
        controller.startWorker();

        await().until(() -> told().contains("scale_request_cancelation cancelled"));
        assertThat(told()).doesNotContain("scale_request complete");
    }

    @Test
    void whatCannotBeScaledIsRefused() {
        assertThat(controller.put("/apps/nobody/scale/" + release, "{}").status())
                .isEqualTo(404);
        assertThat(controller
                        .put("/apps/ledger/scale/f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01", "{}")
                        .status())
                .isEqualTo(404);
        assertThat(controller
                        .put("/apps/ledger/scale/" + release, "{\"processes\":{\"cron\":1}}")
                        .json()
                        .get("message")
                        .asText())
                .endsWith("Invalid process types: [cron]");
        assertThat(controller
                        .put("/apps/ledger/scale/" + release, "{\"processes\":{\"web\":-1}}")
                        .status())
                .isEqualTo(400);
        assertThat(told()).isEmpty();
    }
}
