package dev.flynn.containers.docker;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.tck.container.ContainerBackendTck;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Of podman's socket; run with {@code -Dflynn.podman=true}. */
class PodmanTckTest extends ContainerBackendTck {

    private static @Nullable TestEngine engine;

    @BeforeAll
    static void startEngine() throws IOException {
        engine = TestEngine.podman();
    }

    @AfterAll
    static void stopEngine() throws IOException {
        if (engine != null) {
            engine.close();
        }
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return openBackend(dataDirectory, JobFiles.NONE);
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory, JobFiles files) {
        return DockerContainerBackend.builder(dataDirectory.resolve("backend"))
                .settings(TestEngine.settings(engine, dataDirectory))
                .files(files)
                .build();
    }

    @Override
    protected Map<String, String> surroundings() {
        return engine.surroundings();
    }

    @Override
    protected List<String> answerWithAddress(int port) {
        return List.of("nc", "-ll", "-p", String.valueOf(port), "-e", "/bin/external-ip");
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
