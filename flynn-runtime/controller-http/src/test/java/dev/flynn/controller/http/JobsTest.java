package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Priority;
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
    void aJobForWhichNoHostHasRoomIsRefusedWithWhatIsLeft() {
        controller.capacity("host1", new Capacity(1000L << 20, 2000));
        String large = ",\"resources\":{\"memory\":{\"request\":%d,\"limit\":%<d}}".formatted(700L << 20);
        String first = run(large);

        Answer refused = controller.post("/apps/ledger/jobs", "{\"release\":\"%s\"%s}".formatted(release, large));

        assertThat(refused.json().get("message").asText())
                .startsWith(
                        "no host has room for a job that reserves 700 MiB (left: host1: 300 MiB and 2000 milli-CPU). Add a host");
        run(""); // reserves nothing
        down(first, JobStatus.starting(new JobId(first), Instant.EPOCH).exited(0, Instant.now()));
        run(large);
        run(large + ",\"partition\":\"system\"");
    }

    @Test
    void aJobGetsAVolumeIfItWantsOne() {
        assertThat(controller.job(run(",\"data\":true")).spec().data()).isTrue();
        assertThat(controller.job(run("")).spec().data()).isFalse();
    }

    @Test
    void aJobIsOfThePartitionThatItAsksFor() {
        assertThat(controller.job(run(",\"partition\":\"background\"")).spec().partition())
                .contains(Priority.BACKGROUND);
        assertThat(controller.job(run("")).spec().partition()).isEmpty();
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

    private Answer report(String id, String rest) {
        return controller.put(
                "/apps/ledger/jobs/ignored", "{\"id\":\"%s\",\"release\":\"%s\"%s}".formatted(id, release, rest));
    }

    @Test
    void aJobThatRunsElsewhereIsNotedAndItsStateOnlyGoesForward() {
        String id = "elsewhere-3f0e5a0e-2f64-4a6a-8f6b-0f2f4b1d9f11";

        JsonNode job = report(id, ",\"type\":\"web\",\"state\":\"up\",\"meta\":{\"a\":\"b\"}")
                .ok();

        assertThat(job.get("id").asText()).isEqualTo(id);
        assertThat(job.get("app").asText()).isEqualTo(app);
        assertThat(controller.get("/apps/ledger/jobs/" + id).ok()).isEqualTo(job);
        assertThat(controller.get("/apps/ledger/jobs").ok()).hasSize(1);
        assertThat(controller.get("/active-jobs").ok()).hasSize(1);
        assertThat(report(id, ",\"state\":\"up\"").status()).isEqualTo(200);
        Answer back = report(id, ",\"state\":\"starting\"");
        assertThat(back.status()).isEqualTo(400);
        assertThat(back.json().at("/detail/field").asText()).isEqualTo("state");
        JsonNode down = report(id, ",\"state\":\"failed\",\"exit_status\":3").ok();
        assertThat(down.get("state").asText()).isEqualTo("failed");
        assertThat(report(id, ",\"state\":\"crashed\"").status()).isEqualTo(400);
        assertThat(down.get("exit_status").asInt()).isEqualTo(3);
        assertThat(down.get("meta").toString()).isEqualTo("{\"a\":\"b\"}");
        assertThat(controller.get("/active-jobs").ok()).isEmpty();
        assertThat(controller
                        .get("/events?object_types=job", "Accept", "application/json")
                        .ok())
                .hasSize(2);
    }

    @Test
    void onlyAHostTellsWhatBecomesOfItsJobs() {
        String id = run("");

        assertThat(report(id, ",\"state\":\"pending\"").status()).isEqualTo(200);
        Answer answer = report(id, ",\"state\":\"down\"");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.json().at("/detail/field").asText()).isEqualTo("state");
        assertThat(answer.json().get("message").asText()).contains("is told by its host");
        assertThat(report("x-y", ",\"state\":\"gone\"")
                        .json()
                        .at("/detail/field")
                        .asText())
                .isEqualTo("state");
        assertThat(controller.put("/apps/nobody/jobs/x", "{\"state\":\"up\"}").status())
                .isEqualTo(404);
        assertThat(controller.put("/apps/ledger/jobs/x", "{").status()).isEqualTo(400);
    }

    private void down(String id, JobStatus status) {
        JobRecord unused = controller.state.jobs().update(new JobId(id), job -> job.down(status, Instant.now()));
    }
}
