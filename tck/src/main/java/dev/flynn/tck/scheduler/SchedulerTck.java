package dev.flynn.tck.scheduler;

import static dev.flynn.tck.scheduler.ModelCluster.keepingData;
import static dev.flynn.tck.scheduler.ModelCluster.omni;
import static dev.flynn.tck.scheduler.ModelCluster.tagged;
import static dev.flynn.tck.scheduler.ModelCluster.type;
import static dev.flynn.tck.scheduler.ModelCluster.volume;
import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.job.Priority;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import dev.flynn.spi.scheduler.ClusterSnapshot.Load;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerCapability;
import dev.flynn.tck.Rule;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.apiguardian.api.API;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * Checks the promises SC-1 to SC-17 of a {@link Scheduler}, with small examples and with generated clusters. Extend it, say
 * how a scheduler is made, and run it with JUnit:
 *
 * <pre>{@code
 * class BinpackSchedulerTckTest extends SchedulerTck {
 *
 *     protected Scheduler newScheduler() {
 *         return new BinpackScheduler();
 *     }
 * }
 * }</pre>
 *
 * <p>A failure in a generated cluster names its seed, which makes the same cluster again.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
@Timeout(120)
public abstract class SchedulerTck {

    private final ModelCluster cluster = new ModelCluster();
    private Scheduler scheduler;

    /** A scheduler that is ready for use; the kit closes it. */
    protected abstract Scheduler newScheduler();

    /** How many generated clusters each promise is tried on; more find more. */
    protected int generatedClusters() {
        return 300;
    }

    @BeforeEach
    final void create() {
        scheduler = newScheduler();
    }

    @AfterEach
    final void close() {
        scheduler.close();
    }

    // ---- SC-1: what is wanted runs, what is not wanted does not

    @Rule("SC-1")
    void whatIsMissingIsPlaced() {
        cluster.withHosts("a", "b");
        FormationView formation = cluster.formation(type("web", 3), type("worker", 1));
        cluster.running(formation, "web", "a", 10);

        Plan plan = plan();

        assertThat(plan.stop()).isEmpty();
        assertThat(plan.start()).extracting(Plan.Start::type).containsExactlyInAnyOrder("web", "web", "worker");
        assertThat(plan.start()).allSatisfy(start -> {
            assertThat(start.app()).isEqualTo(formation.app());
            assertThat(start.release()).isEqualTo(formation.release());
            assertThat(start.replaces()).isEmpty();
        });
    }

    @Rule("SC-1")
    void whatIsTooMuchIsStopped() {
        cluster.withHosts("a");
        FormationView formation = cluster.formation(type("web", 1), type("worker", 0));
        cluster.running(formation, "web", "a", 10);
        cluster.running(formation, "web", "a", 10);
        JobId worker = cluster.running(formation, "worker", "a", 10);

        Plan plan = plan();

        assertThat(plan.start()).isEmpty();
        assertThat(plan.stop()).hasSize(2).contains(worker);
    }

    @Rule("SC-1")
    void allJobsOfADeletedFormationAreStopped() {
        cluster.withHosts("a");
        FormationView formation = cluster.formation();
        JobId web = cluster.running(formation, "web", "a", 10);
        JobId waiting = cluster.waiting(formation, "worker", "a", 10);

        assertThat(plan().stop()).containsExactlyInAnyOrder(web, waiting);
    }

    @Rule("SC-1")
    void aJobThatIsStoppingIsReplacedAndNotStoppedAgain() {
        cluster.withHosts("a");
        FormationView formation = cluster.formation(type("web", 1));
        cluster.job(formation, "web", "a", JobState.STOPPING, cluster.now());

        Plan plan = plan();

        assertThat(plan.stop()).isEmpty();
        assertThat(plan.start()).hasSize(1);
    }

    @Rule("SC-1")
    void formationsOfTheSameAppDoNotMix() {
        cluster.withHosts("a");
        FormationView old = cluster.formation(type("web", 0));
        FormationView current = new FormationView(old.app(), otherReleaseOf(old), List.of(type("web", 1)));
        JobId job = cluster.running(old, "web", "a", 10);

        var snapshot = cluster.snapshot();
        Plan plan = scheduler.plan(
                new ClusterSnapshot(snapshot.now(), snapshot.hosts(), List.of(old, current), snapshot.jobs()));

        assertThat(plan.stop()).containsExactly(job);
        assertThat(plan.start()).extracting(Plan.Start::release).containsExactly(current.release());
    }

    @Rule("SC-1")
    void afterThePlanEveryTypeHasItsCountAsFarAsItCanBePlaced() {
        onGeneratedClusters(generated -> {
            Plan plan = scheduler.plan(generated.snapshot());
            generated.apply(plan);

            for (FormationView formation : generated.snapshot().formations()) {
                for (TypeView type : formation.types()) {
                    if (!type.omni()) {
                        assertThat(countsOf(generated, formation, type) + unplaceable(plan, formation, type))
                                .as("jobs and unplaceable jobs of %s of %s", type, formation.release())
                                .isEqualTo(type.count());
                    }
                }
                if (formation.types().isEmpty()) {
                    assertThat(generated.jobs(job -> belongs(job, formation)
                                    && !job.type().isEmpty()
                                    && job.state() != JobState.STOPPING))
                            .as("jobs of a deleted formation")
                            .isEmpty();
                }
            }
        });
    }

