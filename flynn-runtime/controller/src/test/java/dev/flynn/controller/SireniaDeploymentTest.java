package dev.flynn.controller;

import static dev.flynn.controller.SimulatedCluster.withService;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deployments of a replicated database, in the order of the contract (layer 1, Deploy strategy postgres). */
class SireniaDeploymentTest {

    private static final Map<String, ProcessType> TYPES =
            Map.of("postgres", withService("postgres"), "web", withService("x-web"));

    private static SimulatedCluster cluster(long seed, int members, int web) {
        var cluster =
                new SimulatedCluster(seed, Strategy.POSTGRES, Map.of("postgres", members, "web", web), TYPES, TYPES);
        cluster.database = ScriptedDatabase.of(members, cluster.oldRelease);
        return cluster;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void theChainOfThreeGoesThroughTheStatesOfTheContract(long seed) {
        SimulatedCluster cluster = cluster(seed, 3, 1);
        cluster.runToTheEnd();

        assertThat(cluster.database.chains)
                .containsExactly("O/O/[O]", "O/O/[O N]", "O/O/[N]", "O/O/[N N]", "O/N/[N]", "O/N/[N N]", "N/N/[N]");
        assertThat(cluster.told).endsWith("scale old {}", "release new", "complete");
        assertThat(cluster.live(cluster.newRelease)).isEqualTo(Map.of("postgres", 3, "web", 1));
        assertThat(cluster.live(cluster.oldRelease)).isEmpty();
    }

    @Test
    void asyncsGoFirstInTheirOrderThenTheSyncThenThePrimaryThenOtherTypes() {
        SimulatedCluster cluster = cluster(7, 5, 1);
        cluster.runToTheEnd();

        assertThat(cluster.told.stream().filter(line -> line.startsWith("stop ")))
                .containsExactly("stop o3", "stop o4", "stop o5", "stop o2", "stop o1");
        assertThat(cluster.told)
                .containsSubsequence(
                        "scale new {postgres=1}",
                        "new postgres starting",
                        "new postgres up",
                        "old postgres stopping",
                        "stop o3",
                        "old postgres down",
                        "scale new {postgres=2}",
                        "stop o1",
                        "old postgres down",
                        "scale old {postgres=0, web=1}",
                        "scale new {postgres=5, web=1}",
                        "release new",
                        "complete");
        assertThat(cluster.database.chains).last().isEqualTo("N/N/[N N N]");
    }

    @Test
    void nothingOfTheOldReleaseEndsBeforeItsMembersAreReplaced() {
        SimulatedCluster cluster = cluster(3, 3, 0);
        while (!cluster.told.contains("stop o1")) {
            cluster.advance();
            assertThat(cluster.live(cluster.oldRelease)).containsEntry("postgres", 3);
        }
    }

    @Test
    void aChainThatDoesNotCloseFailsAndLeavesTheDatabaseAsItIs() {
        SimulatedCluster cluster = cluster(1, 3, 1);
        for (int i = 0; i < 20_000 && cluster.database.chains.size() < 2; i++) {
            cluster.advance();
        }
        cluster.database.neverSynced.addAll(cluster.database.members());
        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("failed").doesNotContain("stop o2", "stop o1", "release new");
        assertThat(cluster.error.orElse(""))
                .contains("does not have all that member", "after 180 s", "the database is left as it is");
        assertThat(cluster.live(cluster.newRelease)).isEqualTo(Map.of("postgres", 1));
    }

    @Test
    void aMemberThatDoesNotLeaveFailsIt() {
        SimulatedCluster cluster = cluster(1, 3, 1);
        cluster.database.deaf.add("o3");
        cluster.runToTheEnd();

        assertThat(cluster.told).endsWith("failed");
        assertThat(cluster.error.orElse("")).contains("was stopped and is registered still after 60 s");
    }

    @Test
    void whatCannotBeReplacedIsRefusedAndSaysWhatToDo() {
        SimulatedCluster singleton = cluster(1, 3, 1);
        singleton.database.singleton = true;
        SimulatedCluster two = cluster(1, 2, 1);
        var scaled = new SimulatedCluster(1, Strategy.POSTGRES, Map.of("postgres", 5), TYPES, TYPES);
        scaled.database = ScriptedDatabase.of(3, scaled.oldRelease);
        for (SimulatedCluster cluster : List.of(singleton, two, scaled)) {
            cluster.runToTheEnd();
            assertThat(cluster.told).containsExactly("failed");
            assertThat(cluster.error.orElse("")).contains("nothing was changed");
        }

        assertThat(singleton.error.orElse("")).contains("singleton", "one-by-one");
        assertThat(two.error.orElse("")).contains("no async", "scale postgres to 3");
        assertThat(scaled.error.orElse("")).contains("3 members", "scaled to 5");
    }

    @Test
    void aDeploymentThatFailedBeforeIsNotGoneOnWithBlindly() {
        SimulatedCluster half = cluster(1, 3, 0);
        half.database.joins(member(half));
        half.runToTheEnd();

        assertThat(half.error.orElse("")).contains("1 of 3 members", "scale it to 0 first");
    }

    private static DeploymentSnapshot.JobView member(SimulatedCluster cluster) {
        return new DeploymentSnapshot.JobView(
                JobId.random("host1"),
                cluster.newRelease,
                "postgres",
                JobState.UP,
                false,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                cluster.now,
                false);
    }
}
