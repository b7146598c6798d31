package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.controller.OneStep;
import dev.flynn.controller.http.TestController.Answer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class DeploymentsTest {

    private static final String WEB = "{\"web\":{\"cmd\":[\"start\",\"web\"],\"service\":\"ledger-web\"}}";
    private static final String CLOCK = "{\"clock\":{\"cmd\":[\"start\",\"clock\"]}}";

    @TempDir
    Path directory;

    private TestController controller;
    private PlayedCluster cluster;
    private String app;

    @BeforeEach
    void start() throws IOException {
        controller = TestController.start(directory);
        cluster = new PlayedCluster(controller);
        app = controller.createApp("ledger");
    }

    @AfterEach
    void stop() {
        cluster.close();
        controller.close();
    }

    /** An app that runs a release. */
    private String running(String processes, String counts) {
        String release = controller.createRelease(processes);
        deploy(release);
        controller
                .put("/apps/ledger/formations/" + release, "{\"processes\":%s}".formatted(counts))
                .ok();
        return release;
    }

    private JsonNode deploy(String release) {
        return controller
                .post("/apps/ledger/deploy", "{\"id\":\"%s\"}".formatted(release))
                .ok();
    }

    private String awaitEnd(JsonNode deployment) {
        String path = "/deployments/" + deployment.get("id").asText();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> !controller.get(path).json().get("status").asText().matches("pending|running"));
        return controller.get(path).json().get("status").asText();
    }

    private List<String> told(JsonNode deployment) {
        List<String> told = new ArrayList<>();
        String id = deployment.get("id").asText();
        JsonNode events = controller
                .get("/events?app_id=ledger&object_types=deployment,scale,app_release", "Accept", "application/json")
                .ok();
        for (int i = events.size() - 1; i >= 0; i--) {
            JsonNode event = events.get(i);
            JsonNode data = event.get("data");
            switch (event.get("object_type").asText()) {
                case "scale" -> told.add("scale " + data.get("processes"));
                case "app_release" -> told.add("app_release");
                default -> {
                    if (event.get("object_id").asText().equals(id)) {
                        told.add((data.get("status").asText() + " "
                                        + data.path("job_type").asText() + " "
                                        + data.path("job_state").asText())
                                .trim());
                    }
                }
            }
        }
        return told;
    }

    @Test
    void aReleaseThatWasMadeOfAnotherThanTheCurrentOneIsNotDeployed() {
        String first = controller.createRelease(WEB);
        String second = controller.createRelease(WEB);

        Answer none = deploy(first, second);
        Answer made = deploy(first, "");
        Answer late = deploy(second, "");
        Answer next = deploy(second, first);

        assertThat(none.status()).isEqualTo(409);
        assertThat(none.json().get("code").asText()).isEqualTo("conflict");
        assertThat(none.json().get("message").asText())
                .contains("the current release of app \"ledger\" is none, and not " + second);
        assertThat(made.status()).isEqualTo(200);
        assertThat(late.status()).isEqualTo(409);
        assertThat(late.json().get("message").asText()).contains("is " + first + ", and not none");
        assertThat(next.status()).isEqualTo(200);
        assertThat(controller.get("/apps/ledger/release").ok().get("id").asText())
                .isEqualTo(second);
    }

    private Answer deploy(String release, String oldRelease) {
        return controller.post(
                "/apps/ledger/deploy", "{\"id\":\"%s\",\"old_release\":\"%s\"}".formatted(release, oldRelease));
    }

    @Test
    void deployingWhereNothingRunsOnlySetsTheRelease() {
        String release = controller.createRelease(WEB);

        JsonNode deployment = deploy(release);

        assertThat(deployment.get("status").asText()).isEqualTo("complete");
        assertThat(deployment.has("finished_at")).isTrue();
        assertThat(deployment.has("old_release")).isFalse();
        assertThat(controller.get("/apps/ledger/release").ok().get("id").asText())
                .isEqualTo(release);
        assertThat(controller.get("/apps/ledger/formations").body()).isEqualTo("[]");
        assertThat(told(deployment)).containsExactly("app_release", "complete");
    }

    @Test
    void aDeploymentIsQueuedWithTheOldCountsAndOnlyOneAtATime() {
        String old = running(WEB, "{\"web\":2}");
        String release = controller.createRelease(WEB);

        JsonNode deployment = deploy(release);

        assertThat(deployment.get("status").asText()).isEqualTo("pending");
        assertThat(deployment.get("old_release").asText()).isEqualTo(old);
        assertThat(deployment.get("new_release").asText()).isEqualTo(release);
        assertThat(deployment.get("processes").toString()).isEqualTo("{\"web\":2}");
        assertThat(deployment.get("deploy_timeout").asInt()).isEqualTo(30);
        assertThat(deployment.has("finished_at")).isFalse();
        Answer second = controller.post("/apps/ledger/deploy", "{\"id\":\"%s\"}".formatted(release));
        assertThat(second.status()).isEqualTo(400);
        assertThat(second.body())
                .isEqualTo("{\"code\":\"validation_error\",\"message\":\"Cannot create deploy, there is already one in "
                        + "progress for this app.\",\"retry\":false}");
        assertThat(controller.get("/apps/ledger/deployments").ok()).hasSize(2);
    }

    @Test
    void whatCannotBeDeployedIsRefused() {
        assertThat(controller
                        .post("/apps/ledger/deploy", "{\"id\":\"x\"}")
                        .json()
                        .get("message")
                        .asText())
                .isEqualTo("could not find release with ID x");
        assertThat(controller.post("/apps/nobody/deploy", "{\"id\":\"x\"}").status())
                .isEqualTo(404);
        assertThat(controller.get("/deployments/x").status()).isEqualTo(404);
        assertThat(controller
                        .get("/deployments/f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01")
                        .body())
                .isEmpty();
    }

    @Test
    void deployingTheReleaseThatRunsMovesNothing() {
        String release = running(WEB, "{\"web\":1}");

        assertThat(deploy(release).get("status").asText()).isEqualTo("complete");
        assertThat(controller
                        .get("/apps/ledger/formations/" + release)
                        .ok()
                        .at("/processes/web")
                        .asInt())
                .isEqualTo(1);
    }

    @Test
    void allAtOnceReplacesTheJobsAndTellsOfIt() {
        String old = running(WEB, "{\"web\":2}");
        String release = controller.createRelease(WEB);
        controller.startWorker();

        JsonNode deployment = deploy(release);

        assertThat(awaitEnd(deployment)).isEqualTo("complete");
        assertThat(told(deployment))
                .endsWith(
                        "pending",
                        "running web starting",
                        "running web starting",
                        "scale {\"web\":2}",
                        "running web up",
                        "running web up",
                        "running web stopping",
                        "running web stopping",
                        "scale null",
                        "running web down",
                        "running web down",
                        "app_release",
                        "complete");
        assertThat(controller.get("/apps/ledger/release").ok().get("id").asText())
                .isEqualTo(release);
        assertThat(controller
                        .get("/apps/ledger/formations/" + release)
                        .ok()
                        .at("/processes/web")
                        .asInt())
                .isEqualTo(2);
        assertThat(controller.get("/apps/ledger/formations/" + old).ok().has("processes"))
                .isFalse();
        JsonNode finished =
                controller.get("/deployments/" + deployment.get("id").asText()).ok();
        assertThat(finished.has("finished_at")).isTrue();
        assertThat(finished.get("processes").toString()).isEqualTo("{\"web\":2}");
    }

    @Test
    void oneByOneReplacesTheJobsAndTellsOfIt() {
        controller.post("/apps/ledger", "{\"strategy\":\"one-by-one\"}").ok();
        running(WEB, "{\"web\":1}");
        controller.startWorker();

        JsonNode deployment = deploy(controller.createRelease(WEB));

        assertThat(awaitEnd(deployment)).isEqualTo("complete");
        assertThat(told(deployment))
                .endsWith(
                        "pending",
                        "scale {\"web\":1}",
                        "running web starting",
                        "running web up",
                        "scale {\"web\":0}",
                        "running web stopping",
                        "running web down",
                        "scale null",
                        "app_release",
                        "complete");
    }

    @Test
    void aProcessThatExitsFailsTheDeploymentWithItsLastLinesAndRollsBack() {
        String old = running(WEB, "{\"web\":2}");
        String bad = controller.createRelease(WEB);
        cluster.behaviours.put(bad, PlayedCluster.Behaviour.EXITS);
        controller.startWorker();

        JsonNode deployment = deploy(bad);

        assertThat(awaitEnd(deployment)).isEqualTo("failed");
        JsonNode last = controller
                .get("/events?object_types=deployment&count=1", "Accept", "application/json")
                .ok()
                .get(0)
                .get("data");
        assertThat(last.get("error").asText())
                .startsWith("web process type failed to start, got down job event\njob host1-")
                .contains("exited with status 1")
                .endsWith("its last lines:\n    Error: Cannot find module 'x'");
        assertThat(last.get("release").asText()).isEqualTo(bad);
        assertThat(controller.get("/apps/ledger/release").ok().get("id").asText())
                .isEqualTo(old);
        assertThat(controller
                        .get("/apps/ledger/formations/" + old)
                        .ok()
                        .at("/processes/web")
                        .asInt())
                .isEqualTo(2);
        assertThat(controller.get("/apps/ledger/formations/" + bad).status()).isEqualTo(404);
        assertThat(controller
                        .get("/deployments/" + deployment.get("id").asText())
                        .ok()
                        .has("finished_at"))
                .isTrue();
    }

    @Test
    void aProcessWithoutAServiceThatExitsFailsTheDeployment() {
        running(CLOCK, "{\"clock\":1}");
        String bad = controller.createRelease(CLOCK);
        cluster.behaviours.put(bad, PlayedCluster.Behaviour.EXITS);
        controller.startWorker();

        assertThat(awaitEnd(deploy(bad))).isEqualTo("failed");
    }

    @Test
    void aProcessWithoutAServiceIsUpOnceItRan() {
        running(CLOCK, "{\"clock\":1}");
        controller.startWorker();

        assertThat(awaitEnd(deploy(controller.createRelease(CLOCK)))).isEqualTo("complete");
    }

    @Test
    void aFailedDeploymentLetsTheNextOneIn() {
        running(WEB, "{\"web\":1}");
        String bad = controller.createRelease(WEB);
        cluster.behaviours.put(bad, PlayedCluster.Behaviour.EXITS);
        controller.startWorker();
        awaitEnd(deploy(bad));

        String good = controller.createRelease(WEB);

        assertThat(awaitEnd(deploy(good))).isEqualTo("complete");
        assertThat(controller.get("/apps/ledger/release").ok().get("id").asText())
                .isEqualTo(good);
    }

    @Test
    void whatIsNoReplicatedDatabaseIsNotReplacedAsOneAndThatIsSaid() {
        running("{\"postgres\":{\"service\":\"postgres\"}}", "{\"postgres\":3}");
        controller.post("/apps/ledger", "{\"strategy\":\"sirenia\"}").ok();
        controller.startWorker();

        JsonNode deployment = deploy(controller.createRelease("{\"postgres\":{\"service\":\"postgres\"}}"));

        assertThat(awaitEnd(deployment)).isEqualTo("failed");
        assertThat(told(deployment)).endsWith("pending", "failed");
        assertThat(error())
                .contains(
                        "strategy \"postgres\"",
                        "no state of a replicated database",
                        "one-by-one",
                        "nothing was changed");
    }

    /** Of the deployment that failed last. */
    private String error() {
        return controller
                .get("/events?object_types=deployment&count=1", "Accept", "application/json")
                .ok()
                .get(0)
                .at("/data/error")
                .asText();
    }

    @Test
    void discoverdMetaWaitsUntilANewJobSaysThatItIsDone() {
        running(WEB, "{\"web\":1}");
        controller.post("/apps/ledger", "{\"strategy\":\"discoverd-meta\"}").ok();
        controller.startWorker();

        JsonNode deployment = deploy(controller.createRelease(WEB));
        String release = deployment.get("new_release").asText();
        await().until(() -> instance(release).isPresent());
        assertThat(told(deployment)).doesNotContain("running web up");
        controller.discovery.setMeta(
                "ledger-web",
                new ServiceMeta("{\"%s\":\"done\"}".formatted(instance(release).orElseThrow()), 0));

        assertThat(awaitEnd(deployment)).isEqualTo("complete");
    }

    private Optional<String> instance(String release) {
        return controller.discovery.instances("ledger-web").stream()
                .filter(instance -> release.equals(instance.meta().get("FLYNN_RELEASE_ID")))
                .map(instance -> instance.addr())
                .findFirst();
    }

    @Test
    void aCancelledDeploymentFailsAndTheFormerFormationIsBack() {
        String old = running(WEB, "{\"web\":2}");
        String release = controller.createRelease(WEB);
        cluster.behaviours.put(release, PlayedCluster.Behaviour.HANGS);
        controller.startWorker();
        JsonNode deployment = deploy(release);
        String path = "/apps/ledger/deployments/" + deployment.get("id").asText();
        await().until(() -> told(deployment).contains("running web starting"));

        assertThat(controller.post(path + "/cancel", "").ok().get("id")).isEqualTo(deployment.get("id"));

        assertThat(awaitEnd(deployment)).isEqualTo("failed");
        assertThat(error()).isEqualTo("the deployment was cancelled");
        assertThat(controller.get("/apps/ledger/formations/" + release).status())
                .isEqualTo(404);
        assertThat(controller
                        .get("/apps/ledger/formations/" + old)
                        .ok()
                        .at("/processes/web")
                        .asInt())
                .isEqualTo(2);
        Answer again = controller.post(path + "/cancel", "");
        assertThat(again.status()).isEqualTo(409);
        assertThat(again.json().get("message").asText()).endsWith("is over: failed");
    }

    @Test
    void whatADeploymentMovesIsScaledBeforeItOrAfterIt() {
        String unrelated = controller.createRelease(WEB);
        String old = running(WEB, "{\"web\":2}");
        String release = controller.createRelease(WEB);
        String deployment = deploy(release).get("id").asText();
        String three = "{\"processes\":{\"web\":3}}";

        for (String moved : List.of(old, release)) {
            Answer put = controller.put("/apps/ledger/formations/" + moved, three);
            assertThat(put.status()).isEqualTo(409);
            assertThat(put.json().get("message").asText())
                    .isEqualTo("deployment %s is under way and would undo this: scale when it is over, or cancel it"
                            .formatted(deployment));
            assertThat(controller.put("/apps/ledger/scale/" + moved, three).status())
                    .isEqualTo(409);
        }
        assertThat(controller.delete("/apps/ledger/formations/" + old).status()).isEqualTo(409);
        controller.put("/apps/ledger/formations/" + unrelated, three).ok();

        controller.startWorker();
        await().untilAsserted(() ->
                controller.put("/apps/ledger/formations/" + release, three).ok());
    }

    @Test
    void whatIsNoDeploymentOfTheAppCannotBeCancelled() {
        running(WEB, "{\"web\":1}");
        controller.createApp("other");
        String id = deploy(controller.createRelease(WEB)).get("id").asText();

        assertThat(controller
                        .post("/apps/other/deployments/" + id + "/cancel", "")
                        .status())
                .isEqualTo(404);
        assertThat(controller.post("/apps/ledger/deployments/x/cancel", "").status())
                .isEqualTo(404);
        Answer promoted = controller.post("/apps/ledger/deployments/" + id + "/promote", "");
        assertThat(promoted.status()).isEqualTo(400);
        assertThat(promoted.json().get("message").asText())
                .endsWith("has strategy all-at-once, and only one with strategy canary can be promoted");
    }

    @Test
    void aCanaryIsHeldUntilItIsPromoted() {
        running(WEB, "{\"web\":4}");
        controller
                .post("/apps/ledger", "{\"strategy\":\"canary\",\"meta\":{\"flynn-deploy-canary-weight\":\"25\"}}")
                .ok();
        controller.startWorker();
        String release = controller.createRelease(WEB);
        JsonNode deployment = deploy(release);
        await().until(() -> told(deployment).contains("running web down"));
        assertThat(controller
                        .get("/apps/ledger/formations/" + release)
                        .ok()
                        .at("/processes/web")
                        .asInt())
                .isEqualTo(1);

        controller
                .post("/apps/ledger/deployments/" + deployment.get("id").asText() + "/promote", "")
                .ok();

        assertThat(awaitEnd(deployment)).isEqualTo("complete");
        assertThat(controller
                        .get("/apps/ledger/formations/" + release)
                        .ok()
                        .at("/processes/web")
                        .asInt())
                .isEqualTo(4);
    }

    @Test
    void metadataThatCannotBeFollowedIsRefusedBeforeAnythingHappens() {
        running(WEB, "{\"web\":1}");
        controller
                .post("/apps/ledger", "{\"meta\":{\"flynn-deploy-canary-weight\":\"all\"}}")
                .ok();

        Answer refused =
                controller.post("/apps/ledger/deploy", "{\"id\":\"%s\"}".formatted(controller.createRelease(WEB)));

        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.json().get("message").asText())
                .isEqualTo("the app's metadata flynn-deploy-canary-weight must be a number, 1 to 99, and is \"all\"");
    }

    @Test
    void restartReplacesTheJobsOfATypeWithinTheRelease() {
        String release = running(
                "{\"web\":{\"service\":\"ledger-web\"},\"api\":{\"service\":\"ledger-api\"}}", "{\"web\":2,\"api\":1}");
        await().until(() -> live("web").size() == 2 && live("api").size() == 1);
        Set<String> web = live("web");
        Set<String> api = live("api");
        controller.startWorker();

        JsonNode restart =
                controller.post("/apps/ledger/restart", "{\"type\":\"web\"}").ok();

        assertThat(restart.get("old_release").asText()).isEqualTo(release);
        assertThat(restart.get("new_release").asText()).isEqualTo(release);
        assertThat(awaitEnd(restart)).isEqualTo("complete");
        assertThat(live("web")).hasSize(2).doesNotContainAnyElementsOf(web);
        assertThat(live("api")).isEqualTo(api);
    }

    @Test
    void whereNothingRunsThereIsNothingToRestart() {
        running(WEB, "{\"web\":1}");

        assertThat(controller
                        .post("/apps/ledger/restart", "{\"type\":\"clock\"}")
                        .json()
                        .get("message")
                        .asText())
                .isEqualTo(
                        "no job of app \"ledger\" and process type \"clock\" is wanted, so there is nothing to restart");
        assertThat(controller.post("/apps/nobody/restart", "{}").status()).isEqualTo(404);
    }

    /** Jobs of the type that nobody asked to end. */
    private Set<String> live(String type) {
        return controller.state.jobs().table().list().stream()
                .map(job -> job.value())
                .filter(job ->
                        job.type().equals(Optional.of(type)) && job.state().isLive() && !job.stopRequested())
                .map(job -> job.id().value())
                .collect(Collectors.toSet());
    }

    @Test
    void ofDeploymentsAtTheSameTimeOneWins() throws Exception {
        running(WEB, "{\"web\":1}");
        String release = controller.createRelease(WEB);
        ExecutorService clients = Executors.newFixedThreadPool(8);
        try {
            List<Future<Answer>> answers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                answers.add(clients.submit(
                        () -> controller.post("/apps/ledger/deploy", "{\"id\":\"%s\"}".formatted(release))));
            }
            List<Integer> statuses = new ArrayList<>();
            for (Future<Answer> answer : answers) {
                statuses.add(answer.get().status());
            }
            assertThat(statuses).containsOnlyOnce(200).contains(400);
        } finally {
            clients.shutdownNow();
        }
    }

    @Test
    void anotherWorkerCarriesOnWhereOneWasKilledAndNothingIsToldTwice() {
        running(WEB, "{\"web\":3}");
        controller.post("/apps/ledger", "{\"strategy\":\"one-by-one\"}").ok();
        JsonNode deployment = deploy(controller.createRelease(WEB));
        String path = "/deployments/" + deployment.get("id").asText();

        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> {
                    workerThatIsKilledAfterOneStep();
                    return controller.get(path).json().get("status").asText().equals("complete");
                });

        assertThat(told(deployment).stream().filter("running web starting"::equals))
                .hasSize(3);
        assertThat(told(deployment).stream().filter("running web up"::equals)).hasSize(3);
        assertThat(told(deployment).stream().filter("running web stopping"::equals))
                .hasSize(3);
        assertThat(told(deployment).stream().filter("running web down"::equals)).hasSize(3);
        assertThat(told(deployment).stream().filter("complete"::equals)).hasSize(1);
    }

    private void workerThatIsKilledAfterOneStep() {
        OneStep.look(controller.state, controller.discovery, controller.logs);
    }

    @Test
    void severalWorkersTakeEveryStepOnce() {
        running(WEB, "{\"web\":3}");
        for (int i = 0; i < 3; i++) {
            controller.startWorker();
        }

        JsonNode deployment = deploy(controller.createRelease(WEB));

        assertThat(awaitEnd(deployment)).isEqualTo("complete");
        assertThat(told(deployment).stream().filter("running web starting"::equals))
                .hasSize(3);
        assertThat(told(deployment).stream().filter("running web up"::equals)).hasSize(3);
        assertThat(told(deployment).stream().filter("running web down"::equals)).hasSize(3);
    }

    @Test
    void deletingTheAppEndsItsDeployment() {
        running(WEB, "{\"web\":1}");
        String release = controller.createRelease(WEB);
        cluster.behaviours.put(release, PlayedCluster.Behaviour.HANGS);
        controller.startWorker();
        JsonNode deployment = deploy(release);

        controller.delete("/apps/ledger").ok();

        assertThat(awaitEnd(deployment)).isEqualTo("failed");
        await().until(() -> controller.state.formations().list().isEmpty());
        await().untilAsserted(() -> assertThat(controller.state.jobs().table().list())
                .allMatch(job -> !job.value().state().isLive()));
        assertThat(app).isNotEmpty();
    }
}
