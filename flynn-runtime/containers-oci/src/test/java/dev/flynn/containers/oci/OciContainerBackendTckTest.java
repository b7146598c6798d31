package dev.flynn.containers.oci;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.tck.container.ContainerBackendTck;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;

class OciContainerBackendTckTest extends ContainerBackendTck {

    @BeforeAll
    static void requireTools() {
        Tools.assumePresent();
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return openBackend(dataDirectory, JobFiles.NONE);
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory, JobFiles files) {
        return OciContainerBackend.builder(dataDirectory.resolve("backend"), ShellImage.install(dataDirectory))
                .files(files)
                .build();
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.of(ShellImage.image());
    }

    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(JobId.random("tck"), new JobSpec.Image("host", "host:nothing"), List.of("true"));
    }
}
