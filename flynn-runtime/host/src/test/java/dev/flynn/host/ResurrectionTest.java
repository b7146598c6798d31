package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Port;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ResurrectionTest {

    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");
    private static final Instant LONG_AGO = NOW.minusSeconds(60);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final AppId app = AppId.random();

    @Test
    void aJobThatNobodyRestartedComesBack() {
        JobRecord failed = failed(pending("scheduler", true, LONG_AGO), LONG_AGO);

        assertThat(due(failed)).containsExactly(failed);
    }

    @Test
    void theSchedulerHasTimeToRestartItFirst() {
        assertThat(due(failed(pending("worker", true, LONG_AGO), NOW.minusSeconds(3))))
                .isEmpty();
    }

    @Test
    void whatTheSchedulerHasPlannedAlreadyIsItsBusiness() {
        JobRecord planned = failed(pending("worker", true, LONG_AGO), LONG_AGO)
                .withRestartAt(Optional.of(NOW.plusSeconds(30)), LONG_AGO);

        assertThat(due(planned)).isEmpty();
    }

    @Test
    void aSuccessorIsEnough() {
        assertThat(due(
                        failed(pending("worker", true, LONG_AGO), LONG_AGO),
                        pending("worker", true, LONG_AGO.plusSeconds(1))))
                .isEmpty();
    }

    @Test
    void whatWasAskedToStopStaysDown() {
        JobRecord first = failed(pending("worker", true, LONG_AGO.minusSeconds(9)), LONG_AGO);
        JobRecord last = failed(pending("worker", true, LONG_AGO).withStopRequested(LONG_AGO), LONG_AGO);

        assertThat(due(first, last)).isEmpty();
    }

    @Test
    void jobsThatAreNotToBeResurrectedAreLeftToTheScheduler() {
        assertThat(due(failed(pending("web", false, LONG_AGO), LONG_AGO))).isEmpty();
    }

    @Test
    void whatRanElsewhereIsThatHostsBusiness() {
        JobRecord elsewhere = failed(pending("host2", "worker", true, LONG_AGO), LONG_AGO);

        assertThat(due(elsewhere)).isEmpty();
    }

    @Test
    void aSuccessorHasANewIdAndAsksForItsPortsAnew() {
        JobRecord failed = failed(pending("worker", true, LONG_AGO), LONG_AGO);

        JobRecord successor = Resurrection.successor(failed, NOW);

        assertThat(successor.id()).isNotEqualTo(failed.id());
        assertThat(successor.hostId()).isEqualTo("host1");
        assertThat(successor.spec().env())
                .containsEntry("FLYNN_JOB_ID", successor.id().value());
        assertThat(successor.spec().ports()).extracting(Port::port).containsExactly(0);
        assertThat(successor.type()).contains("worker");
    }

    @Test
    void whatOnlyADeadHostRunsIsBroughtBackByTheOneThatRanItLast() {
        JobRecord here = failed(pending("scheduler", true, LONG_AGO.minusSeconds(9)), LONG_AGO);
        JobRecord there = pending("host2", "scheduler", true, LONG_AGO);

        assertThat(due(host -> true, here, there)).isEmpty();
        assertThat(due(host -> !host.equals("host2"), here, there)).containsExactly(here);
    }

    @Test
    void ofSeveralHostsOneBringsItBack() {
        JobRecord here = failed(pending("scheduler", true, LONG_AGO.minusSeconds(9)), LONG_AGO);
        JobRecord there = failed(pending("host2", "scheduler", true, LONG_AGO), LONG_AGO);

        assertThat(due(here, there)).isEmpty();
        assertThat(due(host -> !host.equals("host2"), here, there)).containsExactly(here);
    }

    @Test
    void whatTheSchedulerPlannedAndDidNotDoComesBack() {
        JobRecord planned = failed(pending("scheduler", true, LONG_AGO), LONG_AGO)
                .withRestartAt(Optional.of(NOW.minus(PATIENCE)), LONG_AGO);

        assertThat(due(planned)).containsExactly(planned);
    }

    private static List<JobRecord> due(JobRecord... jobs) {
        return due(host -> true, jobs);
    }

    private static List<JobRecord> due(Predicate<String> lives, JobRecord... jobs) {
        List<Versioned<JobRecord>> records = Stream.of(jobs)
                .map(job -> new Versioned<>("jobs/" + job.id(), job, 1, 1))
                .toList();
        return Resurrection.due(records, "host1", lives, NOW, PATIENCE).stream()
                .map(Versioned::value)
                .toList();
    }

    private JobRecord pending(String type, boolean resurrect, Instant createdAt) {
        return pending("host1", type, resurrect, createdAt);
    }

    private JobRecord pending(String host, String type, boolean resurrect, Instant createdAt) {
        JobId id = JobId.random(host);
        JobSpec spec = JobSpec.builder(id, new JobSpec.Image("builtin", "builtin:" + type))
                .metadata(Map.of(JobSpec.META_APP, app.toString(), JobSpec.META_TYPE, type))
                .env(Map.of("FLYNN_JOB_ID", id.value()))
                .ports(List.of(new Port(12_345, "tcp", Optional.empty())))
                .resurrect(resurrect)
                .build();
        return JobRecord.pending(spec, 0, createdAt);
    }

    private static JobRecord failed(JobRecord job, Instant when) {
        return job.down(JobStatus.starting(job.id(), when).exited(1, when), when);
    }
}
