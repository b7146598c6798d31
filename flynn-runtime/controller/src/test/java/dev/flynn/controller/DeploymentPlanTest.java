package dev.flynn.controller;

import static dev.flynn.controller.SimulatedCluster.plain;
import static dev.flynn.controller.SimulatedCluster.withService;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.release.ProcessType;
import dev.flynn.controller.SimulatedCluster.Behaviour;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DeploymentPlanTest {

    private static final Map<String, ProcessType> WEB = Map.of("web", withService("ledger-web"));
    private static final Map<String, ProcessType> CLOCK = Map.of("clock", plain());

    /** Those that roll back. */
    private static final List<Strategy> ANY = List.of(
            Strategy.ALL_AT_ONCE, Strategy.ONE_BY_ONE, Strategy.IN_BATCHES, Strategy.ONE_DOWN_ONE_UP, Strategy.CANARY);

    static Stream<Long> seeds() {
        return LongStream.range(0, Long.getLong("flynn.seeds", 60)).boxed();
    }

    private static SimulatedCluster cluster(
            Strategy strategy, Map<String, Integer> processes, Map<String, ProcessType> types) {
        return new SimulatedCluster(1, strategy, processes, types, types);
    }

    @Test
    void oneByOneTellsExactlyTheContractsSequence() {
        SimulatedCluster cluster = cluster(Strategy.ONE_BY_ONE, Map.of("web", 1), WEB);

        cluster.runToTheEnd();

        assertThat(cluster.told)
                .containsExactly(
                        "scale new {web=1}",
                        "new web starting",
                        "new web up",
                        "scale old {web=0}",
                        "old web stopping",
                        "old web down",
                        "scale old {}",
                        "release new",
                        "complete");
    }

    @Test
    void allAtOnceTellsOfStartingAndStoppingBeforeItScales() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("web", 2), WEB);

        cluster.runToTheEnd();

        assertThat(cluster.told)
                .containsExactly(
                        "new web starting",
                        "new web starting",
                        "scale new {web=2}",
                        "new web up",
                        "new web up",
                        "old web stopping",
                        "old web stopping",
                        "scale old {}",
                        "old web down",
                        "old web down",
                        "release new",
                        "complete");
    }

    @Test
    void typesAreReplacedInAlphabeticalOrderOneByOne() {
        Map<String, ProcessType> types = Map.of("web", withService("x-web"), "api", withService("x-api"));
        SimulatedCluster cluster = cluster(Strategy.ONE_BY_ONE, Map.of("web", 1, "api", 2), types);

        cluster.runToTheEnd();

        assertThat(cluster.told.stream().filter(line -> line.startsWith("scale")))
                .containsExactly(
                        "scale new {api=1}",
                        "scale old {api=1, web=1}",
                        "scale new {api=2}",
                        "scale old {api=0, web=1}",
                        "scale new {api=2, web=1}",
                        "scale old {api=0, web=0}",
                        "scale old {}");
    }

    @Test
    void ofTypesThatKeepDataTheOldJobsStopFirst() {
        Map<String, ProcessType> types = Map.of("db", data(), "web", withService("x-web"));
        SimulatedCluster cluster = cluster(Strategy.ONE_BY_ONE, Map.of("db", 2, "web", 1), types);

        cluster.runToTheEnd();

        assertThat(cluster.told.stream().filter(line -> line.startsWith("scale")))
                .containsExactly(
                        "scale old {db=1, web=1}",
                        "scale new {db=1}",
                        "scale old {db=1, web=1}",
                        "scale old {db=0, web=1}",
                        "scale new {db=2}",
                        "scale old {db=0, web=1}",
                        "scale new {db=2, web=1}",
                        "scale old {db=0, web=0}",
                        "scale old {}");
        assertThat(cluster.told.stream().filter(line -> line.startsWith("old db")))
                .containsExactly("old db stopping", "old db down", "old db stopping", "old db down");
        assertThat(cluster.live(cluster.newRelease)).isEqualTo(Map.of("db", 2, "web", 1));
    }

    @Test
    void allAtOnceDoesSoToo() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("db", 1), Map.of("db", data()));

        cluster.runToTheEnd();

        assertThat(cluster.told)
                .containsExactly(
                        "old db stopping",
                        "new db starting",
                        "scale old {db=0}",
                        "scale new {db=1}",
                        "new db up",
                        "old db down",
                        "scale old {}",
                        "release new",
                        "complete");
    }

    @Test
    void aReleaseThatFailsGivesTheDataBackBeforeItIsGone() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("db", 1), Map.of("db", data()));
        cluster.behaviour = type -> Behaviour.CANNOT_START;

        cluster.runToTheEnd();

        assertThat(cluster.told)
                .containsSubsequence("scale old {db=1}", "scale new {}", "finished", "delete new", "failed");
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(Map.of("db", 1));
    }

    private static ProcessType data() {
        return new ProcessType(
                List.of(), List.of(), Map.of(), List.of(), true, false, false, Optional.empty(), false, Map.of());
    }

    @Test
    void aTypeThatTheNewReleaseDoesNotHaveEndsWithTheOldOne() {
        for (Strategy strategy : List.of(Strategy.ALL_AT_ONCE, Strategy.ONE_BY_ONE)) {
            SimulatedCluster cluster = new SimulatedCluster(
                    1,
                    strategy,
                    Map.of("web", 1, "clock", 1),
                    Map.of("web", withService("x-web"), "clock", plain()),
                    Map.of("web", withService("x-web")));

            cluster.runToTheEnd();

            assertThat(cluster.formations.get(cluster.newRelease)).isEqualTo(Map.of("web", 1));
            assertThat(cluster.told).contains("old clock stopping", "old clock down", "complete");
            assertThat(cluster.live(cluster.oldRelease)).isEmpty();
        }
    }

    @Test
    void anOmniTypeIsExpectedOnceOnEveryHost() {
        ProcessType omni = new ProcessType(
                List.of(), List.of(), Map.of(), List.of(), false, true, false, Optional.empty(), false, Map.of());
        SimulatedCluster cluster = cluster(Strategy.ONE_BY_ONE, Map.of("agent", 1), Map.of("agent", omni));
        cluster.hosts = 3;

        cluster.runToTheEnd();

        assertThat(cluster.told.stream().filter("new agent up"::equals)).hasSize(3);
        assertThat(cluster.live(cluster.newRelease)).isEqualTo(Map.of("agent", 3));
    }

    @Test
    void routersGetTimeToLearnOfNewJobsBeforeOldOnesStop() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("web", 1), WEB);
        while (!cluster.told.contains("new web up")) {
            cluster.advance();
        }

        cluster.work();
        assertThat(cluster.told).doesNotContain("old web stopping");

        cluster.pass(DeploymentPlan.SETTLE);
        cluster.work();
        assertThat(cluster.told).contains("old web stopping");
    }

    @Test
    void aJobWithoutAServiceIsUpOnceItRanForAWhile() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("clock", 1), CLOCK);
        cluster.work();
        for (int i = 0; i < 100; i++) {
            cluster.pass(Duration.ofMillis(1));
            cluster.schedule();
            cluster.work();
        }
        assertThat(cluster.live(cluster.newRelease)).isEqualTo(Map.of("clock", 1));
        assertThat(cluster.told).doesNotContain("new clock up");

        cluster.pass(DeploymentSnapshot.STEADY);
        cluster.work();

        assertThat(cluster.told).contains("new clock up");
    }

    @Test
    void aProcessWithAServiceThatExitsFailsAndTheOldReleaseServesOn() {
        for (Strategy strategy : List.of(Strategy.ALL_AT_ONCE, Strategy.ONE_BY_ONE)) {
            SimulatedCluster cluster = cluster(strategy, Map.of("web", 2), WEB);
            cluster.behaviour = type -> Behaviour.EXITS;

            cluster.runToTheEnd();

            assertThat(cluster.told).endsWith("scale old {web=2}", "finished", "delete new", "failed");
            assertThat(cluster.error.orElse(""))
                    .startsWith("web process type failed to start, got down job event\njob host1-")
                    .contains("exited with status 1");
            assertThat(cluster.live(cluster.oldRelease)).isEqualTo(Map.of("web", 2));
            assertThat(cluster.live(cluster.newRelease)).isEmpty();
            assertThat(cluster.fewestReady).isEqualTo(Map.of("web", 2));
        }
    }

    @Test
    void aProcessWithoutAServiceMayEndTwiceAndFailsAtTheThirdTime() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("clock", 1), CLOCK);
        cluster.behaviour = type -> Behaviour.EXITS;

        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("failed");
        assertThat(cluster.error.orElse("")).contains("exited with status 1, the last of 3 that ended");
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(Map.of("clock", 1));
    }

    @Test
    void whatItsHostCannotStartFailsAtTheSecondTimeWithTheReason() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("clock", 1), CLOCK);
        cluster.behaviour = type -> Behaviour.CANNOT_START;

        cluster.runToTheEnd();

        assertThat(cluster.error).contains("deployer: clock job failed to start: no such image");
        assertThat(cluster.startFailures()).isGreaterThanOrEqualTo(2);
    }

    @Test
    void aMinuteOfSilenceFails() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("web", 2), WEB);
        cluster.behaviour = type -> Behaviour.HANGS;

        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("scale old {web=2}", "finished", "delete new", "failed");
        assertThat(cluster.error).contains("timed out waiting for job events: none for 60 s; web has 0 of 2 jobs up");
    }

    @Test
    void jobsThatAreLostWithTheirHostDoNotFailADeployment() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("web", 2), WEB);
        while (cluster.live(cluster.newRelease).getOrDefault("web", 0) < 2) {
            cluster.advance();
        }
        cluster.loseNewJobs();

        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("release new", "complete");
    }

    @Test
    void aHostThatIsRestartedWhileItStartsAJobDoesNotFailADeployment() {
        SimulatedCluster cluster = cluster(Strategy.ALL_AT_ONCE, Map.of("web", 1), WEB);
        while (cluster.live(cluster.newRelease).isEmpty()) {
            cluster.advance();
        }
        cluster.loseNewJobs();

        cluster.runToTheEnd();

        assertThat(cluster.startFailures()).isEqualTo(1);
        assertThat(cluster.told).endsWith("release new", "complete");
    }

    @Test
    void inBatchesReplacesAsManyAsABatchHas() {
        SimulatedCluster cluster = cluster(Strategy.IN_BATCHES, Map.of("web", 5), WEB);

        cluster.runToTheEnd();

        assertThat(scales(cluster))
                .containsExactly(
                        "scale new {web=2}",
                        "scale old {web=3}",
                        "scale new {web=4}",
                        "scale old {web=1}",
                        "scale new {web=5}",
                        "scale old {web=0}",
                        "scale old {}");
        assertThat(cluster.fewestReady.get("web")).isEqualTo(5);
    }

    @Test
    void oneDownOneUpStopsAnOldJobBeforeItStartsANewOne() {
        SimulatedCluster cluster = cluster(Strategy.ONE_DOWN_ONE_UP, Map.of("web", 2), WEB);

        cluster.runToTheEnd();

        assertThat(cluster.told)
                .containsExactly(
                        "scale old {web=1}",
                        "old web stopping",
                        "old web down",
                        "scale new {web=1}",
                        "new web starting",
                        "new web up",
                        "scale old {web=0}",
                        "old web stopping",
                        "old web down",
                        "scale new {web=2}",
                        "new web starting",
                        "new web up",
                        "scale old {}",
                        "release new",
                        "complete");
        assertThat(cluster.mostWanted.get("web")).isEqualTo(2);
    }

    @Test
    void aCanaryIsAShareOfTheJobsAndTheRestFollowsAfterItsTime() {
        SimulatedCluster cluster = cluster(Strategy.CANARY, Map.of("web", 10), WEB);
        Instant held = runUntilHeld(cluster);
        assertThat(cluster.live(cluster.newRelease)).isEqualTo(Map.of("web", 3));
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(Map.of("web", 7));

        cluster.runToTheEnd();

        assertThat(scales(cluster))
                .containsExactly("scale new {web=3}", "scale old {web=7}", "scale new {web=10}", "scale old {}");
        assertThat(cluster.told).endsWith("release new", "complete");
        assertThat(cluster.now).isAfterOrEqualTo(held.plusSeconds(20));
        assertThat(cluster.fewestReady.get("web")).isEqualTo(10);
    }

    @Test
    void aCanaryGivesSignsOfLifeUntilItsTimeIsOver() {
        SimulatedCluster cluster = cluster(Strategy.CANARY, Map.of("web", 2), WEB);
        runUntilHeld(cluster);

        cluster.pass(Duration.ofSeconds(16));
        cluster.work();

        assertThat(cluster.told).endsWith("new - -");
    }

    @Test
    void aCanaryWithoutATimeIsHeldUntilItIsPromoted() {
        SimulatedCluster cluster = new SimulatedCluster(
                1, Strategy.CANARY, new DeploymentPace(1, 10, Optional.empty()), Map.of("web", 2), WEB, WEB, Set.of());
        runUntilHeld(cluster);
        cluster.pass(Duration.ofDays(7));
        cluster.work();
        assertThat(cluster.live(cluster.newRelease)).isEqualTo(Map.of("web", 1));

        cluster.order(DeploymentRun.Order.PROMOTE);
        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("release new", "complete");
    }

    @Test
    void anAppWithOneJobRunsAnOldAndANewOneWhileItsCanaryIsHeld() {
        Map<String, ProcessType> types = Map.of("web", withService("x-web"), "db", data());
        SimulatedCluster cluster = cluster(Strategy.CANARY, Map.of("web", 1, "db", 1), types);

        runUntilHeld(cluster);

        assertThat(cluster.live(cluster.newRelease)).isEqualTo(Map.of("web", 1));
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(Map.of("db", 1, "web", 1));
    }

    @Test
    void aCanaryThatEndsOnTrialIsTakenBack() {
        SimulatedCluster cluster = cluster(Strategy.CANARY, Map.of("web", 10), WEB);
        runUntilHeld(cluster);

        cluster.behaviour = type -> Behaviour.EXITS;
        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("scale old {web=10}", "finished", "delete new", "failed");
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(Map.of("web", 10));
    }

    private static Instant runUntilHeld(SimulatedCluster cluster) {
        while (cluster.run.orElseThrow().phase() != DeploymentRun.Phase.HOLD) {
            cluster.advance();
        }
        return cluster.now;
    }

    @Test
    void discoverdMetaForgetsWhatEarlierJobsSaidAndDoesNotRollBack() {
        SimulatedCluster works = cluster(Strategy.DISCOVERD_META, Map.of("web", 1), WEB);
        works.runToTheEnd();
        assertThat(works.told)
                .startsWith("clear [ledger-web]", "scale new {web=1}")
                .endsWith("complete");

        SimulatedCluster hangs = cluster(Strategy.DISCOVERD_META, Map.of("web", 2), WEB);
        hangs.behaviour = type -> Behaviour.HANGS;
        hangs.runToTheEnd();

        assertThat(hangs.told).containsExactly("clear [ledger-web]", "scale new {web=1}", "new web starting", "failed");
        assertThat(hangs.error).hasValueSatisfying(error -> assertThat(error).contains("none for 120 s"));
        assertThat(hangs.live(hangs.oldRelease)).isEqualTo(Map.of("web", 2));
    }

    @Test
    void postgresRefusesWhatIsNoReplicatedDatabaseAndReplacesOtherTypesOneByOne() {
        Map<String, ProcessType> types = Map.of("postgres", withService("postgres"), "web", withService("x-web"));
        SimulatedCluster database = cluster(Strategy.POSTGRES, Map.of("postgres", 3, "web", 1), types);
        database.runToTheEnd();
        assertThat(database.told).containsExactly("failed");
        assertThat(database.error.orElse(""))
                .contains(
                        "service postgres has no state of a replicated database", "one-by-one", "nothing was changed");

        SimulatedCluster web = cluster(Strategy.POSTGRES, Map.of("postgres", 0, "web", 1), types);
        web.runToTheEnd();
        assertThat(web.told).endsWith("release new", "complete");
    }

    @Test
    void noTimePassesButTheOneInWhichRoutersLearnThatTheLastOldJobLeaves() {
        for (Strategy strategy : List.of(Strategy.ONE_BY_ONE, Strategy.IN_BATCHES, Strategy.ONE_DOWN_ONE_UP)) {
            SimulatedCluster cluster = cluster(strategy, Map.of("web", 50), WEB);
            Instant begun = cluster.now;

            for (int i = 0; i < 100_000 && !cluster.isOver(); i++) {
                cluster.work();
                cluster.schedule();
                if (cluster.run
                        .filter(run -> run.phase() == DeploymentRun.Phase.SETTLE)
                        .isPresent()) {
                    cluster.pass(DeploymentPlan.SETTLE);
                }
            }

            assertThat(cluster.told).endsWith("complete");
            assertThat(Duration.between(begun, cluster.now)).isEqualTo(DeploymentPlan.SETTLE);
        }
    }

    @Test
    void aRestartNamesTheOldJobsThatEndSoThatNoneOfTheNewOnesDoes() {
        SimulatedCluster cluster = restart(Strategy.ONE_BY_ONE, Map.of("web", 2), WEB, Set.of("web"));

        cluster.runToTheEnd();

        assertThat(cluster.told)
                .containsExactly(
                        "scale old {web=3}",
                        "old web starting",
                        "old web up",
                        "scale old {web=2}",
                        "stop 1",
                        "old web stopping",
                        "old web down",
                        "scale old {web=3}",
                        "old web starting",
                        "old web up",
                        "scale old {web=2}",
                        "stop 1",
                        "old web stopping",
                        "old web down",
                        "scale old {web=2}",
                        "complete");
        assertThat(cluster.liveOfBefore()).isZero();
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(Map.of("web", 2));
        assertThat(cluster.fewestReady.get("web")).isEqualTo(2);
        assertThat(cluster.mostWanted.get("web")).isEqualTo(3);
    }

    @Test
    void aRestartOfOneTypeLeavesTheOthersAlone() {
        Map<String, ProcessType> types = Map.of("web", withService("x-web"), "api", withService("x-api"));
        SimulatedCluster cluster = restart(Strategy.ALL_AT_ONCE, Map.of("web", 2, "api", 3), types, Set.of("web"));

        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("complete").noneMatch(line -> line.contains("old api"));
        assertThat(cluster.liveOfBefore()).isEqualTo(3);
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(Map.of("api", 3, "web", 2));
    }

    @Test
    void aRestartOfWhatKeepsDataHandsItOn() {
        SimulatedCluster cluster = restart(Strategy.ONE_BY_ONE, Map.of("db", 1), Map.of("db", data()), Set.of("db"));

        cluster.runToTheEnd();

        assertThat(cluster.told).startsWith("scale old {db=1}", "stop 1", "old db stopping", "old db starting");
        assertThat(cluster.mostWanted.get("db")).isEqualTo(1);
        assertThat(cluster.liveOfBefore()).isZero();
    }

    @Test
    void aRestartOfAnOmniTypeReplacesOneJobOnEachHost() {
        ProcessType omni = new ProcessType(
                List.of(), List.of(), Map.of(), List.of(), false, true, false, Optional.empty(), false, Map.of());
        SimulatedCluster cluster =
                restart(Strategy.ONE_DOWN_ONE_UP, Map.of("agent", 2), Map.of("agent", omni), Set.of("agent"));

        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("complete");
        assertThat(cluster.liveOfBefore()).isZero();
    }

    private static SimulatedCluster restart(
            Strategy strategy, Map<String, Integer> processes, Map<String, ProcessType> types, Set<String> restarts) {
        return SimulatedCluster.ofRestart(1, strategy, processes, types, restarts);
    }

    private static List<String> scales(SimulatedCluster cluster) {
        return cluster.told.stream().filter(line -> line.startsWith("scale")).toList();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyRestartReplacesEveryJobOfItsTypes(long seed) {
        var random = new Random(seed);
        Strategy strategy = ANY.get(random.nextInt(ANY.size()));
        int web = random.nextInt(4);
        SimulatedCluster cluster = SimulatedCluster.ofRestart(
                seed,
                strategy,
                Map.of("web", web, "clock", 1 + random.nextInt(3)),
                Map.of("web", withService("x-web"), "clock", plain()),
                web == 0 ? Set.of("clock") : Set.of("web", "clock"));
        Map<String, Integer> before = Map.copyOf(cluster.live(cluster.oldRelease));

        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("complete");
        assertThat(cluster.liveOfBefore()).isZero();
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(before);
        assertThat(cluster.formations.get(cluster.oldRelease)).isEqualTo(cluster.deployment.processes());
        before.forEach((type, count) -> assertThat(cluster.fewestReady.get(type))
                .isGreaterThanOrEqualTo(strategy == Strategy.ONE_DOWN_ONE_UP ? count - 1 : count));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyRestartThatFailsEndsWithAsManyJobsAsBefore(long seed) {
        var random = new Random(seed);
        Strategy strategy = ANY.get(random.nextInt(ANY.size()));
        SimulatedCluster cluster =
                SimulatedCluster.ofRestart(seed, strategy, Map.of("web", 1 + random.nextInt(4)), WEB, Set.of("web"));
        Behaviour how = Behaviour.values()[1 + random.nextInt(2)];
        cluster.behaviour = type -> how;

        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("failed");
        assertThat(cluster.formations).isEqualTo(Map.of(cluster.oldRelease, cluster.deployment.processes()));
        long lost = strategy == Strategy.ONE_DOWN_ONE_UP ? 1 : 0;
        assertThat(cluster.liveOfBefore())
                .isEqualTo(cluster.deployment.processes().get("web") - lost);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyDeploymentThatIsCancelledEndsExactlyAsItBegan(long seed) {
        var random = new Random(seed);
        Strategy strategy = random.nextInt(5) == 0 ? Strategy.DISCOVERD_META : ANY.get(random.nextInt(ANY.size()));
        Map<String, Integer> before = Map.of("web", 1 + random.nextInt(4), "clock", 1);
        SimulatedCluster cluster = cluster(strategy, before, Map.of("web", withService("x-web"), "clock", plain()));
        for (int i = random.nextInt(60); i > 0; i--) {
            cluster.advance();
        }
        if (cluster.isOver()) {
            return;
        }

        cluster.order(DeploymentRun.Order.CANCEL);
        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("delete new", "failed").doesNotContain("release new");
        assertThat(cluster.error).contains("the deployment was cancelled");
        assertThat(cluster.formations).isEqualTo(Map.of(cluster.oldRelease, before));
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(before);
        assertThat(cluster.live(cluster.newRelease)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyDeploymentThatWorksEndsWithTheNewReleaseAndNeverHasFewerJobsThanBefore(long seed) {
        SimulatedCluster cluster = generated(seed);
        Map<String, Integer> before = cluster.deployment.processes();

        cluster.runToTheEnd();

        Map<String, Integer> target = new TreeMap<>(before);
        target.keySet().retainAll(cluster.newTypes.keySet());
        target.values().removeIf(count -> count == 0);
        assertThat(cluster.told).endsWith("complete");
        assertThat(cluster.live(cluster.newRelease)).isEqualTo(target);
        assertThat(cluster.live(cluster.oldRelease)).isEmpty();
        assertThat(cluster.formations.get(cluster.oldRelease)).isEmpty();
        boolean mayBeOneLess = cluster.deployment.strategy() == Strategy.ONE_DOWN_ONE_UP;
        target.forEach((type, count) -> assertThat(cluster.fewestReady.get(type))
                .as(type)
                .isGreaterThanOrEqualTo(mayBeOneLess ? count - 1 : count));
        target.forEach((type, count) -> {
            for (String state : List.of("new %s starting", "new %s up", "old %s stopping", "old %s down")) {
                assertThat(cluster.told.stream().filter(state.formatted(type)::equals))
                        .as(state.formatted(type))
                        .hasSize(count);
            }
        });
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyDeploymentThatFailsEndsExactlyAsItBegan(long seed) {
        SimulatedCluster cluster = generated(seed);
        Map<String, Integer> before = cluster.deployment.processes();
        var random = new Random(seed);
        List<String> running = before.keySet().stream()
                .filter(type -> before.get(type) > 0 && cluster.newTypes.containsKey(type))
                .sorted()
                .toList();
        if (running.isEmpty()) {
            return;
        }
        String bad = running.get(random.nextInt(running.size()));
        Behaviour how = Behaviour.values()[1 + random.nextInt(2)];
        cluster.behaviour = type -> type.equals(bad) ? how : Behaviour.WORKS;

        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("delete new", "failed").doesNotContain("release new");
        assertThat(cluster.error.orElse("")).contains(bad);
        assertThat(cluster.formations).isEqualTo(Map.of(cluster.oldRelease, before));
        Map<String, Integer> live = new TreeMap<>(before);
        live.values().removeIf(count -> count == 0);
        assertThat(cluster.live(cluster.oldRelease)).isEqualTo(live);
        assertThat(cluster.live(cluster.newRelease)).isEmpty();
        boolean mayBeOneLess = cluster.deployment.strategy() == Strategy.ONE_DOWN_ONE_UP;
        assertThat(cluster.fewestReady.get(bad)).isGreaterThanOrEqualTo(before.get(bad) - (mayBeOneLess ? 1 : 0));
    }

    private static SimulatedCluster generated(long seed) {
        var random = new Random(seed);
        Map<String, Integer> processes = new HashMap<>();
        Map<String, ProcessType> oldTypes = new HashMap<>();
        Map<String, ProcessType> newTypes = new HashMap<>();
        for (String type : List.of("api-web", "clock", "web", "worker")) {
            if (random.nextInt(3) > 0) {
                processes.put(type, random.nextInt(4));
                oldTypes.put(type, type.endsWith("web") ? withService("x-" + type) : plain());
            }
            if (random.nextInt(5) > 0) {
                newTypes.put(type, type.endsWith("web") ? withService("x-" + type) : plain());
            }
        }
        return new SimulatedCluster(seed, ANY.get(random.nextInt(ANY.size())), processes, oldTypes, newTypes);
    }
}
