package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.Service;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A host that is cut off from the rest of its cluster, as it sees it and as the others do. */
@Timeout(60)
class CutOffHostTest {

    private static final Duration TTL = Duration.ofMillis(400);

    @TempDir
    Path directory;

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final CutOffStore cable = new CutOffStore(store);

    /** What the others see. */
    private final ClusterState others = new ClusterState(store, new FlynnJson(), Clock.systemUTC());

    private final StoreDiscovery discoveryOfOthers =
            StoreDiscovery.builder(store).member("host2").ttl(TTL).build();

    private TestHost host;

    @BeforeEach
    void start() throws IOException {
        host = new TestHost(
                        directory,
                        cable,
                        StoreDiscovery.builder(cable).member("host1").ttl(TTL).build())
                .start();
    }

    @AfterEach
    void stop() {
        cable.mend();
        host.close();
        discoveryOfOthers.close();
    }

    @Test
    void itsJobsGoOnNothingIsStartedAndWhatWasGivenUpMeanwhileIsStopped() throws IOException {
        Path givenUp = directory.resolve("given-up");
        Path kept = directory.resolve("kept");
        Path fresh = directory.resolve("fresh");
        JobId first = host.run(serving(givenUp));
        JobId second = host.run(serving(kept));
        host.awaitState(first, JobState.UP);
        host.awaitState(second, JobState.UP);
        await().until(() -> discoveryOfOthers.instances("pulse").size() == 2);

        cable.cut();
        await("the others see the host and its jobs gone")
                .until(() -> discoveryOfOthers.instances(HostPresence.SERVICE).isEmpty()
                        && discoveryOfOthers.instances("pulse").isEmpty());
        others.jobs().update(first, job -> job.lost("its host does not answer any more", Instant.now()));
        JobSpec spec = host.shell("echo started >> " + fresh);
        others.jobs().create(JobRecord.pending(spec, 0, Instant.now()));

        awaitPulse(givenUp);
        awaitPulse(kept);
        assertThat(fresh).doesNotExist();

        cable.mend();
        await("the host is back")
                .until(() -> discoveryOfOthers.instances(HostPresence.SERVICE).size() == 1);
        long process = pid(givenUp);
        await("what was given up is stopped")
                .until(() -> ProcessHandle.of(process).isEmpty());
        host.awaitState(spec.id(), JobState.DOWN);
        assertThat(fresh).hasContent("started\n");
        assertThat(host.job(first).hostError()).contains("its host does not answer any more");
        assertThat(host.job(second).state()).isEqualTo(JobState.UP);
        awaitPulse(kept);
        await("only the job that is up is found")
                .until(() -> discoveryOfOthers.instances("pulse").stream()
                        .map(CutOffHostTest::job)
                        .toList()
                        .equals(List.of(second.value())));
    }

    @Test
    void aJobThatEndsMeanwhileIsRecordedAsItEnded() throws IOException {
        Path go = directory.resolve("go");
        JobId id = host.run(host.shell("while [ ! -e " + go + " ]; do sleep 0.02; done; echo ending; exit 9"));
        host.awaitState(id, JobState.UP);

        cable.cut();
        Files.createFile(go);
        await().until(() -> host.lines.contains("ending"));
        cable.mend();

        assertThat(host.awaitState(id, JobState.DOWN).exitStatus()).hasValue(9);
    }

    /** Writes its process id to a file all the time, and has a service without a check. */
    private JobSpec serving(Path pulse) {
        JobSpec spec = host.shell("while true; do echo $$ >> " + pulse + "; sleep 0.02; done");
        return spec.withPorts(List.of(new Port(0, "udp", Optional.of(new Service("pulse", true, Optional.empty())))));
    }

    private static String job(Instance instance) {
        return instance.meta().getOrDefault("FLYNN_JOB_ID", "");
    }

    private static void awaitPulse(Path file) throws IOException {
        long before = Files.size(file);
        await("the job goes on").until(() -> Files.size(file) > before);
    }

    private static long pid(Path file) throws IOException {
        return Long.parseLong(Files.readAllLines(file).get(0));
    }
}
