package dev.flynn.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.app.Formation;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.ProcessType;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.JobRecord;
import dev.flynn.state.VolumeRecord;
import dev.flynn.store.MemoryClusterStore;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Jobs of types that keep data go where it is. */
class DataStaysTest {

    private static final String DB = "db";

    private final TestClock clock = new TestClock();
    private final ClusterStore store = new MemoryClusterStore(clock);
    private final TestCluster cluster = new TestCluster(store, clock).withHosts("host1", "host2", "host3");
    private final TestHosts hosts = new TestHosts();
    private final SchedulerPass pass =
            new SchedulerPass(cluster.state, new SpreadScheduler(), RestartPolicy.DEFAULT, clock, hosts);
    private final Formation formation = cluster.app(Map.of(DB, data(DB), "web", TestCluster.command("web")));

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void theNextJobStartsWhereTheLastOneLeftItsData() {
        volume("data", "host3", Optional.empty());

        scale(1);

        assertThat(cluster.onlyLive(formation, DB).hostId()).isEqualTo("host3");
    }

    @Test
    void typesThatKeepNoDataGoAnywhere() {
        volume("data", "host3", Optional.empty());

        cluster.scale(formation, "web", 1);
        pass.run();

        assertThat(cluster.onlyLive(formation, "web").hostId()).isEqualTo("host1");
    }

    @Test
    void aJobThatStartsIsCountedForTheVolumeThatItIsAboutToTake() {
        volume("data", "host3", Optional.empty());
        scale(1);

        scale(2);

        assertThat(cluster.live(formation, DB))
                .extracting(JobRecord::hostId)
                .containsExactlyInAnyOrder("host3", "host1");
    }

    @Test
    void aJobWhoseHostDiedWaitsForItAndStartsThereWhenItIsBack() {
        JobId first = running("host2");
        volume("stale", "host3", Optional.empty());

        hosts.dead.add("host2");
        pass.run();
        assertThat(cluster.live(formation, DB)).isEmpty();

        hosts.dead.remove("host2");
        clock.pass(Duration.ofMinutes(1));
        pass.run();
        assertThat(cluster.onlyLive(formation, DB).hostId()).isEqualTo("host2");
        assertThat(cluster.job(first).stopRequested()).isFalse();
    }

    @Test
    void dataThatIsGivenUpHoldsNobody() {
        running("host2");
        hosts.dead.add("host2");
        pass.run();
        Transaction.Builder transaction = Transaction.builder();
        cluster.state.volumes().remove(transaction, cluster.state.volumes().get("host2/data"));
        cluster.state.commit(transaction);

        clock.pass(Duration.ofMinutes(1));
        pass.run();

        assertThat(cluster.onlyLive(formation, DB).hostId()).isNotEqualTo("host2");
    }

    @Test
    void theVolumesOfAHostThatLeftTheClusterHoldNobody() {
        volume("data", "host9", Optional.empty());

        scale(1);

        assertThat(cluster.live(formation, DB)).hasSize(1);
    }

    @Test
    void theNextReleaseGetsTheDataOnceTheJobOfTheOldOneIsDown() {
        JobId old = running("host3");
        Formation next = cluster.nextRelease(formation, Map.of(DB, data("db2")));

        cluster.scale(formation, DB, 0);
        cluster.scale(next, DB, 1);
        pass.run();
        assertThat(cluster.job(old).stopRequested()).isTrue();
        pass.run();
        assertThat(cluster.live(next, DB)).isEmpty();

        cluster.hostsAct();
        pass.run();
        assertThat(cluster.onlyLive(next, DB).hostId()).isEqualTo("host3");
    }

    private void scale(int count) {
        cluster.scale(formation, DB, count);
        pass.run();
    }

    /** A job with its volume. */
    private JobId running(String host) {
        volume("data", host, Optional.empty());
        scale(1);
        JobRecord job = cluster.onlyLive(formation, DB);
        assertThat(job.hostId()).isEqualTo(host);
        cluster.state.volumes().update(host + "/data", volume -> volume.heldBy(job.id(), clock.instant()));
        cluster.hostsAct();
        return job.id();
    }

    private void volume(String id, String host, Optional<JobId> holder) {
        clock.pass(Duration.ofSeconds(1));
        cluster.create(
                cluster.state.volumes(),
                VolumeRecord.recordId(host, id),
                new VolumeRecord(
                        id,
                        host,
                        Optional.of(formation.app()),
                        Optional.of(DB),
                        holder,
                        Optional.empty(),
                        Map.of(),
                        clock.instant(),
                        clock.instant()));
    }

    private static ProcessType data(String command) {
        return new ProcessType(
                List.of(command),
                List.of(),
                Map.of(),
                List.of(),
                true,
                false,
                false,
                Optional.empty(),
                false,
                Map.of());
    }
}
