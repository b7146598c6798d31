package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.event.Event;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class JobsTest {

    private static final Instant NOW = Instant.EPOCH;
    private static final UnaryOperator<JobRecord> START = job -> job.starting(job.spec(), NOW);

    private final ClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());

    @AfterEach
    void close() {
        store.close();
    }

    @Test
    void manyChangeInOneTransactionEachWithItsEvent() {
        List<JobId> ids = pending(5);
        long before = revision();

        Map<JobId, JobRecord> now = state.jobs().updateAll(all(ids, START));

        assertThat(now.keySet()).containsExactlyInAnyOrderElementsOf(ids);
        assertThat(ids).allSatisfy(id -> assertThat(stateOf(id)).isEqualTo(JobState.STARTING));
        assertThat(revision()).isEqualTo(before + 1);
        assertThat(state.events().history().events())
                .extracting(Event::objectId)
                .containsExactlyElementsOf(ids.stream().map(JobId::value).toList());
    }

    @Test
    void whatIsTooMuchForOneTransactionIsWrittenInSeveral() {
        List<JobId> ids = pending(12, "x".repeat(100_000));
        long before = revision();

        state.jobs().updateAll(all(ids, START));

        assertThat(ids).allSatisfy(id -> assertThat(stateOf(id)).isEqualTo(JobState.STARTING));
        assertThat(revision() - before).isBetween(2L, 6L);
    }

    @Test
    void aJobThatAnotherWriterChangedMeanwhileIsChangedAfterHim() {
        List<JobId> ids = pending(3);
        var interfered = new boolean[1];

        state.jobs().updateAll(all(ids, job -> {
            if (!interfered[0]) {
                interfered[0] = true;
                state.jobs().update(ids.get(0), other -> other.withStopRequested(NOW));
            }
            return job.starting(job.spec(), NOW);
        }));

        assertThat(ids).allSatisfy(id -> assertThat(stateOf(id)).isEqualTo(JobState.STARTING));
        assertThat(state.jobs().find(ids.get(0)).orElseThrow().stopRequested()).isTrue();
    }

    @Test
    void aJobThatIsGoneIsMissing() {
        List<JobId> ids = new ArrayList<>(pending(2));
        ids.add(JobId.random("host1"));

        assertThat(state.jobs().updateAll(all(ids, START)).keySet()).containsExactlyInAnyOrder(ids.get(0), ids.get(1));
    }

    @Test
    void nothingMovesBackwardsAndWhatStaysIsNotWritten() {
        List<JobId> ids = pending(2);
        state.jobs().update(ids.get(0), job -> job.starting(job.spec(), NOW).up("10.0.0.1", NOW));
        long before = revision();

        Map<JobId, JobRecord> now = state.jobs().updateAll(Map.of(ids.get(0), START, ids.get(1), job -> job));

        assertThat(now.get(ids.get(0)).state()).isEqualTo(JobState.UP);
        assertThat(now).containsKey(ids.get(1));
        assertThat(revision()).isEqualTo(before);
    }

    private JobState stateOf(JobId id) {
        return state.jobs().find(id).orElseThrow().state();
    }

    private long revision() {
        return store.list("").revision();
    }

    private static Map<JobId, UnaryOperator<JobRecord>> all(List<JobId> ids, UnaryOperator<JobRecord> change) {
        Map<JobId, UnaryOperator<JobRecord>> changes = new LinkedHashMap<>();
        ids.forEach(id -> changes.put(id, change));
        return changes;
    }

    private List<JobId> pending(int count) {
        return pending(count, "");
    }

    private List<JobId> pending(int count, String value) {
        return IntStream.range(0, count)
                .mapToObj(i -> {
                    JobId id = JobId.random("host1");
                    JobSpec spec = JobSpec.builder(id, new JobSpec.Image(Artifact.HOST, "host:shell"))
                            .metadata(Map.of(
                                    JobSpec.META_APP,
                                    AppId.random().toString(),
                                    JobSpec.META_RELEASE,
                                    ReleaseId.random().toString(),
                                    JobSpec.META_TYPE,
                                    "web"))
                            .env(Map.of("VALUE", value))
                            .build();
                    state.jobs().create(JobRecord.pending(spec, 0, NOW));
                    return id;
                })
                .toList();
    }
}
