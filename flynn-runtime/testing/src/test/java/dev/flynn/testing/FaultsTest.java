package dev.flynn.testing;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What befalls hosts, and what becomes of their jobs. */
@Timeout(60)
class FaultsTest {

    private static final Duration TTL = ofSeconds(10);

    /** A host is missed one and a half times that long, by one that looks every second, and may come again for three. */
    private static final Duration TTL_AND_SECONDS = TTL.plusSeconds(5 + 2 + 3 + 5);

    private final EmbeddedCluster cluster =
            EmbeddedCluster.builder().hosts(3).jobsSurvive().seed(1).start();
    private final EmbeddedHost first = cluster.host(1);
    private final EmbeddedApp shop = cluster.app("shop", Map.of("web", EmbeddedClusterTest.serving("shop-web")));

    /** A cluster that ran for a while: a host that just began gives everybody more time to come. */
    @BeforeEach
    void runAWhile() {
        shop.scale("web", 3);
        cluster.advance(TTL.multipliedBy(2).plusSeconds(1));
        assertThat(shop.upByHost()).isEqualTo(Map.of("host1", 1L, "host2", 1L, "host3", 1L));
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    @Test
    void theJobsOfAHostThatDiedRunElsewhereWithinTheTimeToLivePlusSeconds() {
        JobId lost = jobOn(first);
        first.kill();
        assertThat(shop.upByHost()).as("nobody can know yet").containsKey("host1");

        Duration took = cluster.advanceUntil(
                () -> !shop.upByHost().containsKey("host1")
                        && shop.jobs(JobState.UP).size() == 3,
                TTL_AND_SECONDS);

        System.out.println("a dead host's job ran elsewhere after " + took);
        assertThat(took).as("not before it could have come back").isGreaterThan(TTL);
        assertThat(record(lost).hostError()).contains("its host does not answer any more");
        assertThat(first.isAlive()).isFalse();
        assertThatThrownBy(first::discovery).hasMessageContaining("host1 is dead");
    }

    @Test
    void aHostThatComesBackInTimeFindsItsJobs() {
        JobId job = jobOn(first);
        first.kill();
        assertThat(first.jobs().isRunning(job)).isTrue();
        cluster.advance(ofSeconds(5));

        first.restart();
        cluster.advance(ofSeconds(40));

        assertThat(first.jobs().isRunning(job)).isTrue();
        assertThat(record(job).state()).isEqualTo(JobState.UP);
        assertThat(shop.jobs()).as("none was started in its place").hasSize(3);
        assertThat(cluster.host(2).discovery().instances("shop-web")).hasSize(3);
    }

    @Test
    void aHostThatComesBackLateEndsTheJobsThatRunElsewhereNow() {
        JobId job = jobOn(first);
        first.kill();
        cluster.advance(ofSeconds(40));
        assertThat(first.jobs().isRunning(job)).as("its process goes on").isTrue();

        first.restart();
        cluster.advance(ofSeconds(15));

        assertThat(first.jobs().running()).isEmpty();
        assertThat(running()).isEqualTo(3);
        assertThat(shop.jobs(JobState.UP)).hasSize(3);
        assertThat(cluster.host(2).discovery().instances("shop-web")).hasSize(3);
    }

    @Test
    void jobsThatDoNotSurviveStartAgainWithTheirHost() {
        try (var mortal = EmbeddedCluster.builder().hosts(1).start()) {
            EmbeddedApp app = mortal.app("shop", Map.of("web", ProcessType.ofCommand(List.of("serve"))));
            app.scale("web", 2);
            mortal.host(1).kill();
            assertThat(mortal.host(1).jobs().running()).isEmpty();

            mortal.host(1).restart();
            mortal.advance(ofSeconds(5));

            assertThat(mortal.host(1).jobs().running()).hasSize(2);
            assertThat(app.jobs(JobState.UP)).hasSize(2);
            assertThat(mortal.host(1).jobs().started()).hasSize(4);
        }
    }

    @Test
    void aHostThatIsCutOffKeepsItsJobsAndStartsNothing() {
        JobId job = jobOn(first);
        first.cutOff();
        cluster.advance(ofSeconds(30));

        assertThat(first.jobs().running()).extracting(JobSpec::id).containsExactly(job);
        assertThat(shop.jobs(JobState.UP)).hasSize(3);
        assertThat(shop.upByHost()).doesNotContainKey("host1");
        shop.scale("web", 9);
        cluster.advance(ofSeconds(30));
        assertThat(first.jobs().started()).as("nothing new").hasSize(1);
        assertThat(shop.jobs(JobState.UP)).hasSize(9);
    }

    @Test
    void aHostThatIsConnectedAgainEndsWhatRunsElsewhereNowAndIsUsedAgain() {
        JobId job = jobOn(first);
        first.cutOff();
        cluster.advance(ofSeconds(30));
        assertThat(running()).as("one too many").isEqualTo(4);

        first.reconnect();
        cluster.advance(ofSeconds(15));

        assertThat(first.jobs().isRunning(job)).isFalse();
        assertThat(running()).isEqualTo(3);
        assertThat(cluster.host(2).discovery().instances(HostPresence.SERVICE)).hasSize(3);
        assertThat(cluster.host(2).discovery().instances("shop-web")).hasSize(3);
        shop.scale("web", 6);
        assertThat(first.jobs().running()).isNotEmpty();
    }

    @Test
    void aShortCutIsNotNoticed() {
        JobId job = jobOn(first);
        first.cutOff();
        cluster.advance(ofSeconds(5));

        first.reconnect();
        cluster.advance(ofSeconds(40));

        assertThat(jobOn(first)).isEqualTo(job);
        assertThat(shop.jobs()).hasSize(3);
    }

    @Test
    void aPausedHostIsTakenForDeadAndEndsItsJobsWhenItGoesOn() {
        JobId job = jobOn(first);
        first.pause();
        cluster.advance(ofSeconds(40));
        assertThat(first.jobs().isRunning(job)).isTrue();
        assertThat(shop.upByHost()).doesNotContainKey("host1");

        first.resume();
        cluster.advance(ofSeconds(15));

        assertThat(first.jobs().isRunning(job)).isFalse();
        assertThat(running()).isEqualTo(3);
        assertThat(shop.jobs(JobState.UP)).hasSize(3);
        assertThat(cluster.host(2).discovery().instances(HostPresence.SERVICE)).hasSize(3);
    }

    @Test
    void aHostWhoseClockIsWrongIsAHostLikeOthers() {
        first.setClockWrongBy(ofHours(1));
        cluster.host(2).setClockWrongBy(ofHours(-1));
        cluster.advance(ofSeconds(40));
        assertThat(first.clock().instant()).isEqualTo(cluster.clock().instant().plus(ofHours(1)));
        assertThat(shop.jobs()).hasSize(3).allMatch(job -> job.state() == JobState.UP);

        for (EmbeddedHost host : cluster.hosts()) {
            host.jobs().exit(jobOn(host), 1);
            cluster.advance(ofSeconds(5));
            assertThat(running()).as("after an end on " + host).isEqualTo(3);
        }
        cluster.host(3).kill();
        cluster.advance(TTL_AND_SECONDS);
        assertThat(shop.jobs(JobState.UP)).hasSize(3);
        assertThat(shop.upByHost()).containsOnlyKeys("host1", "host2");
    }

    @Test
    void theClockOfAHostNeitherHoldsUpRestartsNorHurriesThem() {
        first.setClockWrongBy(ofHours(1));
        cluster.host(2).setClockWrongBy(ofHours(-1));
        EmbeddedApp broken = cluster.app("broken", Map.of("web", ProcessType.ofCommand(List.of("serve"))));
        cluster.hosts().forEach(host -> host.jobs().onStart(job -> JobBehaviour.exits(1)));
        broken.scale("web", 1);
        cluster.advance(ofSeconds(8));
        assertThat(broken.jobs())
                .as("at once, twice more, then after 1, 2 and 4 seconds")
                .hasSizeBetween(5, 7);

        first.kill();
        cluster.hosts().forEach(host -> host.jobs().onStart(job -> JobBehaviour.WORKS));
        cluster.advanceUntil(() -> broken.upByHost().size() == 1, Duration.ofMinutes(2));

        assertThat(broken.upByHost()).hasSize(1).doesNotContainKey("host1");
    }

    @Test
    void aStartThatFailsIsTriedAgainLaterAndLater() {
        EmbeddedApp broken = cluster.app("broken", Map.of("web", ProcessType.ofCommand(List.of("serve"))));
        cluster.hosts().forEach(host -> host.failStarts("the disk is full"));

        Instant before = cluster.clock().instant();
        broken.scale("web", 1);
        cluster.advance(ofSeconds(20));

        assertThat(broken.jobs()).allSatisfy(job -> assertThat(job.hostError()).contains("the disk is full"));
        assertThat(broken.jobs().stream()
                        .map(job -> Duration.between(before, job.createdAt()).toSeconds()))
                .as("at once, twice more, then after 1, 2, 4 and 8 seconds")
                .containsExactly(0L, 0L, 0L, 1L, 3L, 7L, 15L);

        cluster.hosts().forEach(EmbeddedHost::allowStarts);
        cluster.advance(ofSeconds(11));
        assertThat(broken.jobs(JobState.UP)).hasSize(1);
    }

    @Test
    void jobsDoWhatTheTestSays() {
        JobId killed = jobOn(first);
        first.jobs().kill(killed, 9);
        cluster.settle();
        assertThat(record(killed).signal()).hasValue(9);

        EmbeddedApp other = cluster.app("other", Map.of("web", ProcessType.ofCommand(List.of("serve"))));
        cluster.host(2).jobs().onStart(job -> JobBehaviour.exits(3));
        cluster.host(3).jobs().onStart(job -> JobBehaviour.fails("no such image"));
        other.scale("web", 3);

        assertThat(first.jobs().running())
                .anyMatch(job -> other.jobs(JobState.UP).get(0).id().equals(job.id()));
        assertThat(other.jobs())
                .anyMatch(
                        job -> job.hostId().equals("host2") && job.exitStatus().equals(OptionalInt.of(3)))
                .anyMatch(job -> job.hostId().equals("host3") && job.hostError().equals(Optional.of("no such image")));
    }

    @Test
    void aJobThatDoesNotHeedTheSignalIsKilledWhenItsGraceIsOver() {
        first.jobs().onStart(job -> JobBehaviour.STUBBORN);
        first.jobs().exit(jobOn(first), 0);
        cluster.advance(ofSeconds(1));
        JobId stubborn = jobOn(first);

        shop.scale("web", 0);
        cluster.advance(ofSeconds(9));
        assertThat(first.jobs().isRunning(stubborn)).isTrue();
        cluster.advance(ofSeconds(2));

        assertThat(first.jobs().isRunning(stubborn)).isFalse();
        assertThat(record(stubborn).signal()).hasValue(9);
    }

    @Test
    void messagesThatTakeTheirTimeChangeNothingInTheEnd() {
        cluster.delayMessages(ofMillis(3));
        shop.scale("web", 9);
        cluster.advance(ofSeconds(2));
        assertThat(shop.upByHost()).isEqualTo(Map.of("host1", 3L, "host2", 3L, "host3", 3L));

        cluster.delayMessages(Duration.ZERO);
        cluster.advance(ofSeconds(5));
        assertThat(running()).isEqualTo(9);
    }

    @Test
    void allHostsAreKilledAndStartAgain() {
        cluster.hosts().forEach(EmbeddedHost::kill);
        cluster.advance(ofSeconds(40));

        cluster.host(3).restart();
        cluster.host(1).restart();
        cluster.advance(ofSeconds(90));

        assertThat(shop.jobs(JobState.UP)).hasSize(3);
        assertThat(shop.upByHost()).containsOnlyKeys("host1", "host3");
    }

    private JobRecord record(JobId id) {
        return cluster.state().jobs().find(id).orElseThrow();
    }

    private int running() {
        return cluster.hosts().stream()
                .mapToInt(host -> host.jobs().running().size())
                .sum();
    }

    /** The one job that is up there. */
    private JobId jobOn(EmbeddedHost host) {
        List<JobId> there = shop.jobs(JobState.UP).stream()
                .filter(job -> job.hostId().equals(host.id()))
                .map(JobRecord::id)
                .toList();
        assertThat(there).hasSize(1);
        return there.get(0);
    }
}