    // ---- SC-2: nothing moves that need not

    @Rule("SC-2")
    void aClusterThatIsAsWantedIsLeftAlone() {
        cluster.withHosts("a", "b", "c");
        FormationView formation = cluster.formation(type("web", 4), omni("agent", 1));
        for (int i = 0; i < 4; i++) {
            cluster.running(formation, "web", "a", i);
        }
        List.of("a", "b", "c").forEach(host -> cluster.running(formation, "agent", host, 1));

        assertThat(plan().isEmpty()).isTrue();
        assertThat(plan().unplaceable()).isEmpty();
    }

    @Rule("SC-2")
    void jobsStayOnAHostThatTakesNoNewOnes() {
        cluster.withHosts("a").withDrainedHost("b");
        FormationView formation = cluster.formation(type("web", 1), omni("agent", 1));
        cluster.running(formation, "web", "b", 10);
        cluster.running(formation, "agent", "b", 10);
        cluster.running(formation, "agent", "a", 10);

        assertThat(plan().isEmpty()).isTrue();
    }

    @Rule("SC-2")
    void noRunningJobIsStoppedWhileOthersOfItsTypeAreStarted() {
        onGeneratedClusters(generated -> {
            Plan plan = scheduler.plan(generated.snapshot());

            for (FormationView formation : generated.snapshot().formations()) {
                for (TypeView type : formation.types()) {
                    long stopped = plan.stop().stream()
                            .map(generated::job)
                            .filter(job -> belongs(job, formation) && job.type().equals(type.type()))
                            .filter(job -> !job.hostId().isEmpty())
                            .count();
                    if (!type.omni() && stopped > 0) {
                        assertThat(plan.start())
                                .as("starts of %s", type)
                                .noneMatch(start -> start.release().equals(formation.release())
                                        && start.type().equals(type.type()));
                    }
                }
            }
        });
    }

    @Rule("SC-2")
    void aNewHostMovesNothing() {
        onGeneratedClusters(generated -> {
            generated.apply(scheduler.plan(generated.snapshot()));
            generated.withHost("brandnew", Map.of("zone", "c"));

            assertThat(scheduler.plan(generated.snapshot()).stop()).isEmpty();
        });
    }

    // ---- SC-3: the same snapshot, the same plan

    @Rule("SC-3")
    void theSameSnapshotGivesTheSamePlan() {
        onGeneratedClusters(generated -> {
            var snapshot = generated.snapshot();
            Plan plan = scheduler.plan(snapshot);

            assertThat(scheduler.plan(snapshot)).isEqualTo(plan);
            try (Scheduler other = newScheduler()) {
                assertThat(other.plan(snapshot)).isEqualTo(plan);
            }
        });
    }

    @Rule("SC-3")
    void plansMadeAtTheSameTimeDoNotMix() {
        List<ModelCluster> clusters =
                IntStream.range(0, 50).mapToObj(GeneratedClusters::ofSeed).toList();
        List<Plan> alone = clusters.stream()
                .map(generated -> scheduler.plan(generated.snapshot()))
                .toList();

        assertThat(clusters.parallelStream()
                        .map(generated -> scheduler.plan(generated.snapshot()))
                        .toList())
                .isEqualTo(alone);
    }

    // ---- SC-4: spreading

    @Rule("SC-4")
    void jobsOfATypeAreSpreadOverEmptyHosts() {
        assumeStrivingFor(SchedulerCapability.SPREADS);
        for (int hosts = 1; hosts <= 7; hosts++) {
            for (int count = 1; count <= 20; count++) {
                ModelCluster empty = new ModelCluster();
                IntStream.range(0, hosts).forEach(i -> empty.withHosts("host" + i));
                empty.formation(type("web", count));

                Collection<Long> perHost = startsPerHost(scheduler.plan(empty.snapshot()));

                long fewest = perHost.size() < hosts
                        ? 0
                        : perHost.stream().mapToLong(n -> n).min().orElseThrow();
                assertThat(perHost)
                        .as("%d jobs on %d hosts", count, hosts)
                        .allSatisfy(jobs -> assertThat(jobs).isBetween(fewest, fewest + 1));
            }
        }
    }

    @Rule("SC-4")
    void onlyHostsThatMayRunTheTypeAreCounted() {
        assumeStrivingFor(SchedulerCapability.SPREADS);
        cluster.withHosts("plain").withDrainedHost("drained");
        cluster.withHost("ssd1", Map.of("disk", "ssd")).withHost("ssd2", Map.of("disk", "ssd"));
        cluster.formation(tagged("db", 4, Map.of("disk", "ssd")));

        assertThat(startsPerHost(plan())).containsExactly(2L, 2L);
    }

