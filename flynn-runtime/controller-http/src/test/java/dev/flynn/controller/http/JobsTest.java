package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.controller.http.TestController.Answer;
import dev.flynn.state.JobRecord;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class JobsTest {

    @TempDir
    Path directory;

    private TestController controller;
    private String app;
    private String release;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        app = controller.createApp("ledger");
        release = controller.createRelease("{\"web\":{\"env\":{\"ONLY_WEB\":\"1\"}}}");
    }

    @AfterEach
    void stop() {
        controller.close();
    }

    private String run(String rest) {
        return controller
                .post("/apps/ledger/jobs", "{\"release\":\"%s\"%s}".formatted(release, rest))
                .ok()
                .get("id")
                .asText();
    }

    @Test
    void aDetachedJobIsAnsweredWithItsIdAndCommand() {
        JsonNode answer = controller
                .post(
                        "/apps/ledger/jobs",
                        "{\"release\":\"%s\",\"release_env\":true,\"cmd\":[\"rake\",\"db:migrate\"]}"
                                .formatted(release))
                .ok();

        assertThat(answer.get("id").asText()).startsWith("host1-");
        assertThat(answer.get("release").asText()).isEqualTo(release);
        assertThat(answer.get("cmd").toString()).isEqualTo("[\"rake\",\"db:migrate\"]");
        assertThat(answer.has("state")).isFalse();
    }

    @Test
    void itsEnvironmentIsTheControllersThenTheReleasesThenTheRequests() {
        JobSpec spec = controller
                .job(run(",\"release_env\":true,\"env\":{\"A\":\"1\",\"FLYNN_JOB_ID\":\"mine\"}"))
                .spec();

        assertThat(spec.env())
                .containsEntry("FLYNN_APP_ID", app)
                .containsEntry("FLYNN_RELEASE_ID", release)
                .containsEntry("FLYNN_PROCESS_TYPE", "")
                .containsEntry("FLYNN_JOB_ID", "mine")
                .containsEntry("LOG_LEVEL", "info")
                .containsEntry("A", "1")
                .doesNotContainKeys("FLYNN_APP_NAME", "ONLY_WEB");
        assertThat(controller.job(run("")).spec().env()).doesNotContainKey("LOG_LEVEL");
    }

    @Test
    void itHasDefaultLimitsNoInputAndNoType() {
        JobSpec spec = controller
                .job(run(",\"meta\":{\"a\":\"b\",\"flynn-controller.type\":\"web\"}"))
                .spec();

        assertThat(spec.resources()).containsEntry("memory", ResourceLimit.of(1 << 30));
        assertThat(spec.stdin()).isFalse();
        assertThat(spec.ports()).isEmpty();
        assertThat(spec.metadata())
                .containsEntry("a", "b")
                .containsEntry("flynn-controller.app", app)
                .containsEntry("flynn-controller.app_name", "ledger")
                .containsEntry("flynn-controller.release", release)
                .doesNotContainKey("flynn-controller.type");
    }

    @Test
    void anArtifactOfItsOwnReplacesTheReleasesAndNeedsNoRelease() {
        String builder = controller
                .post("/artifacts", "{\"type\":\"host\",\"uri\":\"host:slugbuilder\"}")
                .ok()
                .get("id")
                .asText();

        JsonNode answer = controller
                .post("/apps/ledger/jobs", "{\"artifacts\":[\"%s\"],\"cmd\":[\"build\"]}".formatted(builder))
                .ok();

        assertThat(controller.job(answer.get("id").asText()).spec().image().uri())
                .isEqualTo("host:slugbuilder");
        assertThat(controller.get("/apps/ledger/jobs").body()).isEqualTo("[]");
    }

    @Test
    void whatCannotRunIsRefused() {
        String bare = controller.post("/releases", "{}").ok().get("id").asText();

        assertThat(controller
                        .post("/apps/ledger/jobs", "{}")
                        .json()
                        .get("message")
                        .asText())
                .isEqualTo("Required error. The data must be an object with \"release\" as one of its keys");
        assertThat(controller.post("/apps/nobody/jobs", "{}").status()).isEqualTo(404);
        assertThat(controller
                        .post("/apps/ledger/jobs", "{\"release\":\"%s\"}".formatted(bare))
                        .status())
                .isEqualTo(404);
        assertThat(controller
                        .post("/apps/ledger/jobs", "{\"release\":\"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01\"}")
                        .status())
                .isEqualTo(404);
    }

    @Test
    void jobsAreListedNewestFirstWithTheirEnd() {
        String first = run("");
        String second = run("");
        down(first, JobStatus.starting(new JobId(first), Instant.EPOCH).exited(3, Instant.now()));

        JsonNode jobs = controller.get("/apps/ledger/jobs").ok();

        assertThat(jobs.findValuesAsText("id")).containsExactly(second, first);
        assertThat(jobs.get(1).get("state").asText()).isEqualTo("down");
        assertThat(jobs.get(1).get("exit_status").asInt()).isEqualTo(3);
        assertThat(jobs.get(1).get("host_id").asText()).isEqualTo("host1");
        assertThat(jobs.get(0).has("exit_status")).isFalse();
    }

    @Test
    void aJobIsFoundByItsIdWhicheverAppThePathNames() {
        controller.createApp("other");
        String id = run("");

        assertThat(controller.get("/apps/other/jobs/" + id).ok().get("id").asText())
                .isEqualTo(id);
        assertThat(controller.get("/apps/nobody/jobs/" + id).status()).isEqualTo(404);
        assertThat(controller.get("/apps/ledger/jobs/host1-x").status()).isEqualTo(404);
        assertThat(controller.get("/apps/ledger/jobs/x").status()).isEqualTo(404);
    }

    @Test
    void deletingAJobStopsItAndReturnsWhenItIsDown() throws Exception {
        String id = run("");

        CompletableFuture<Answer> deletion =
                CompletableFuture.supplyAsync(() -> controller.delete("/apps/ledger/jobs/" + id));
        await().until(() -> controller.job(id).stopRequested());
        assertThat(deletion).isNotDone();
        down(id, JobStatus.starting(new JobId(id), Instant.EPOCH).signalled(15, Instant.now()));

        assertThat(deletion.get().status()).isEqualTo(200);
        assertThat(deletion.get().body()).isEmpty();
    }

    @Test
    void theShortIdIsEnoughToStopAJob() throws Exception {
        String id = run("");

        CompletableFuture<Answer> deletion =
                CompletableFuture.supplyAsync(() -> controller.delete("/apps/ledger/jobs/" + new JobId(id).uuid()));
        await().until(() -> controller.job(id).stopRequested());
        down(id, JobStatus.starting(new JobId(id), Instant.EPOCH).exited(0, Instant.now()));

        assertThat(deletion.get().status()).isEqualTo(200);
    }

    @Test
    void aJobThatIsDownOrUnknownCannotBeStopped() {
        String id = run("");
        down(id, JobStatus.starting(new JobId(id), Instant.EPOCH).exited(0, Instant.now()));

        assertThat(controller
                        .delete("/apps/ledger/jobs/" + id)
                        .json()
                        .get("message")
                        .asText())
                .contains(id, "not running any more");
        assertThat(controller.delete("/apps/ledger/jobs/host1-nothing").status())
                .isEqualTo(404);
    }

    @Test
    void onlyAHostRecordsWhatBecomesOfItsJobs() {
        assertThat(controller
                        .put("/apps/ledger/jobs/x", "{}")
                        .json()
                        .get("code")
                        .asText())
                .isEqualTo("unsupported");
    }

    private void down(String id, JobStatus status) {
        JobRecord unused = controller.state.jobs().update(new JobId(id), job -> job.down(status, Instant.now()));
    }
}
