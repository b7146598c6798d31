package dev.flynn.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.release.ProcessType;
import dev.flynn.controller.KilledAtCommit.Killed;
import dev.flynn.controller.KilledAtCommit.Moment;
import dev.flynn.controller.SteppedCluster.Behaviour;
import dev.flynn.spi.store.ClusterStore;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A worker is killed before each of its commits, and every worker after its first one, and others carry on: in the end
 * everything is as if nobody had been killed, and everything was told once.
 */
class DeploymentCrashTest {

    private static final Map<String, ProcessType> TYPES =
            Map.of("web", SimulatedCluster.withService("ledger-web"), "clock", SimulatedCluster.plain());

    /** What happens to a deployment. */
    enum Story {
        WORKS,
        EXITS,
        HANGS,
        IS_CANCELLED,
        IS_PROMOTED,
        RESTARTS,
        RESTART_EXITS
    }

    @TempDir
    Path directory;

    static Stream<Object[]> stories() {
        List<Object[]> stories = new ArrayList<>();
        for (Strategy strategy : Strategy.values()) {
            for (Story story : Story.values()) {
                if (isTold(strategy, story)) {
                    stories.add(new Object[] {strategy, story});
                }
            }
        }
        return stories.stream();
    }

    /** What is the same for strategies that differ in their units alone is told of one of them. */
    private static boolean isTold(Strategy strategy, Story story) {
        return switch (story) {
            case RESTARTS -> strategy != Strategy.POSTGRES && strategy != Strategy.CANARY;
            case RESTART_EXITS -> strategy == Strategy.ONE_BY_ONE;
            case IS_PROMOTED -> strategy == Strategy.CANARY;
            case HANGS -> strategy == Strategy.ONE_BY_ONE || strategy == Strategy.DISCOVERD_META;
            default -> true;
        };
    }

    @ParameterizedTest
    @MethodSource("stories")
    void whoeverIsKilledWheneverItEndsTheSame(Strategy strategy, Story story) {
        Run undisturbed = run(strategy, story, store -> store);
        assertThat(undisturbed.facts()).anyMatch(fact -> fact.startsWith("deployment " + end(story)));
        assertThat(undisturbed.commits()).isPositive();

        for (int i = 1; i <= undisturbed.commits(); i++) {
            var first = new AtomicInteger(i);
            assertThat(run(strategy, story, store -> new KilledAtCommit(store, first.getAndSet(0), Moment.BEFORE))
                            .facts())
                    .as("killed before commit %d of %d", i, undisturbed.commits())
                    .isEqualTo(undisturbed.facts());
        }
        Run eachOnce = run(strategy, story, store -> new KilledAtCommit(store, 1, Moment.AFTER));
        assertThat(eachOnce.facts())
                .as("every worker is killed when its first commit happened")
                .isEqualTo(undisturbed.facts());
    }

    /** Members hand over one after the other, whoever looks after it. */
    @Test
    void membersOfADatabaseAreReplacedOnceWhoeverIsKilledWhenever() {
        Run undisturbed = runDatabase(store -> store);
        assertThat(undisturbed.facts())
                .contains(
                        "deployment COMPLETE", "chains O/O/[O] O/O/[O N] O/O/[N] O/O/[N N] O/N/[N] O/N/[N N] N/N/[N]");

        for (int i = 1; i <= undisturbed.commits(); i++) {
            for (Moment moment : Moment.values()) {
                var first = new AtomicInteger(i);
                assertThat(runDatabase(store -> new KilledAtCommit(store, first.getAndSet(0), moment))
                                .facts())
                        .as("killed %s commit %d of %d", moment, i, undisturbed.commits())
                        .isEqualTo(undisturbed.facts());
            }
        }
    }