    // ---- SC-5: omni

    @Rule("SC-5")
    void anOmniTypeRunsItsCountOnEveryHost() {
        cluster.withHosts("a", "b", "c");
        FormationView formation = cluster.formation(omni("agent", 2));
        cluster.running(formation, "agent", "b", 10);

        Plan plan = plan();

        assertThat(plan.stop()).isEmpty();
        assertThat(plan.start()).extracting(Plan.Start::hostId).containsExactlyInAnyOrder("a", "a", "b", "c", "c");
    }

    @Rule("SC-5")
    void surplusOfAnOmniTypeIsStoppedOnItsHost() {
        cluster.withHosts("a", "b");
        FormationView formation = cluster.formation(omni("agent", 1));
        cluster.running(formation, "agent", "a", 20);
        JobId young = cluster.running(formation, "agent", "a", 10);

        Plan plan = plan();

        assertThat(plan.stop()).containsExactly(young);
        assertThat(plan.start()).extracting(Plan.Start::hostId).containsExactly("b");
    }

    @Rule("SC-5")
    void anOmniJobIsRestartedOnItsOwnHost() {
        cluster.withHosts("a", "b", "c");
        FormationView formation = cluster.formation(omni("agent", 1));
        cluster.running(formation, "agent", "a", 10);
        JobId waiting = cluster.waiting(formation, "agent", "b", -1);
        cluster.running(formation, "agent", "c", 10);

        assertThat(plan().start())
                .containsExactly(
                        new Plan.Start(formation.app(), formation.release(), "agent", "b", Optional.of(waiting)));
    }

    @Rule("SC-5")
    void anOmniTypeHasItsCountOnEachHostThatMayRunIt() {
        onGeneratedClusters(generated -> {
            Plan plan = scheduler.plan(generated.snapshot());
            generated.apply(plan);

            for (FormationView formation : generated.snapshot().formations()) {
                for (TypeView type : formation.types()) {
                    if (type.omni()) {
                        Map<String, Long> perHost = omniJobsPerHost(generated, formation, type);
                        assertThat(perHost.values())
                                .as("jobs of %s per host", type)
                                .allMatch(jobs -> jobs <= type.count());
                        long missing = generated.hostsFor(type).stream()
                                .mapToLong(host -> type.count() - perHost.getOrDefault(host.id(), 0L))
                                .sum();
                        assertThat(missing)
                                .as("jobs of %s that hosts miss", type)
                                .isEqualTo(unplaceable(plan, formation, type));
                    }
                }
            }
        });
    }

    // ---- SC-6: tags

    @Rule("SC-6")
    void aJobGoesToAHostThatHasAllItsTags() {
        cluster.withHosts("none")
                .withHost("some", Map.of("disk", "ssd"))
                .withHost("other", Map.of("disk", "ssd", "zone", "b"))
                .withHost("right", Map.of("disk", "ssd", "zone", "a", "rack", "7"));
        cluster.formation(tagged("db", 3, Map.of("disk", "ssd", "zone", "a")));

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsExactly("right", "right", "right");
    }

    @Rule({"SC-6", "SC-9"})
    void everyJobIsPlacedOnAHostThatMayRunIt() {
        onGeneratedClusters(generated -> {
            for (Plan.Start start : scheduler.plan(generated.snapshot()).start()) {
                HostView host = generated.host(start.hostId()).orElseThrow();
                assertThat(host).as("host of %s", start).matches(h -> ModelCluster.mayRun(h, typeOf(generated, start)));
            }
        });
    }

    // ---- SC-7: what is stopped first

    @Rule("SC-7")
    void theYoungestJobsAreStoppedFirst() {
        cluster.withHosts("a", "b");
        FormationView formation = cluster.formation(type("web", 2));
        cluster.running(formation, "web", "a", 40);
        JobId young = cluster.running(formation, "web", "a", 20);
        cluster.running(formation, "web", "b", 30);
        JobId youngest = cluster.running(formation, "web", "b", 10);

        assertThat(plan().stop()).containsExactlyInAnyOrder(young, youngest);
    }

    @Rule("SC-7")
    void jobsThatDoNotRunYetAreStoppedBeforeThoseThatRun() {
        cluster.withHosts("a");
        FormationView formation = cluster.formation(type("web", 1));
        JobId placed = cluster.job(
                formation, "web", "a", JobState.PENDING, cluster.now().minusSeconds(50));
        cluster.running(formation, "web", "a", 5);
        JobId waiting = cluster.waiting(formation, "web", "a", 20);
        JobId due = cluster.waiting(formation, "web", "a", -20);

        assertThat(plan().stop()).containsExactlyInAnyOrder(placed, waiting, due);
        assertThat(plan().start()).isEmpty();
    }

    // ---- SC-8: restarts

