package dev.flynn.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Capacity;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What is looked at when, and that all else is left alone. */
class AttentionTest {

    private final TestClock clock = new TestClock();
    private final MemoryClusterStore store = new MemoryClusterStore(clock);
    private final TestCluster cluster = new TestCluster(store, clock);
    private final FollowedCluster followed = new FollowedCluster(cluster.state);
    private final TestHosts hosts = new TestHosts();
    private final List<ClusterSnapshot> asked = new ArrayList<>();
    private final Scheduler scheduler = this::plan;
    private final SchedulerPass pass = new SchedulerPass(cluster.state, scheduler, RestartPolicy.DEFAULT, clock, hosts);

    @AfterEach
    void close() {
        followed.close();
        store.close();
    }

    @Test
    void noSchedulerIsAskedWhileNothingChanges() {
        cluster.withHosts("host1");
        scaled(cluster.app("web"), 3);
        settle();
        asked.clear();

        look();
        look();

        assertThat(asked).isEmpty();
    }

    @Test
    void jobsThatComeUpAreNoReasonToAskAScheduler() {
        cluster.withHosts("host1");
        Formation formation = scaled(cluster.app("web"), 3);
        await().untilAsserted(() -> {
            look();
            assertThat(cluster.live(formation, "web")).hasSize(3);
        });
        settle();
        asked.clear();

        cluster.hostsAct();
        settle();

        assertThat(asked).isEmpty();
    }

    @Test
    void onlyTheAppThatChangedIsLookedAt() {
        cluster.withHosts("host1", "host2");
        Formation busy = scaled(cluster.app("web"), 4);
        Formation formation = scaled(cluster.app("web"), 1);
        settle();
        asked.clear();

        scaled(formation, 2);
        settle();

        assertThat(cluster.live(formation, "web")).hasSize(2);
        assertThat(asked).isNotEmpty().allSatisfy(snapshot -> {
            assertThat(snapshot.formations()).extracting(FormationView::app).containsExactly(formation.app());
            assertThat(snapshot.hosts())
                    .extracting(host -> host.others().jobs())
                    .as("jobs of %s", busy)
                    .containsExactly(2, 2);
        });
    }

    @Test
    void whatFoundNoRoomIsPlacedWhenAJobEnds() {
        cluster.withHost("host1", new Capacity(2L << 30, 4000));
        Formation first = scaled(cluster.app(Map.of("web", TestCluster.reserving(2000))), 1);
        settle();
        Formation second = scaled(cluster.app(Map.of("web", TestCluster.reserving(2000))), 1);
        settle();
        assertThat(cluster.live(second, "web")).isEmpty();

        scaled(first, 0);

        await().untilAsserted(() -> {
            clock.pass(Duration.ofSeconds(1));
            look();
            cluster.hostsAct();
            assertThat(cluster.live(second, "web")).hasSize(1);
        });
    }

    @Test
    void whatFoundNoRoomIsPlacedWhenAHostComes() {
        cluster.withHost("host1", Capacity.NONE);
        Formation formation = scaled(cluster.app(Map.of("web", TestCluster.reserving(2000))), 1);
        settle();
        assertThat(cluster.live(formation, "web")).isEmpty();

        cluster.withHost("host2", new Capacity(4L << 30, 4000));

        await().untilAsserted(() -> {
            clock.pass(Duration.ofSeconds(1));
            look();
            assertThat(cluster.live(formation, "web"))
                    .extracting(JobRecord::hostId)
                    .containsExactly("host2");
        });
    }

    @Test
    void aNewHostGetsWhatRunsEverywhere() {
        cluster.withHosts("host1");
        Formation agent = cluster.app(Map.of("agent", TestCluster.omni("agent")));
        cluster.scale(agent, "agent", 1);
        settle();

        cluster.withHosts("host2");
        settle();

        assertThat(cluster.live(agent, "agent"))
                .extracting(JobRecord::hostId)
                .containsExactlyInAnyOrder("host1", "host2");
    }

    @Test
    void theJobsOfADeadHostAreStartedElsewhere() {
        cluster.withHosts("host1", "host2");
        Formation formation = scaled(cluster.app("web"), 4);
        settle();
        cluster.hostsAct();
        settle();

        hosts.dead.add("host1");
        pass.hostsStirred();
        settle();

        assertThat(cluster.live(formation, "web"))
                .hasSize(4)
                .extracting(JobRecord::hostId)
                .containsOnly("host2");
    }

    @Test
    void aDrainedHostIsLeft() {
        cluster.withHosts("host1", "host2");
        Formation formation = scaled(cluster.app("web"), 2);
        settle();
        cluster.hostsAct();
        settle();

        cluster.drain("host1", true);

        await().untilAsserted(() -> {
            look();
            cluster.hostsAct();
            assertThat(cluster.live(formation, "web"))
                    .hasSize(2)
                    .extracting(JobRecord::hostId)
                    .containsOnly("host2");
        });
    }

    @Test
    void aReleaseThatComesLaterIsRun() {
        cluster.withHosts("host1");
        Formation formation = scaled(cluster.app("web"), 1);
        var release = cluster.state.releases().get(formation.release().toString());
        var transaction = Transaction.builder();
        cluster.state.releases().remove(transaction, release);
        cluster.state.commit(transaction);
        settle();
        assertThat(cluster.live(formation, "web")).isEmpty();

        cluster.create(cluster.state.releases(), formation.release().toString(), release.value());
        settle();

        assertThat(cluster.live(formation, "web")).hasSize(1);
    }

    private Formation scaled(Formation formation, int count) {
        cluster.scale(formation, "web", count);
        return formation;
    }

    private Plan plan(ClusterSnapshot snapshot) {
        asked.add(snapshot);
        return new SpreadScheduler().plan(snapshot);
    }

    private void look() {
        followed.follow();
        pass.run(followed.index);
    }

    /** Until all that was written has been followed and leads to nothing more. */
    private void settle() {
        await().until(() -> {
            look();
            long revision = revision();
            for (int i = 0; i < 3; i++) {
                look();
            }
            return revision() == revision && followed.hasSeen(lastJobChange());
        });
    }

    private long revision() {
        return store.list("").revision();
    }

    private long lastJobChange() {
        ClusterState state = cluster.state;
        return state.jobs().table().list().stream()
                .mapToLong(job -> job.modRevision())
                .max()
                .orElse(0);
    }
}
