package dev.flynn.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Turn;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchedulerPassTest {

    private final TestClock clock = new TestClock();
    private final ClusterStore memory = new MemoryClusterStore(clock);
    private final InterruptedStore store = new InterruptedStore(memory);
    private final TestCluster cluster = new TestCluster(store, clock);
    private final SchedulerPass pass = newPass(RestartPolicy.DEFAULT);

    @AfterEach
    void close() {
        memory.close();
    }

    // ---- starting and stopping

    @Test
    void aWantedJobIsMadeFromItsReleaseAndLeftToItsHost() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web", "worker");
        cluster.scale(formation, "web", 1);

        assertThat(pass.run()).isEmpty();

        JobRecord job = cluster.onlyLive(formation, "web");
        assertThat(job.state()).isEqualTo(JobState.PENDING);
        assertThat(job.hostId()).isEqualTo("host1");
        assertThat(job.restarts()).isZero();
        assertThat(job.createdAt()).isEqualTo(clock.instant());
        assertThat(job.spec().cmd()).containsExactly("web");
        assertThat(job.spec().image().uri()).isEqualTo("host:slugrunner");
        assertThat(job.spec().env()).containsEntry("COLOR", "blue").containsEntry("FLYNN_PROCESS_TYPE", "web");
        assertThat(job.spec().metadata()).containsEntry("team", "ledger").doesNotContainKey(Restarts.META_REPLACES);
        assertThat(cluster.jobs(formation, "worker")).isEmpty();
    }

    @Test
    void nothingIsWrittenWhenEverythingIsAsWanted() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 2);
        settle();
        long revision = revision();

        assertThat(pass.run()).isEmpty();

        assertThat(revision()).isEqualTo(revision);
    }

    @Test
    void whatIsTooMuchIsAskedToStopTheYoungestFirst() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        JobId oldest = scaledUpTo(formation, 1).get(0).id();
        clock.pass(Duration.ofSeconds(5));
        scaledUpTo(formation, 3);

        cluster.scale(formation, "web", 1);
        settle();

        assertThat(cluster.onlyLive(formation, "web").id()).isEqualTo(oldest);
        assertThat(cluster.jobs(formation, "web").stream().filter(JobRecord::stopRequested))
                .hasSize(2)
                .allSatisfy(job -> assertThat(job.restartAt()).isEmpty());
    }

    @Test
    void jobsWhoseFormationIsGoneAreStopped() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        scaledUpTo(formation, 2);

        cluster.delete(formation);
        pass.run();

        assertThat(cluster.jobs(formation, "web")).hasSize(2).allMatch(JobRecord::stopRequested);
    }

    @Test
    void aJobThatSomeoneStopsIsReplacedAtOnceAndNotCountedAsARestart() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        JobRecord killed = scaledUpTo(formation, 1).get(0);

        cluster.state.jobs().update(killed.id(), job -> job.withStopRequested(clock.instant()));
        pass.run();

        JobRecord successor = cluster.onlyLive(formation, "web");
        assertThat(successor.id()).isNotEqualTo(killed.id());
        assertThat(successor.restarts()).isZero();
    }

    @Test
    void hundredsOfJobsAreWrittenInSeveralTransactions() {
        cluster.withHosts("host1", "host2", "host3");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 200);
        long revision = revision();

        pass.run();

        assertThat(cluster.live(formation, "web")).hasSize(200);
        assertThat(revision() - revision).isBetween(2L, 20L);
    }

    @Test
    void jobsWithALargeEnvironmentFitIntoTransactionsToo() {
        cluster.withHosts("host1");
        ProcessType large = TestCluster.command("web").withEnv(Map.of("CERTIFICATES", "x".repeat(700_000)));
        Formation formation = cluster.app(Map.of("web", large));
        cluster.scale(formation, "web", 9);

        pass.run();

        assertThat(cluster.live(formation, "web")).hasSize(9);
    }

    // ---- what is ignored

    @Test
    void aTypeThatTheReleaseDoesNotHaveIsIgnored() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 1);
        cluster.scale(formation, "wbe", 1);

        pass.run();

        assertThat(cluster.live(formation, "web")).hasSize(1);
        assertThat(cluster.jobs(formation, "wbe")).isEmpty();
    }

    @Test
    void formationsThatCannotRunDoNotHinderOthers() {
        cluster.withHosts("host1");
        Formation withoutArtifact = cluster.app(Map.of("web", TestCluster.command("web")), List.of());
        Formation withoutRelease = cluster.app(ReleaseId.random());
        Formation withUnknownArtifact =
                cluster.app(Map.of("web", TestCluster.command("web")), List.of(ArtifactId.random()));
        Formation fine = cluster.app("web");
        for (Formation formation : List.of(withoutArtifact, withoutRelease, withUnknownArtifact, fine)) {
            cluster.scale(formation, "web", 1);
        }

        pass.run();

        assertThat(cluster.state.jobs().table().list()).hasSize(1);
        assertThat(cluster.live(fine, "web")).hasSize(1);
    }

    @Test
    void oneOffJobsAreNeitherStoppedNorRestarted() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        JobRecord running = cluster.oneOff(formation, "host1");
        JobRecord ended = cluster.oneOff(formation, "host1");
        cluster.exit(ended.id(), 1);
        cluster.delete(formation);
        long revision = revision();

        assertThat(pass.run()).isEmpty();

        assertThat(revision()).isEqualTo(revision);
        assertThat(cluster.job(running.id()).stopRequested()).isFalse();
    }

    // ---- restarts

    @Test
    void aCrashLoopSlowsDown() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 1);
        settle();

        List<Long> delays = new ArrayList<>();
        for (int i = 0; i < 18; i++) {
            JobRecord crashed = cluster.onlyLive(formation, "web");
            assertThat(crashed.restarts()).isEqualTo(i);
            delays.add(delayOfRestart(formation, crashed).toSeconds());
        }

        assertThat(delays)
                .containsExactly(0L, 0L, 1L, 2L, 4L, 8L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 10L, 30L, 30L, 30L);
    }

    @Test
    void aJobThatRanFiveMinutesStartsTheRowAnew() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        crashed(formation, 4);
        JobRecord steady = cluster.onlyLive(formation, "web");

        clock.pass(Duration.ofMinutes(5));

        assertThat(delayOfRestart(formation, steady)).isZero();
        assertThat(cluster.onlyLive(formation, "web").restarts()).isEqualTo(1);
    }

    @Test
    void aSuccessfulExitIsRestartedToo() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        JobRecord job = scaledUpTo(formation, 1).get(0);

        cluster.exit(job.id(), 0);
        pass.run();

        assertThat(cluster.onlyLive(formation, "web").restarts()).isEqualTo(1);
    }

    @Test
    void whileAJobWaitsItSaysSoAndAfterwardsNoMore() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        crashed(formation, 3);
        JobRecord job = cluster.onlyLive(formation, "web");
        Instant down = clock.instant();
        cluster.exit(job.id(), 1);

        assertThat(pass.run()).contains(down.plusSeconds(2));
        assertThat(cluster.live(formation, "web")).isEmpty();
        assertThat(cluster.job(job.id()).restartAt()).contains(down.plusSeconds(2));

        clock.pass(Duration.ofSeconds(2));
        assertThat(pass.run()).isEmpty();
        assertThat(cluster.job(job.id()).restartAt()).isEmpty();
        assertThat(cluster.job(job.id()).updatedAt()).isEqualTo(down);
        assertThat(cluster.onlyLive(formation, "web").spec().metadata())
                .containsEntry(Restarts.META_REPLACES, job.id().value());
        assertThat(cluster.onlyLive(formation, "web").toJob().orElseThrow().meta())
                .containsOnlyKeys("team");
    }

    @Test
    void theDelayCountsFromTheCrashAlsoWhenNobodyLooked() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        crashed(formation, 3);
        cluster.exit(cluster.onlyLive(formation, "web").id(), 1);

        clock.pass(Duration.ofSeconds(3));
        newPass(RestartPolicy.DEFAULT).run();

        assertThat(cluster.onlyLive(formation, "web").restarts()).isEqualTo(4);
    }

    @ParameterizedTest
    @ValueSource(ints = {-3600, -10, 10, 3600})
    void theClockOfAHostThatIsWrongNeitherHoldsUpARestartNorDoesAwayWithItsDelay(int seconds) {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        crashed(formation, 3);
        cluster.exit(cluster.onlyLive(formation, "web").id(), 1, clock.instant().plusSeconds(seconds));

        assertThat(pass.run()).contains(clock.instant().plusSeconds(2));
        assertThat(cluster.live(formation, "web")).isEmpty();
        clock.pass(Duration.ofSeconds(2));
        pass.run();
        assertThat(cluster.onlyLive(formation, "web").restarts()).isEqualTo(4);
    }

    @Test
    void aNewSchedulerWaitsNoLongerThanTheDelayWhateverIsRecorded() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        crashed(formation, 3);
        cluster.exit(cluster.onlyLive(formation, "web").id(), 1, clock.instant().plusSeconds(3600));

        SchedulerPass other = newPass(RestartPolicy.DEFAULT);

        assertThat(other.run()).contains(clock.instant().plusSeconds(2));
        clock.pass(Duration.ofSeconds(2));
        other.run();
        assertThat(cluster.onlyLive(formation, "web").restarts()).isEqualTo(4);
    }

    @Test
    void aNewSchedulerGoesOnWhereTheLastOneEnded() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        crashed(formation, 3);
        cluster.exit(cluster.onlyLive(formation, "web").id(), 1);
        pass.run();

        SchedulerPass other = newPass(RestartPolicy.DEFAULT);

        assertThat(other.run()).contains(clock.instant().plusSeconds(2));
        assertThat(cluster.live(formation, "web")).isEmpty();
    }

    @Test
    void aJobThatWaitsIsForgottenWhenItIsNotWantedAnyMore() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        crashed(formation, 3);
        JobRecord job = cluster.onlyLive(formation, "web");
        cluster.exit(job.id(), 1);
        pass.run();

        cluster.scale(formation, "web", 0);

        assertThat(pass.run()).isEmpty();
        assertThat(cluster.job(job.id()).restartAt()).isEmpty();
        clock.pass(Duration.ofMinutes(1));
        pass.run();
        assertThat(cluster.live(formation, "web")).isEmpty();
    }

    @Test
    void aJobThatCrashesWhileItIsNotWantedIsNotRestarted() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        JobRecord job = scaledUpTo(formation, 1).get(0);
        cluster.scale(formation, "web", 0);

        cluster.exit(job.id(), 1);
        pass.run();

        assertThat(cluster.jobs(formation, "web")).hasSize(1);
        assertThat(cluster.job(job.id()).restartAt()).isEmpty();
    }

    @Test
    void scalingUpAfterCrashesStartsNewJobsAtOnce() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        crashed(formation, 4);

        cluster.scale(formation, "web", 3);
        pass.run();

        assertThat(cluster.live(formation, "web"))
                .extracting(JobRecord::restarts)
                .containsExactly(4, 0, 0);
    }

    @Test
    void twoJobsThatCrashTogetherAreBothReplaced() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        List<JobRecord> jobs = scaledUpTo(formation, 3);

        cluster.exit(jobs.get(0).id(), 1);
        cluster.exit(jobs.get(2).id(), 1);
        pass.run();

        assertThat(cluster.live(formation, "web"))
                .extracting(JobRecord::restarts)
                .containsExactlyInAnyOrder(0, 1, 1);
    }

    @Test
    void theOlderPolicyCanBeChosen() {
        SchedulerPass slow = newPass(RestartPolicy.doubling(Duration.ofMinutes(10)));
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        scaledUpTo(formation, 1);
        cluster.exit(cluster.onlyLive(formation, "web").id(), 1);
        slow.run();
        cluster.hostsAct();
        cluster.exit(cluster.onlyLive(formation, "web").id(), 1);

        assertThat(slow.run()).contains(clock.instant().plus(Duration.ofMinutes(10)));
    }

    @Test
    void anOmniJobIsRestartedOnItsHostWithItsOwnDelay() {
        cluster.withHosts("host1", "host2");
        Formation formation = cluster.app(Map.of("agent", TestCluster.omni("agent")));
        cluster.scale(formation, "agent", 1);
        settle();
        JobRecord job = jobOn(formation, "host2");

        cluster.exit(job.id(), 1);
        settle();

        assertThat(jobOn(formation, "host2").restarts()).isEqualTo(1);
        assertThat(jobOn(formation, "host1").restarts()).isZero();
    }

    @Test
    void metadataOfAnAppCannotPretendThatAJobWasReplaced() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.state
                .apps()
                .update(
                        formation.app().toString(),
                        app -> new App(
                                app.id(),
                                app.name(),
                                Map.of(Restarts.META_REPLACES, "nonsense"),
                                app.strategy(),
                                app.release(),
                                app.deployTimeout(),
                                app.isProtected(),
                                app.createdAt(),
                                app.updatedAt()));
        JobRecord job = scaledUpTo(formation, 1).get(0);

        cluster.exit(job.id(), 1);
        pass.run();

        assertThat(cluster.onlyLive(formation, "web").restarts()).isEqualTo(1);
    }

    // ---- others write too

    @Test
    void aSecondSchedulerThatWasFasterIsNotRepeated() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 3);
        SchedulerPass faster = newPass(RestartPolicy.DEFAULT);
        store.beforeNextCommit(faster::run);

        pass.run();

        assertThat(cluster.jobs(formation, "web")).hasSize(3);
    }

    @Test
    void aFormationThatChangesMeanwhileIsLookedAtAgain() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 3);
        store.beforeNextCommit(() -> cluster.scale(formation, "web", 1));

        pass.run();

        assertThat(cluster.jobs(formation, "web")).hasSize(1);
    }

    @Test
    void aFormationThatIsDeletedMeanwhileStartsNothing() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 3);
        store.beforeNextCommit(() -> cluster.delete(formation));

        pass.run();

        assertThat(cluster.jobs(formation, "web")).isEmpty();
    }

    @Test
    void aJobThatGoesDownWhileItIsAskedToStopStaysDown() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        JobRecord job = scaledUpTo(formation, 1).get(0);
        cluster.scale(formation, "web", 0);
        store.beforeNextCommit(() -> cluster.exit(job.id(), 7));

        pass.run();

        assertThat(cluster.job(job.id()).state()).isEqualTo(JobState.DOWN);
        assertThat(cluster.job(job.id()).exitStatus()).hasValue(7);
        assertThat(cluster.live(formation, "web")).isEmpty();
    }

    @Test
    void whoIsDisturbedAgainAndAgainComesBackSoon() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 1);
        store.beforeEachCommit(() -> memory.commit(Transaction.builder()
                .put(Turn.ofApp(formation.app()), "\"someone else\"")
                .build()));

        Optional<Instant> again = pass.run();

        assertThat(cluster.jobs(formation, "web")).isEmpty();
        assertThat(again)
                .hasValueSatisfying(when -> assertThat(when)
                        .isBetween(clock.instant(), clock.instant().plusSeconds(1)));
    }

    // ---- old pictures

    @Test
    void anOldPictureCausesNoSecondJob() {
        cluster.withHosts("host1");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", 1);
        try (var followed = new FollowedCluster(cluster.state)) {
            followed.follow();
            pass.run();

            assertThat(pass.run(followed.index))
                    .hasValueSatisfying(again -> assertThat(again).isAfter(clock.instant()));

            assertThat(cluster.jobs(formation, "web")).hasSize(1);
        }
    }

    // ---- helpers

    private SchedulerPass newPass(RestartPolicy policy) {
        return new SchedulerPass(cluster.state, new SpreadScheduler(), policy, clock, HostWatch.NONE);
    }

    private void settle() {
        pass.run();
        cluster.hostsAct();
    }

    private List<JobRecord> scaledUpTo(Formation formation, int count) {
        cluster.scale(formation, "web", count);
        settle();
        assertThat(cluster.live(formation, "web")).hasSize(count);
        return cluster.live(formation, "web");
    }

    /** One job that runs now, after so many crashes in a row. */
    private void crashed(Formation formation, int times) {
        cluster.scale(formation, "web", 1);
        settle();
        for (int i = 0; i < times; i++) {
            delayOfRestart(formation, cluster.onlyLive(formation, "web"));
        }
    }

    /** Crashes a job, and waits until its successor runs. */
    private Duration delayOfRestart(Formation formation, JobRecord job) {
        Instant before = clock.instant();
        cluster.exit(job.id(), 1);
        pass.run().ifPresent(when -> {
            assertThat(cluster.live(formation, "web")).isEmpty();
            clock.pass(Duration.between(clock.instant(), when).minusMillis(1));
            pass.run();
            assertThat(cluster.live(formation, "web"))
                    .as("a millisecond too early")
                    .isEmpty();
            clock.pass(Duration.ofMillis(1));
            pass.run();
        });
        Duration delay = Duration.between(before, clock.instant());
        cluster.hostsAct();
        return delay;
    }

    private JobRecord jobOn(Formation formation, String host) {
        return cluster.live(formation, "agent").stream()
                .filter(job -> job.hostId().equals(host))
                .findFirst()
                .orElseThrow();
    }

    private long revision() {
        return memory.list("").entries().stream()
                .mapToLong(StoreEntry::modRevision)
                .max()
                .orElse(0);
    }
}
