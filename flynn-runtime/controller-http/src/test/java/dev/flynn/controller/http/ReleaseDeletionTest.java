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
class ReleaseDeletionTest {

    private static final String SLUG = "http://blobstore.discoverd/%s.tgz";

    @TempDir
    Path directory;

    private TestController controller;
    private FakeService blobstore;
    private String app;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        blobstore = new FakeService(controller, "blobstore");
        app = controller.createApp("ledger");
    }

    @AfterEach
    void stop() {
        blobstore.close();
        controller.close();
    }

    /** A release of the app whose slug has this name. */
    private String release(String slug) {
        String image = controller
                .post("/artifacts", "{\"type\":\"host\",\"uri\":\"host:slugrunner\"}")
                .ok()
                .get("id")
                .asText();
        return controller
                .post(
                        "/releases",
                        "{\"app_id\":\"%s\",\"artifact\":\"%s\",\"env\":{\"SLUG_URL\":\"%s\"},\"processes\":{\"web\":{}}}"
                                .formatted(app, image, SLUG.formatted(slug)))
                .ok()
                .get("id")
                .asText();
    }

    private JsonNode events(String type) {
        return controller
                .get("/events?object_types=" + type, "Accept", "application/json")
                .ok();
    }

    private JsonNode deleted(String release) {
        await().until(() ->
                events("release_deletion").findValuesAsText("object_id").contains(release));
        for (JsonNode event : events("release_deletion")) {
            if (event.get("object_id").asText().equals(release)) {
                return event.get("data");
            }
        }
        throw new AssertionError(release);
    }

    @Test
    void theReleaseGoesWithItsSlugAndItsFileArtifacts() {
        String file = controller
                .post("/artifacts", "{\"type\":\"file\",\"uri\":\"http://blobstore.discoverd/files/a\"}")
                .ok()
                .get("id")
                .asText();
        String release = controller
                .post(
                        "/releases",
                        "{\"app_id\":\"%s\",\"artifacts\":[\"%s\"],\"env\":{\"SLUG_URL\":\"%s\"}}"
                                .formatted(app, file, SLUG.formatted("one")))
                .ok()
                .get("id")
                .asText();
        controller.startWorker();

        assertThat(controller.delete("/apps/ledger/releases/" + release).body()).isEmpty();

        JsonNode data = deleted(release);
        assertThat(data.get("error").asText()).isEmpty();
        assertThat(data.at("/release_deletion/app").asText()).isEqualTo(app);
        assertThat(data.at("/release_deletion/release").asText()).isEqualTo(release);
        assertThat(data.at("/release_deletion/remaining_apps").toString()).isEqualTo("[]");
        assertThat(data.at("/release_deletion/deleted_files").toString())
                .isEqualTo("[\"http://blobstore.discoverd/files/a\",\"http://blobstore.discoverd/one.tgz\"]");
        assertThat(blobstore.requests).containsExactly("DELETE /files/a", "DELETE /one.tgz");
        assertThat(controller.get("/releases/" + release).status()).isEqualTo(404);
        assertThat(controller.get("/artifacts/" + file).status()).isEqualTo(404);
        assertThat(controller.get("/apps/ledger/releases").ok()).isEmpty();
    }

    @Test
    void aSlugThatAnotherReleaseHasTooStays() {
        String older = release("shared");
        String newer = release("shared");
        controller.startWorker();

        controller.delete("/apps/ledger/releases/" + older).ok();

        assertThat(deleted(older).at("/release_deletion/deleted_files")).isEmpty();
        assertThat(blobstore.requests).isEmpty();
        assertThat(controller.get("/apps/ledger/releases").ok().findValuesAsText("id"))
                .containsExactly(newer);
    }

    @Test
    void aDeploymentIsFollowedByTheCollectionOfOldReleases() {
        controller
                .post("/apps/ledger", "{\"meta\":{\"gc.max_inactive_slug_releases\":\"2\"}}")
                .ok();
        List<String> releases = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            releases.add(release("slug-" + i));
        }
        controller.startWorker();
        assertThat(controller.get("/apps/ledger/releases").ok()).hasSize(5);

        controller
                .post("/apps/ledger/deploy", "{\"id\":\"%s\"}".formatted(releases.get(4)))
                .ok();

        await().until(() -> controller.get("/apps/ledger/releases").ok().size() == 3);
        assertThat(controller.get("/apps/ledger/releases").ok().findValuesAsText("id"))
                .containsExactly(releases.get(4), releases.get(3), releases.get(2));
        await().untilAsserted(() ->
                assertThat(blobstore.requests).containsExactlyInAnyOrder("DELETE /slug-0.tgz", "DELETE /slug-1.tgz"));
        assertThat(events("app_garbage_collection")).hasSize(1);
    }

    @Test
    void whatWasDeployedWhileNoWorkerRanIsCollectedWhenOneStarts() {
        controller
                .post("/apps/ledger", "{\"meta\":{\"gc.max_inactive_slug_releases\":\"0\"}}")
                .ok();
        String older = release("older");
        String newer = release("newer");
        controller
                .post("/apps/ledger/deploy", "{\"id\":\"%s\"}".formatted(newer))
                .ok();

        controller.startWorker();

        deleted(older);
        assertThat(controller.get("/apps/ledger/releases").ok().findValuesAsText("id"))
                .containsExactly(newer);
    }

    @Test
    void whatAnotherAppIsOnStaysAndIsSaid() {
        String release = release("one");
        String other = controller.createApp("other");
        controller
                .put("/apps/other/release", "{\"id\":\"%s\"}".formatted(release))
                .ok();
        controller.startWorker();

        controller.delete("/apps/ledger/releases/" + release).ok();

        assertThat(deleted(release).at("/release_deletion/remaining_apps").toString())
                .isEqualTo("[\"%s\"]".formatted(other));
        assertThat(controller.get("/releases/" + release).status()).isEqualTo(200);
        assertThat(blobstore.requests).isEmpty();
    }

    @Test
    void theCurrentReleaseAndAnotherAppsReleaseAreRefused() {
        String release = release("one");
        controller
                .put("/apps/ledger/release", "{\"id\":\"%s\"}".formatted(release))
                .ok();
        controller.createApp("other");

        assertThat(controller.delete("/apps/ledger/releases/" + release).status())
                .isEqualTo(400);
        assertThat(controller
                        .delete("/apps/ledger/releases/f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01")
                        .status())
                .isEqualTo(404);
        assertThat(controller.delete("/apps/other/releases/" + release).status())
                .isEqualTo(404);
    }

    @Test
    void itsJobsAreDownBeforeItGoes() {
        String release = release("one");
        controller
                .put("/apps/ledger/formations/" + release, "{\"processes\":{\"web\":1}}")
                .ok();
        controller.startWorker();
        try (var cluster = new PlayedCluster(controller)) {
            await().until(() -> controller
                    .get("/active-jobs")
                    .ok()
                    .findValuesAsText("state")
                    .contains("up"));

            controller.delete("/apps/ledger/releases/" + release).ok();

            assertThat(deleted(release).get("error").asText()).isEmpty();
        }
        assertThat(controller.get("/active-jobs").ok()).isEmpty();
        assertThat(events("scale").get(0).at("/data/processes").isNull()).isTrue();
    }

    @Test
    void aBlobstoreThatRefusesIsAskedAgainAndTheEventSaysSo() {
        String release = release("one");
        blobstore.status = 503;
        controller.startWorker();

        controller.delete("/apps/ledger/releases/" + release).ok();

        assertThat(deleted(release).get("error").asText())
                .isEqualTo("the blobstore answered 503 to DELETE http://blobstore.discoverd/one.tgz");
        blobstore.status = 404;
        await().until(() -> events("release_deletion").size() == 2);
        assertThat(deleted(release).get("error").asText()).isEmpty();
    }

    @Test
    void collectionKeepsTheNewestInactiveReleasesAndWhatRuns() {
        controller
                .post("/apps/ledger", "{\"meta\":{\"gc.max_inactive_slug_releases\":\"1\"}}")
                .ok();
        String running = release("running");
        String old = release("old");
        String inactive = release("inactive");
        String current = release("current");
        String notBuilt = controller
                .post("/releases", "{\"app_id\":\"%s\"}".formatted(app))
                .ok()
                .get("id")
                .asText();
        controller
                .put("/apps/ledger/formations/" + running, "{\"processes\":{\"web\":1}}")
                .ok();
        controller
                .put("/apps/ledger/release", "{\"id\":\"%s\"}".formatted(current))
                .ok();
        controller.startWorker();

        controller.post("/apps/ledger/gc", "").ok();

        JsonNode event = events("app_garbage_collection").get(0).get("data");
        assertThat(event.toString())
                .isEqualTo(
                        "{\"app_garbage_collection\":{\"app_id\":\"%s\",\"deleted_releases\":[\"%s\"]},\"error\":\"\"}"
                                .formatted(app, old));
        assertThat(deleted(old).get("error").asText()).isEmpty();
        assertThat(controller.get("/apps/ledger/releases").ok().findValuesAsText("id"))
                .containsExactlyInAnyOrder(running, inactive, current, notBuilt);
    }

    @Test
    void anAppTakesTheReleasesThatWereMadeForItAlong() {
        String own = release("one");
        String nobodys = controller.createRelease("{\"web\":{}}");
        controller.startWorker();

        controller.delete("/apps/ledger").ok();

        assertThat(deleted(own).get("error").asText()).isEmpty();
        assertThat(controller.get("/releases/" + own).status()).isEqualTo(404);
        assertThat(controller.get("/releases/" + nobodys).status()).isEqualTo(200);
        assertThat(blobstore.requests).contains("DELETE /one.tgz");
    }
}
