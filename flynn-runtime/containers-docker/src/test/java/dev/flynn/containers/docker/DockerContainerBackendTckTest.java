package dev.flynn.containers.docker;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.tck.container.ContainerBackendTck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class DockerContainerBackendTckTest extends ContainerBackendTck {

    private static TestEngine engine;

    @BeforeAll
    static void startEngine() throws IOException {
        engine = TestEngine.docker();
    }

    @AfterAll
    static void stopEngine() throws IOException {
        if (engine != null) {
            engine.close();
        }
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return DockerContainerBackend.builder(dataDirectory.resolve("backend"))
                .settings(engine.settings(dataDirectory))
                .build();
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.of(TestEngine.shellImage());
    }

    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(
                JobId.random("tck"),
                new JobSpec.Image("docker", "docker://localhost:1/no/such:image"),
                List.of("true"));
    }
}
