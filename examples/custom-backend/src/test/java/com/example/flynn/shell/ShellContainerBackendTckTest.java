package com.example.flynn.shell;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.tck.container.ContainerBackendTck;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;

class ShellContainerBackendTckTest extends ContainerBackendTck {

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return new ShellContainerBackendFactory()
                .create(Map.of(), new ComponentContext("tck", dataDirectory, Clock.systemUTC()));
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.of(new JobSpec.Image("host", "host:shell"));
    }

    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(
                JobId.random("tck"), new JobSpec.Image("host", "host:shell"), List.of("/no/such/program"));
    }

    @Test
    void theServiceLoaderFindsIt() {
        assertThat(ServiceLoader.load(ContainerBackendFactory.class))
                .anyMatch(factory -> factory.name().equals("shell"));
    }
}
