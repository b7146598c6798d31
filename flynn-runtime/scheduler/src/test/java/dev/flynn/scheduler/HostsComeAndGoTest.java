package dev.flynn.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.Formation;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.state.JobRecord;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HostsComeAndGoTest {

    private final TestClock clock = new TestClock();
    private final ClusterStore memory = new MemoryClusterStore(clock);
    private final InterruptedStore store = new InterruptedStore(memory);
    private final TestCluster cluster = new TestCluster(store, clock);
    private final TestHosts hosts = new TestHosts();
    private final SchedulerPass pass =
            new SchedulerPass(cluster.state, new SpreadScheduler(), RestartPolicy.DEFAULT, clock, hosts);

    @AfterEach
    void close() {
        memory.close();
    }

    // ---- dying

    @Test
    void jobsOfADeadHostAreLostAndStartedElsewhere() {
        Formation formation = threeHostsWith(6);
        List<JobRecord> before = on("host3", formation);
        assertThat(before).hasSize(2);

        hosts.dead.add("host3");
        pass.run();

        assertThat(before).allSatisfy(job -> {
            JobRecord lost = cluster.job(job.id());
            assertThat(lost.state()).isEqualTo(JobState.DOWN);
            assertThat(lost.hostError()).contains("its host does not answer any more");
        });
        assertThat(cluster.live(formation, "web")).hasSize(6);
        assertThat(on("host1", formation)).hasSize(3);
        assertThat(on("host2", formation)).hasSize(3);
    }

    @Test
    void aHostThatIsOnlyMissingKeepsItsJobsAndGetsNone() {
        Formation formation = threeHostsWith(3);
        hosts.missing.add("host3");
        cluster.scale(formation, "web", 6);

        settle();

        assertThat(on("host3", formation)).hasSize(1);
        assertThat(cluster.live(formation, "web")).hasSize(6);
    }

    @Test
    void aHostThatDiscoveryKnowsAtTheLastMomentLosesNothing() {
        Formation formation = threeHostsWith(3);
        hosts.dead.add("host3");
        hosts.registered.add("host3");
        long revision = revision();

        pass.run();

        assertThat(revision()).isEqualTo(revision);
        assertThat(cluster.live(formation, "web")).hasSize(3);
    }

    @Test
    void oneOffJobsOfADeadHostAreLostAndNotRepeated() {
        Formation formation = threeHostsWith(0);
        JobRecord oneOff = cluster.oneOff(formation, "host3");

        hosts.dead.add("host3");
        pass.run();

        assertThat(cluster.job(oneOff.id()).state()).isEqualTo(JobState.DOWN);
        assertThat(cluster.state.jobs().table().list()).hasSize(1);
    }

    @Test
    void jobsOfAHostWithoutARecordAreLostToo() {
        Formation formation = threeHostsWith(0);
        JobRecord oneOff = cluster.oneOff(formation, "removed");

        hosts.dead.add("removed");
        pass.run();

        assertThat(cluster.job(oneOff.id()).state()).isEqualTo(JobState.DOWN);
    }

    @Test
    void whoseHostComesBackAtThatMomentIsGivenUpOnlyAsItIs() {
        Formation formation = threeHostsWith(3);
        JobRecord there = on("host3", formation).get(0);
        hosts.dead.add("host3");

        store.beforeNextCommit(() -> cluster.exit(there.id(), 3));
        pass.run();

        assertThat(cluster.job(there.id()).exitStatus()).hasValue(3);
        assertThat(cluster.live(formation, "web")).hasSize(3);
    }

    @Test
    void twoSchedulersThatSeeADeathReplaceItsJobsOnce() {
        Formation formation = threeHostsWith(6);
        var other = new SchedulerPass(cluster.state, new SpreadScheduler(), RestartPolicy.DEFAULT, clock, hosts);
        hosts.dead.add("host3");

        store.beforeNextCommit(other::run);
        pass.run();

        assertThat(cluster.live(formation, "web")).hasSize(6);
        assertThat(cluster.jobs(formation, "web")).hasSize(8);
    }

    @Test
    void hundredsOfLostJobsAreWrittenInSmallTransactions() {
        Formation formation = threeHostsWith(600);
        hosts.dead.add("host3");
        long revision = revision();

        pass.run();

        assertThat(cluster.live(formation, "web"))
                .hasSize(600)
                .noneMatch(job -> job.hostId().equals("host3"));
        assertThat(revision() - revision).isBetween(12L, 16L);
    }

    @Test
    void omniJobsFollowTheHosts() {
        cluster.withHosts("host1", "host2");
        Formation formation = cluster.app(Map.of("agent", TestCluster.omni("agent")));
        cluster.scale(formation, "agent", 1);
        settle();
        assertThat(cluster.live(formation, "agent"))
                .extracting(JobRecord::hostId)
                .containsOnly("host1", "host2");

        hosts.dead.add("host2");
        settle();
        assertThat(cluster.live(formation, "agent"))
                .extracting(JobRecord::hostId)
                .containsExactly("host1");

        hosts.dead.clear();
        cluster.withHosts("host3");
        settle();
        assertThat(cluster.live(formation, "agent"))
                .extracting(JobRecord::hostId)
                .containsExactlyInAnyOrder("host1", "host2", "host3");
    }

    @Test
    void whileNobodyLivesNothingIsLost() {
        Formation formation = threeHostsWith(3);
        hosts.dead.addAll(List.of("host1", "host2", "host3"));
        long revision = revision();

        pass.run();

        assertThat(revision()).isEqualTo(revision);
        assertThat(cluster.live(formation, "web")).hasSize(3);
    }

    // ---- draining

    @Test
    void aDrainedHostsJobIsAskedToStopOnceItsReplacementIsUp() {
        Formation formation = threeHostsWith(3);
        JobRecord leaving = on("host3", formation).get(0);

        cluster.drain("host3", true);
        pass.run();
        assertThat(cluster.live(formation, "web")).hasSize(4);
        assertThat(isStopRequested(leaving)).isFalse();

        pass.run();
        assertThat(isStopRequested(leaving)).isFalse();
        cluster.hostsAct();
        pass.run();

        assertThat(isStopRequested(leaving)).isTrue();
        assertThat(cluster.live(formation, "web"))
                .hasSize(3)
                .noneMatch(job -> job.hostId().equals("host3"));
    }

    @Test
    void aReplacementThatIsUpAndNotInItsServiceIsWaitedFor() {
        Formation formation = threeHostsWith(3);
        JobRecord leaving = on("host3", formation).get(0);
        cluster.drain("host3", true);
        pass.run();
        JobRecord replacement = cluster.live(formation, "web").get(3);
        hosts.notServed.add(replacement.id());
        cluster.hostsAct();

        Optional<java.time.Instant> again = pass.run();

        assertThat(isStopRequested(leaving)).isFalse();
        assertThat(again).hasValueSatisfying(when -> assertThat(when).isAfter(clock.instant()));
        hosts.notServed.clear();
        pass.run();
        assertThat(isStopRequested(leaving)).isTrue();
    }

    @Test
    void aReplacementOnAHostThatIsMissingDoesNotCount() {
        Formation formation = threeHostsWith(3);
        JobRecord leaving = on("host3", formation).get(0);
        cluster.drain("host3", true);
        pass.run();
        cluster.hostsAct();
        hosts.missing.add(cluster.live(formation, "web").get(3).hostId());

        pass.run();

        assertThat(isStopRequested(leaving)).isFalse();
    }

    @Test
    void aReplacementThatKeepsCrashingIsDelayedLikeAnyOther() {
        Formation formation = threeHostsWith(3);
        JobRecord leaving = on("host3", formation).get(0);
        cluster.drain("host3", true);
        pass.run();
        for (int crash = 0; crash < 3; crash++) {
            cluster.hostsAct(host -> host.equals("host3"));
            JobRecord replacement = cluster.live(formation, "web").get(3);
            cluster.exit(replacement.id(), 1);
            pass.run();
        }

        assertThat(cluster.live(formation, "web")).hasSize(3);
        assertThat(isStopRequested(leaving)).isFalse();
        clock.pass(Duration.ofSeconds(1));
        pass.run();
        assertThat(cluster.live(formation, "web")).hasSize(4);
    }

    @Test
    void drainingThatIsCalledOffLeavesTheOldJobsAndStopsTheYoung() {
        Formation formation = threeHostsWith(6);
        List<JobId> before = ids(cluster.live(formation, "web"));
        cluster.drain("host3", true);
        pass.run();
        assertThat(cluster.live(formation, "web")).hasSize(8);

        clock.pass(Duration.ofSeconds(1));
        cluster.drain("host3", false);
        settle();

        assertThat(ids(cluster.live(formation, "web"))).containsExactlyInAnyOrderElementsOf(before);
    }

    @Test
    void whatHasNowhereToGoStays() {
        Formation alone = threeHostsWith(2);
        cluster.drain("host1", true);
        cluster.drain("host2", true);
        cluster.drain("host3", true);
        long revision = revision();

        assertThat(pass.run()).isEmpty();

        assertThat(revision()).isEqualTo(revision);
        assertThat(cluster.live(alone, "web")).hasSize(2);
    }

    @Test
    void jobsWhoseTagsNoOtherHostHasStay() {
        cluster.withHosts("host1", "host2");
        cluster.tag("host2", Map.of("disk", "ssd"));
        Formation formation = cluster.app("web");
        cluster.wantTags(formation, "web", Map.of("disk", "ssd"));
        cluster.scale(formation, "web", 2);
        settle();

        cluster.drain("host2", true);
        settle();
        assertThat(on("host2", formation)).hasSize(2);

        cluster.tag("host1", Map.of("disk", "ssd"));
        settle();
        settle();
        assertThat(on("host1", formation)).hasSize(2);
        assertThat(on("host2", formation)).isEmpty();
    }

    @Test
    void omniJobsAndJobsWithDataStay() {
        cluster.withHosts("host1", "host2");
        ProcessType web = TestCluster.command("web");
        var withData = new ProcessType(
                web.cmd(), List.of(), Map.of(), List.of(), true, false, false, Optional.empty(), false, Map.of());
        Formation formation = cluster.app(Map.of("agent", TestCluster.omni("agent"), "db", withData));
        cluster.scale(formation, "agent", 1);
        cluster.scale(formation, "db", 2);
        settle();
        JobRecord oneOff = cluster.oneOff(formation, "host2");
        settle();
        long revision = revision();

        cluster.drain("host2", true);
        settle();

        assertThat(revision()).isEqualTo(revision + 1);
        assertThat(isStopRequested(oneOff)).isFalse();
    }

    @Test
    void scalingDownWhileDrainingStopsWhatIsTooMuch() {
        Formation formation = threeHostsWith(3);
        for (String host : List.of("host1", "host2", "host3")) {
            cluster.drain(host, true);
        }
        cluster.withHosts("host4");
        pass.run();
        cluster.scale(formation, "web", 1);

        settle();
        settle();

        assertThat(cluster.live(formation, "web")).hasSize(1);
    }

    @Test
    void aDrainedHostThatDiesIsAsDeadAsAnyOther() {
        Formation formation = threeHostsWith(3);
        cluster.drain("host3", true);
        pass.run();
        hosts.dead.add("host3");
        settle();

        assertThat(cluster.live(formation, "web")).hasSize(3);
        assertThat(cluster.jobs(formation, "web")).hasSize(4);
    }

    // ---- tags

    @Test
    void jobsStayWhereTheyAreWhenTagsChangeAndNewOnesGoWhereTheTagsAre() {
        Formation formation = threeHostsWith(3);
        cluster.tag("host2", Map.of("disk", "ssd"));

        cluster.wantTags(formation, "web", Map.of("disk", "ssd"));
        settle();
        assertThat(cluster.live(formation, "web")).hasSize(3);
        assertThat(cluster.jobs(formation, "web")).hasSize(3);

        cluster.exit(on("host1", formation).get(0).id(), 1);
        settle();
        assertThat(on("host1", formation)).isEmpty();
        assertThat(on("host2", formation)).hasSize(2);
    }

    // ---- helpers

    private Formation threeHostsWith(int jobs) {
        cluster.withHosts("host1", "host2", "host3");
        Formation formation = cluster.app("web");
        cluster.scale(formation, "web", jobs);
        settle();
        assertThat(cluster.live(formation, "web")).hasSize(jobs);
        return formation;
    }

    private List<JobRecord> on(String host, Formation formation) {
        return cluster.live(formation, "web").stream()
                .filter(job -> job.hostId().equals(host))
                .toList();
    }

    private boolean isStopRequested(JobRecord job) {
        return cluster.job(job.id()).stopRequested();
    }

    private static List<JobId> ids(List<JobRecord> jobs) {
        return jobs.stream().map(JobRecord::id).toList();
    }

    private void settle() {
        pass.run();
        cluster.hostsAct(host -> !hosts.dead.contains(host) && !hosts.missing.contains(host));
        pass.run();
        cluster.hostsAct(host -> !hosts.dead.contains(host) && !hosts.missing.contains(host));
    }

    private long revision() {
        return memory.list("").entries().stream()
                .mapToLong(StoreEntry::modRevision)
                .max()
                .orElse(0);
    }
}
