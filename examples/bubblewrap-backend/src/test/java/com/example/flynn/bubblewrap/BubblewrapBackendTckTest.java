package com.example.flynn.bubblewrap;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.tck.container.ContainerBackendTck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class BubblewrapBackendTckTest extends ContainerBackendTck {

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return openBackend(dataDirectory, JobFiles.NONE);
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory, JobFiles files) {
        Path backend = dataDirectory.resolve("backend");
        installShellImage(backend.resolve("images/shell"));
        return new BubblewrapBackendFactory()
                .create(Map.of(), new ComponentContext("tck", backend, Clock.systemUTC()), files);
    }

    /** An image that runs its arguments. */
    private static void installShellImage(Path folder) {
        try {
            Files.createDirectories(folder);
            Files.writeString(folder.resolve("init"), "#!/bin/sh\nexec \"$@\"\n");
            assertThat(folder.resolve("init").toFile().setExecutable(true, false)).isTrue();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.of(new JobSpec.Image("host", "host:shell"));
    }

    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(JobId.random("tck"), new JobSpec.Image("host", "host:no-such-image"), List.of("true"));
    }

    @Test
    void theServiceLoaderFindsIt() {
        assertThat(ServiceLoader.load(ContainerBackendFactory.class))
                .anyMatch(factory -> factory.name().equals("bubblewrap"));
    }
}
