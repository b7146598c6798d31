package dev.flynn.containers.process;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.tck.container.ContainerBackendTck;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

class ProcessContainerBackendTckTest extends ContainerBackendTck {

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return ProcessContainerBackend.builder(dataDirectory.resolve("backend"), ShellImage.install(dataDirectory))
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

    @Override
    protected boolean mayHaveMade(String networkInterface) {
        return false;
    }
}