    @Rule("SC-8")
    void aJobThatWaitsIsNotStartedBeforeItsTime() {
        cluster.withHosts("a");
        FormationView formation = cluster.formation(type("web", 2));
        JobId sooner = cluster.waiting(formation, "web", "a", 10);
        cluster.waiting(formation, "web", "a", 30);

        Plan early = plan();
        assertThat(early.isEmpty()).isTrue();
        assertThat(early.lookAgainAt()).contains(cluster.now().plusSeconds(10));

        cluster.pass(Duration.ofSeconds(10));
        Plan later = plan();
        assertThat(later.start()).extracting(Plan.Start::replaces).containsExactly(Optional.of(sooner));
        assertThat(later.lookAgainAt()).contains(cluster.now().plusSeconds(20));
    }

    @Rule("SC-8")
    void withoutAnyDelayThereIsNoTimeToLookAgain() {
        cluster.withHosts("a");
        FormationView formation = cluster.formation(type("web", 2));
        cluster.waiting(formation, "web", "a", -1);

        assertThat(plan().start()).hasSize(2);
        assertThat(plan().lookAgainAt()).isEmpty();
    }

    @Rule("SC-8")
    void lookingAgainIsAlwaysInTheFuture() {
        onGeneratedClusters(generated -> {
            Plan plan = scheduler.plan(generated.snapshot());

            plan.lookAgainAt().ifPresent(when -> assertThat(when).isAfter(generated.now()));
            assertThat(plan.start())
                    .flatExtracting(start -> start.replaces().stream().toList())
                    .doesNotHaveDuplicates()
                    .allSatisfy(replaced -> assertThat(
                                    generated.job(replaced).startedAt().isAfter(generated.now()))
                            .isFalse());
        });
    }

    // ---- SC-9: what cannot be placed

    @Rule("SC-9")
    void whatCannotBePlacedIsReportedWithAReason() {
        cluster.withDrainedHost("a");
        FormationView formation = cluster.formation(type("web", 2));

        Plan plan = plan();

        assertThat(plan.start()).isEmpty();
        assertThat(plan.unplaceable()).hasSize(2).allSatisfy(wanted -> {
            assertThat(wanted.app()).isEqualTo(formation.app());
            assertThat(wanted.release()).isEqualTo(formation.release());
            assertThat(wanted.type()).isEqualTo("web");
            assertThat(wanted.reason()).isNotBlank();
        });
    }

    @Rule("SC-9")
    void theReasonNamesTheTagsThatNoHostHas() {
        cluster.withHosts("a");
        cluster.formation(tagged("db", 1, Map.of("disk", "ssd")));

        assertThat(plan().unplaceable())
                .singleElement()
                .satisfies(
                        wanted -> assertThat(wanted.reason()).contains("disk").contains("ssd"));
    }

    // ---- SC-10: one plan is enough

    @Rule("SC-10")
    void afterAPlanThereIsNothingLeftToDo() {
        onGeneratedClusters(generated -> {
            Plan plan = scheduler.plan(generated.snapshot());
            generated.apply(plan);

            Plan again = scheduler.plan(generated.snapshot());

            assertThat(again.stop()).isEmpty();
            assertThat(again.start())
                    .as("starts of what did not wait for room")
                    .filteredOn(start -> plan.unplaceable().stream()
                            .noneMatch(wanted -> wanted.app().equals(start.app())
                                    && wanted.release().equals(start.release())
                                    && wanted.type().equals(start.type())))
                    .isEmpty();
        });
    }

    // ---- SC-11: what is none of its business

    @Rule("SC-11")
    void oneOffJobsAndTypesThatTheReleaseDoesNotHaveAreLeftAlone() {
        cluster.withHosts("a");
        FormationView formation = cluster.formation(type("web", 0));
        cluster.running(formation, "", "a", 10);
        cluster.running(formation, "retired", "a", 10);

        assertThat(plan().isEmpty()).isTrue();
    }

    @Rule("SC-11")
    void oneOffJobsOutliveTheirFormation() {
        cluster.withHosts("a");
        FormationView formation = cluster.formation();
        cluster.running(formation, "", "a", 10);

        assertThat(plan().isEmpty()).isTrue();
    }

    @Rule("SC-11")
    void onlyJobsOfKnownTypesAreStopped() {
        onGeneratedClusters(generated -> {
            List<FormationView> formations = generated.snapshot().formations();

            assertThat(scheduler.plan(generated.snapshot()).stop())
                    .doesNotHaveDuplicates()
                    .allSatisfy(stopped -> {
                        JobView job = generated.job(stopped);
                        assertThat(job.type()).isNotEmpty();
                        assertThat(formations)
                                .anyMatch(formation -> belongs(job, formation)
                                        && (formation.types().isEmpty()
                                                || formation.types().stream()
                                                        .anyMatch(type ->
                                                                type.type().equals(job.type()))));
                    });
        });
    }

    // ---- SC-12: data is not lost sight of

    @Rule("SC-12")
    void aJobStartsWhereItsDataIs() {
        cluster.withHosts("a", "b", "c");
        cluster.formation(keepingData("db", 1, volume("newest", "c"), volume("older", "b")));

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsExactly("c");
    }

