package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How the others know that a host is there, and what it does when they took it for dead. */
@Timeout(60)
class HostRegistrationTest {

    @TempDir
    Path directory;

    private TestHost host;

    @BeforeEach
    void open() throws IOException {
        host = new TestHost(directory);
    }

    @AfterEach
    void close() {
        host.close();
    }

    @Test
    void aHostIsRegisteredWithItsAddressItsIdAndItsTags() {
        host.tag(Map.of("disk", "ssd")).start();

        assertThat(instances()).singleElement().satisfies(instance -> {
            assertThat(instance.addr()).isEqualTo("127.0.0.1:1113");
            assertThat(instance.proto()).isEqualTo("tcp");
            assertThat(instance.meta()).isEqualTo(Map.of("id", "host1", "tag:disk", "ssd"));
        });
        assertThat(record().url()).isEqualTo("http://127.0.0.1:1113");
    }

    @Test
    void tagsThatChangeAreRegisteredAtOnce() {
        host.start();
        long index = instances().get(0).index();

        host.state.hosts().update("host1", read -> read.withTags(Map.of("zone", "b")));

        await().pollInterval(Duration.ofMillis(5))
                .until(() -> instances().get(0).meta().equals(Map.of("id", "host1", "tag:zone", "b")));
        assertThat(instances().get(0).index()).isEqualTo(index);
    }

    @Test
    void aHostThatEndsInOrderIsNotRegisteredAnyMore() {
        host.start();

        host.kill();

        assertThat(instances()).isEmpty();
    }

    @Test
    void whatAnOperatorSaidOfAHostOutlivesItsRestart() {
        host.tag(Map.of("disk", "ssd")).start();
        host.state
                .hosts()
                .update("host1", read -> read.withTags(Map.of("zone", "b")).withDraining(true));

        host.kill();
        host.start();

        assertThat(record().tags()).isEqualTo(Map.of("zone", "b"));
        assertThat(record().draining()).isTrue();
        assertThat(instances().get(0).meta()).containsEntry("tag:zone", "b");
    }

    @Test
    void aJobThatOthersGaveUpIsStoppedInOrder() throws IOException {
        host.start();
        Path trace = directory.resolve("trace");
        JobId id = host.run(host.shell("trap 'echo stopped in order >> " + trace
                + "; exit 0' TERM; echo ready; while true; do sleep 0.02; done"));
        await().until(() -> host.lines.contains("ready"));
        host.awaitState(id, JobState.UP);

        host.state.jobs().update(id, job -> job.lost("its host does not answer any more", job.updatedAt()));

        await().pollInterval(Duration.ofMillis(5)).until(() -> Files.exists(trace));
        assertThat(trace).hasContent("stopped in order\n");
        JobRecord record = host.job(id);
        assertThat(record.state()).isEqualTo(JobState.DOWN);
        assertThat(record.hostError()).contains("its host does not answer any more");
    }

    private List<Instance> instances() {
        return host.discovery.instances(HostPresence.SERVICE);
    }

    private Host record() {
        return host.state.hosts().get("host1").value();
    }
}
