package dev.flynn.containers.process;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.tck.container.ContainerBackendTck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

class ProcessContainerBackendTckTest extends ContainerBackendTck {

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        Path images = dataDirectory.resolve("images");
        Path init = images.resolve("shell/init");
        try {
            if (!Files.exists(init)) {
                Files.createDirectories(init.getParent());
                Files.writeString(init, "#!/bin/sh\nexec \"$@\"\n");
                init.toFile().setExecutable(true);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return ProcessContainerBackend.builder(dataDirectory.resolve("backend"), images)
                .build();
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.of(new JobSpec.Image("host", "host:shell"));
    }

    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(JobId.random("tck"), new JobSpec.Image("host", "host:nothing"), List.of("true"));
    }
}