    @Rule("SC-12")
    void aRestartStartsWhereItsDataIs() {
        cluster.withHosts("a", "b");
        JobId down = cluster.waiting(cluster.formation(), "db", "b", -1);
        FormationView formation =
                cluster.want(cluster.snapshot().formations().get(0), keepingData("db", 1, volume("data", "b")));

        assertThat(plan().start())
                .containsExactly(new Plan.Start(formation.app(), formation.release(), "db", "b", Optional.of(down)));
    }

    @Rule("SC-12")
    void onlyWhatHasNoDataYetGoesAnywhere() {
        cluster.withHosts("a", "b");
        FormationView formation = cluster.formation(type("db", 1));
        JobId holder = cluster.running(formation, "db", "a", 10);
        cluster.want(formation, keepingData("db", 3, volume("held", "a", holder), volume("free", "b")));

        assertThat(plan().start()).extracting(Plan.Start::hostId).contains("b").hasSize(2);
        assertThat(plan().unplaceable()).isEmpty();
    }

    @Rule("SC-12")
    void aJobWaitsForTheVolumeOfOneThatIsStopping() {
        cluster.withHosts("a", "b");
        FormationView formation = cluster.formation(type("db", 1));
        JobId stopping = cluster.job(formation, "db", "a", JobState.STOPPING, cluster.now());
        cluster.want(formation, keepingData("db", 1, volume("data", "a", stopping)));

        assertThat(plan().isEmpty()).isTrue();
        assertThat(plan().unplaceable()).isEmpty();
    }

    @Rule("SC-12")
    void aJobOfTheNextReleaseWaitsForTheVolumeOfOneThatThePlanStops() {
        cluster.withHosts("a", "b");
        FormationView old = cluster.formation(type("db", 0));
        JobId stopped = cluster.running(old, "db", "a", 10);
        var current = new FormationView(
                old.app(), otherReleaseOf(old), List.of(keepingData("db", 1, volume("data", "a", stopped))));
        var snapshot = cluster.snapshot();

        for (List<FormationView> formations : List.of(List.of(old, current), List.of(current, old))) {
            Plan plan =
                    scheduler.plan(new ClusterSnapshot(snapshot.now(), snapshot.hosts(), formations, snapshot.jobs()));

            assertThat(plan.stop()).containsExactly(stopped);
            assertThat(plan.start()).isEmpty();
        }
    }

    @Rule("SC-12")
    void aJobWaitsForAHostThatIsAwayAndThatIsReported() {
        cluster.withHosts("a").withDrainedHost("away");
        cluster.formation(keepingData("db", 1, volume("volume-1", "away"), volume("stale", "a")));

        Plan plan = plan();

        assertThat(plan.start()).isEmpty();
        assertThat(plan.unplaceable())
                .singleElement()
                .satisfies(wanted -> assertThat(wanted.reason()).contains("volume-1", "away"));
    }

    @Rule("SC-12")
    void aJobWaitsForAVolumeThatSomebodyElseHas() {
        cluster.withHosts("a", "b");
        cluster.formation(keepingData("db", 1, volume("volume-1", "b", new JobId("b-0f"))));

        Plan plan = plan();

        assertThat(plan.start()).isEmpty();
        assertThat(plan.unplaceable())
                .singleElement()
                .satisfies(wanted -> assertThat(wanted.reason()).contains("volume-1", "b-0f"));
    }

    @Rule("SC-12")
    void noTwoJobsAreForOneVolumeNotEvenOfTwoReleases() {
        cluster.withHosts("a", "b").withHost("c", gigabytes(1, 1000));
        FormationView one =
                cluster.formation(keepingData("db", 1, volume("data", "c")).withReserved(gigabytes(1, 0)));
        var two = new FormationView(one.app(), otherReleaseOf(one), one.types());
        var snapshot = cluster.snapshot();

        Plan plan = scheduler.plan(
                new ClusterSnapshot(snapshot.now(), snapshot.hosts(), List.of(one, two), snapshot.jobs()));

        assertThat(plan.start()).extracting(Plan.Start::hostId).hasSize(2).containsOnlyOnce("c");
    }

    @Rule("SC-12")
    void aVolumeDoesNotTakeAJobToAHostWithoutItsTags() {
        cluster.withHost("a", Map.of("disk", "ssd")).withHosts("b");
        cluster.formation(new TypeView("db", 1, false, Map.of("disk", "ssd"), List.of(volume("data", "b"))));

        assertThat(plan().start()).isEmpty();
        assertThat(plan().unplaceable()).hasSize(1);
    }

    // ---- SC-13: room