    private Run runDatabase(UnaryOperator<ClusterStore> seen) {
        Map<String, ProcessType> types = Map.of("postgres", SimulatedCluster.withService("postgres"));
        try (var cluster = new SteppedCluster(Strategy.POSTGRES, Map.of(), types, Map.of("postgres", 3), directory)) {
            cluster.database = ScriptedDatabase.of(3, cluster.oldRelease.id());
            Deployment deployment =
                    cluster.deployments.create("ledger", cluster.newRelease.id().toString());
            var counted = new KilledAtCommit(cluster.store, 0, Moment.BEFORE);
            work(cluster, deployment, Story.WORKS, () -> cluster.worker(seen.apply(counted)));
            List<String> facts = cluster.facts();
            facts.add("chains " + String.join(" ", cluster.database.chains));
            return new Run(facts, counted.commits());
        }
    }

    private static String end(Story story) {
        return switch (story) {
            case WORKS, IS_PROMOTED, RESTARTS -> "COMPLETE";
            case EXITS, HANGS, IS_CANCELLED, RESTART_EXITS -> "FAILED";
        };
    }

    private record Run(List<String> facts, int commits) {}

    /** @param seen the store as the next worker sees it */
    private Run run(Strategy strategy, Story story, UnaryOperator<ClusterStore> seen) {
        Map<String, String> meta = story == Story.IS_PROMOTED
                ? Map.of("flynn-deploy-canary-weight", "50")
                : Map.of("flynn-deploy-canary-weight", "50", "flynn-deploy-canary-hold", "5");
        try (var cluster = new SteppedCluster(strategy, meta, TYPES, Map.of("web", 2, "clock", 1), directory)) {
            cluster.behaviour = switch (story) {
                case EXITS, RESTART_EXITS -> Behaviour.EXITS;
                case HANGS -> Behaviour.HANGS;
                default -> Behaviour.WORKS;
            };
            cluster.restarts = story == Story.RESTARTS || story == Story.RESTART_EXITS;
            Deployment deployment = cluster.restarts
                    ? cluster.deployments.restart("ledger", Optional.of("web"))
                    : cluster.deployments.create(
                            "ledger", cluster.newRelease.id().toString());
            var counted = new KilledAtCommit(cluster.store, 0, Moment.BEFORE);
            work(cluster, deployment, story, () -> cluster.worker(seen.apply(counted)));
            return new Run(cluster.facts(), counted.commits());
        }
    }

    /** Lets workers work until the deployment is over. */
    private static void work(
            SteppedCluster cluster, Deployment deployment, Story story, Supplier<DeploymentExecutor> workers) {
        String id = deployment.id().toString();
        var tables = new ControllerTables(cluster.state);
        DeploymentExecutor worker = workers.get();
        for (int looks = 0; tables.runs().find(id).isPresent(); looks++) {
            assertThat(looks).as("looks, without coming to an end").isLessThan(3_000);
            Instant next;
            try {
                next = worker.look();
            } catch (Killed killed) {
                worker = workers.get();
                continue;
            }
            if (next.isAfter(cluster.now()) && !intervene(cluster, tables, id, story)) {
                Instant before = cluster.now();
                cluster.settle();
                if (cluster.now().equals(before)) {
                    assertThat(next).as("somebody wakes the worker up").isBefore(Instant.MAX);
                    cluster.passUntil(next);
                }
            }
        }
        cluster.settle();
    }

    /** The client: cancels when the first new job is there, promotes what is held. */
    private static boolean intervene(SteppedCluster cluster, ControllerTables tables, String id, Story story) {
        DeploymentRun run = tables.runs().get(id).value();
        if (run.order() != DeploymentRun.Order.GO_ON) {
            return false;
        }
        if (story == Story.IS_CANCELLED && !run.toldUp().isEmpty()) {
            var unused = cluster.deployments.cancel("ledger", id);
            return true;
        }
        if (story == Story.IS_PROMOTED && run.phase() == DeploymentRun.Phase.HOLD) {
            var unused = cluster.deployments.promote("ledger", id);
            return true;
        }
        return false;
    }
}
