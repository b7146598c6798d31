package com.example.flynn.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.testing.EmbeddedApp;
import dev.flynn.testing.EmbeddedCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The backend on three hosts, whose jobs are real processes while the hosts' time is moved by hand. */
class ShellJobsInAClusterTest {

    @TempDir
    Path directory;

    @Test
    void theProcessesOfAHostThatDiedRunElsewhere() {
        try (var cluster = EmbeddedCluster.builder()
                .hosts(3)
                .backend(host -> new ShellContainerBackend(directory.resolve(host.id()), "127.0.0.1", host.clock()))
                .start()) {
            ProcessType sleep = ProcessType.ofCommand(List.of("sleep", "600"));
            EmbeddedApp app = cluster.app("sleeper", Map.of("worker", sleep));
            app.scale("worker", 3);
            await("a process takes real time to start")
                    .untilAsserted(() -> assertThat(app.upByHost()).containsOnlyKeys("host1", "host2", "host3"));

            cluster.host(1).kill();
            cluster.advance(Duration.ofSeconds(60));

            await().untilAsserted(() -> {
                assertThat(app.jobs(JobState.UP)).hasSize(3);
                assertThat(app.upByHost()).containsOnlyKeys("host2", "host3");
            });
        }
    }
}