    @Rule("SC-13")
    void aJobGoesOnlyWhereThereIsRoomForIt() {
        cluster.withHost("a", gigabytes(4, 1000)).withHost("b", gigabytes(1, 8000));
        cluster.withHost("c", gigabytes(4, 8000));
        cluster.formation(type("web", 3).withReserved(gigabytes(2, 1500)));

        Plan plan = plan();

        assertThat(plan.start()).extracting(Plan.Start::hostId).containsExactly("c", "c");
        assertThat(plan.unplaceable())
                .singleElement()
                .satisfies(wanted -> assertThat(wanted.reason()).containsIgnoringCase("memory"));
    }

    @Rule("SC-13")
    void whatAJobReservesThatIsStoppingIsNotGivenAway() {
        cluster.withHost("a", gigabytes(4, 4000));
        FormationView formation = cluster.formation(type("web", 2).withReserved(gigabytes(2, 0)));
        JobId stopping = cluster.job(formation, "web", "a", JobState.STOPPING, cluster.now());

        Plan plan = plan();
        assertThat(plan.start()).hasSize(1);
        assertThat(plan.unplaceable()).hasSize(1);

        cluster.apply(plan);
        cluster.remove(stopping);
        assertThat(plan().start()).hasSize(1);
    }

    @Rule("SC-13")
    void whatThePlanStopsHasItsRoomUntilItIsDown() {
        cluster.withHost("a", gigabytes(4, 4000));
        FormationView old = cluster.formation(type("old", 0));
        JobId stopped = cluster.job(old, "old", "a", JobState.UP, cluster.now(), gigabytes(4, 0));
        cluster.formation(type("web", 1).withReserved(gigabytes(2, 0)));

        Plan plan = plan();
        assertThat(plan.stop()).containsExactly(stopped);
        assertThat(plan.start()).isEmpty();
        assertThat(plan.unplaceable()).hasSize(1);

        cluster.apply(plan);
        assertThat(plan().start()).hasSize(1);
    }

    @Rule("SC-13")
    void oneOffJobsHaveWhatTheyReserve() {
        cluster.withHost("a", gigabytes(4, 4000));
        FormationView formation = cluster.formation(type("web", 1).withReserved(gigabytes(2, 0)));
        cluster.job(formation, "", "a", JobState.UP, cluster.now(), gigabytes(3, 0));

        assertThat(plan().start()).isEmpty();
    }

    @Rule("SC-13")
    void aJobThatReservesNothingFindsRoomAnywhere() {
        cluster.withHost("a", Capacity.NONE);
        cluster.formation(type("web", 3));

        assertThat(plan().start()).hasSize(3);
    }

    @Rule({"SC-13", "SC-5"})
    void anOmniTypeIsReportedForEachHostWithoutRoom() {
        cluster.withHost("a", gigabytes(4, 4000)).withHost("b", gigabytes(1, 4000));
        cluster.formation(omni("agent", 1).withReserved(gigabytes(2, 0)));

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsExactly("a");
        assertThat(plan().unplaceable()).hasSize(1);
    }

    @Rule({"SC-13", "SC-12"})
    void aJobWaitsForRoomWhereItsDataIs() {
        cluster.withHost("a", gigabytes(4, 4000)).withHost("b", gigabytes(1, 4000));
        cluster.formation(keepingData("db", 1, volume("data", "b")).withReserved(gigabytes(2, 0)));

        assertThat(plan().start()).isEmpty();
        assertThat(plan().unplaceable())
                .singleElement()
                .satisfies(wanted -> assertThat(wanted.reason()).contains("data", "b"));
    }

    @Rule("SC-13")
    void noHostIsGivenMoreThanItHas() {
        onGeneratedClusters(generated -> {
            var snapshot = generated.snapshot();
            Plan plan = scheduler.plan(snapshot);
            Map<String, Capacity> reserved = ModelCluster.reserved(snapshot);
            for (Plan.Start start : plan.start()) {
                Capacity wanted = typeOf(generated, start).reserved();
                Capacity sum = reserved.merge(start.hostId(), wanted, Capacity::plus);
                HostView host = generated.host(start.hostId()).orElseThrow();
                assertThat(wanted.memoryBytes() == 0
                                || sum.memoryBytes() <= host.capacity().memoryBytes())
                        .as("memory of %s after %s", host, start)
                        .isTrue();
                assertThat(wanted.milliCpus() == 0
                                || sum.milliCpus() <= host.capacity().milliCpus())
                        .as("processors of %s after %s", host, start)
                        .isTrue();
            }
        });
    }

    // ---- SC-14: priorities

    @Rule("SC-14")
    void whatHasTheHigherPriorityIsPlacedFirst() {
        for (Priority highest : List.of(Priority.SYSTEM, Priority.USER)) {
            ModelCluster small = new ModelCluster().withHost("a", gigabytes(2, 4000));
            for (int i = 2; i >= highest.ordinal(); i--) {
                Priority priority = Priority.values()[i];
                small.formation(
                        type("web", 1).withReserved(gigabytes(2, 0)).withPriority(priority),
                        type("zoo", 0).withPriority(priority));
            }
            FormationView first = small.snapshot().formations().stream()
                    .filter(formation -> formation.types().get(0).priority() == highest)
                    .findFirst()
                    .orElseThrow();

            Plan plan = scheduler.plan(small.snapshot());

            assertThat(plan.start()).extracting(Plan.Start::app).containsExactly(first.app());
            assertThat(plan.unplaceable()).hasSize(2 - highest.ordinal());
        }
    }

    @Rule("SC-14")
    void typesOfOneReleaseHavePrioritiesToo() {
        cluster.withHost("a", gigabytes(2, 4000));
        cluster.formation(
                type("batch", 1).withReserved(gigabytes(2, 0)).withPriority(Priority.BACKGROUND),
                type("web", 1).withReserved(gigabytes(2, 0)));

        assertThat(plan().start()).extracting(Plan.Start::type).containsExactly("web");
    }

    @Rule("SC-14")
    void nothingIsStoppedToMakeRoom() {
        cluster.withHost("a", gigabytes(2, 4000));
        FormationView batch =
                cluster.formation(type("batch", 1).withReserved(gigabytes(2, 0)).withPriority(Priority.BACKGROUND));
        cluster.running(batch, "batch", "a", 10);
        cluster.formation(type("web", 1).withReserved(gigabytes(2, 0)).withPriority(Priority.SYSTEM));

        assertThat(plan().isEmpty()).isTrue();
        assertThat(plan().unplaceable()).hasSize(1);
    }

    // ---- SC-15: anti-affinity

    @Rule("SC-15")
    void noTwoJobsShareAHostThatMustNot() {
        cluster.withHosts("a", "b");
        cluster.formation(type("db", 3).withAntiAffinity(TypeView.HOST));

        Plan plan = plan();

        assertThat(plan.start()).extracting(Plan.Start::hostId).containsExactlyInAnyOrder("a", "b");
        assertThat(plan.unplaceable())
                .singleElement()
                .satisfies(wanted -> assertThat(wanted.reason()).contains("host", "anti-affinity"));
    }

    @Rule("SC-15")
    void noTwoJobsShareAValueOfATag() {
        cluster.withHost("a1", Map.of("zone", "a"))
                .withHost("a2", Map.of("zone", "a"))
                .withHost("b", Map.of("zone", "b"))
                .withHosts("nowhere");
        FormationView formation = cluster.formation(type("db", 3).withAntiAffinity("zone"));
        cluster.running(formation, "db", "a2", 10);

        Plan plan = plan();

        assertThat(plan.start()).extracting(Plan.Start::hostId).containsExactly("b");
        assertThat(plan.unplaceable())
                .singleElement()
                .satisfies(wanted -> assertThat(wanted.reason()).contains("zone", "anti-affinity"));
    }

    @Rule("SC-15")
    void theReleaseBeforeIsNotInTheWay() {
        cluster.withHosts("a");
        FormationView old = cluster.formation(type("db", 1).withAntiAffinity(TypeView.HOST));
        cluster.running(old, "db", "a", 10);
        var current = new FormationView(old.app(), otherReleaseOf(old), old.types());
        var snapshot = cluster.snapshot();

        Plan plan = scheduler.plan(
                new ClusterSnapshot(snapshot.now(), snapshot.hosts(), List.of(old, current), snapshot.jobs()));

        assertThat(plan.start()).extracting(Plan.Start::release).containsExactly(current.release());
    }

    @Rule({"SC-15", "SC-2"})
    void jobsThatShareAPlaceAlreadyStay() {
        cluster.withHosts("a", "b");
        FormationView formation = cluster.formation(type("db", 2).withAntiAffinity(TypeView.HOST));
        cluster.running(formation, "db", "a", 10);
        cluster.running(formation, "db", "a", 20);

        assertThat(plan().isEmpty()).isTrue();
    }

    @Rule("SC-15")
    void noStartSharesAPlaceWithAJobOfItsType() {
        onGeneratedClusters(generated -> {
            Plan plan = scheduler.plan(generated.snapshot());
            generated.apply(plan);
            for (Plan.Start start : plan.start()) {
                TypeView type = typeOf(generated, start);
                if (type.omni() || type.antiAffinity().isEmpty()) {
                    continue;
                }
                String place = ModelCluster.placeOf(
                                generated.host(start.hostId()).orElseThrow(),
                                type.antiAffinity().get())
                        .orElseThrow(() -> new AssertionError("host of " + start + " is in no place"));
                assertThat(generated.jobs(job -> job.app().equals(start.app())
                                && job.release().equals(start.release())
                                && job.type().equals(start.type())
                                && job.state() != JobState.STOPPING
                                && generated
                                        .host(job.hostId())
                                        .flatMap(host -> ModelCluster.placeOf(
                                                host, type.antiAffinity().get()))
                                        .equals(Optional.of(place))))
                        .as("jobs that share %s with %s", place, start)
                        .hasSize(1);
            }
        });
    }

    // ---- SC-16: jobs that the snapshot leaves out

    @Rule("SC-16")
    void whatOthersReserveIsNotGivenAway() {
        cluster.withHost("a", Map.of(), gigabytes(4, 4000), new Load(1, 0, gigabytes(3, 0)));
        cluster.formation(type("web", 1).withReserved(gigabytes(2, 0)));

        assertThat(plan().start()).isEmpty();
        assertThat(plan().unplaceable()).hasSize(1);
    }

    @Rule("SC-16")
    void jobsThatAreLeftOutCountAsIfTheyWereThere() {
        onGeneratedClusters(generated -> {
            generated.apply(scheduler.plan(generated.snapshot()));
            for (FormationView formation : generated.snapshot().formations()) {
                generated.jobs(job -> belongs(job, formation) && !job.type().isEmpty()).stream()
                        .limit(3)
                        .forEach(job -> generated.remove(job.id()));
                Plan all = scheduler.plan(generated.snapshot());
                Plan alone = scheduler.plan(generated.onlyOf(formation.app()));
                if (all.start().stream().allMatch(start -> start.app().equals(formation.app()))) {
                    assertThat(alone.start()).isEqualTo(all.start());
                }
                generated.apply(all);
            }
        });
    }

    // ---- SC-17: packing

    @Rule("SC-17")
    void jobsShareAHostUntilItIsFull() {
        assumeStrivingFor(SchedulerCapability.PACKS);
        for (String id : List.of("a", "b", "c")) {
            cluster.withHost(id, gigabytes(4, 4000));
        }
        cluster.formation(type("web", 3).withReserved(gigabytes(1, 1000)));
        cluster.formation(type("web", 3).withReserved(gigabytes(1, 1000)));

        assertThat(startsPerHost(plan())).containsExactlyInAnyOrder(4L, 2L);
    }

    @Rule("SC-17")
    void aHostThatIsInUseIsFilledFirst() {
        assumeStrivingFor(SchedulerCapability.PACKS);
        cluster.withHost("a", gigabytes(4, 4000));
        cluster.withHost("b", Map.of(), gigabytes(16, 16_000), new Load(1, 0, gigabytes(1, 1000)));
        cluster.formation(type("web", 3).withReserved(gigabytes(1, 1000)));

        assertThat(plan().start()).extracting(Plan.Start::hostId).containsOnly("b");
    }

    private void assumeStrivingFor(SchedulerCapability capability) {
        assumeTrue(scheduler.capabilities().contains(capability), "not declared");
    }

    // ---- helpers

    private Plan plan() {
        return scheduler.plan(cluster.snapshot());
    }

    private void onGeneratedClusters(Consumer<ModelCluster> check) {
        for (long seed = 0; seed < generatedClusters(); seed++) {
            try {
                check.accept(GeneratedClusters.ofSeed(seed));
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError("in the cluster of seed " + seed, e);
            }
        }
    }

    private static ReleaseId otherReleaseOf(FormationView formation) {
        return ReleaseId.of(
                formation.release().toString().startsWith("0")
                        ? "10000000-0000-4000-8000-000000000000"
                        : "00000000-0000-4000-8000-000000000000");
    }

    private static boolean belongs(JobView job, FormationView formation) {
        return job.app().equals(formation.app()) && job.release().equals(formation.release());
    }

    /** Jobs that count for a type: those that run or come up, and those whose restart is still to come. */
    private static long countsOf(ModelCluster cluster, FormationView formation, TypeView type) {
        return cluster.jobsOf(formation, type.type()).stream()
                .filter(job -> job.state() != JobState.STOPPING)
                .filter(job -> !job.hostId().isEmpty() || job.startedAt().isAfter(cluster.now()))
                .count();
    }

    private static long unplaceable(Plan plan, FormationView formation, TypeView type) {
        return plan.unplaceable().stream()
                .filter(wanted -> wanted.app().equals(formation.app())
                        && wanted.release().equals(formation.release())
                        && wanted.type().equals(type.type()))
                .count();
    }

    private static Map<String, Long> omniJobsPerHost(ModelCluster cluster, FormationView formation, TypeView type) {
        return cluster.jobsOf(formation, type.type()).stream()
                .filter(job -> job.state() != JobState.STOPPING)
                .filter(job -> !job.hostId().isEmpty() || job.startedAt().isAfter(cluster.now()))
                .collect(groupingBy(job -> job.hostId().isEmpty() ? job.id().hostId() : job.hostId(), counting()));
    }

    private static Collection<Long> startsPerHost(Plan plan) {
        return plan.start().stream()
                .collect(groupingBy(Plan.Start::hostId, counting()))
                .values();
    }

    private static TypeView typeOf(ModelCluster cluster, Plan.Start start) {
        return cluster.snapshot().formations().stream()
                .filter(formation -> formation.app().equals(start.app())
                        && formation.release().equals(start.release()))
                .flatMap(formation -> formation.types().stream())
                .filter(type -> type.type().equals(start.type()))
                .findFirst()
                .orElseThrow();
    }

    private static Capacity gigabytes(int memory, int milliCpus) {
        return new Capacity((long) memory << 30, milliCpus);
    }
}
