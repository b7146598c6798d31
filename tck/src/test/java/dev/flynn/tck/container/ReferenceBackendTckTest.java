package dev.flynn.tck.container;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.parallel.Isolated;

/** A right backend passes the kit. */
@Isolated // it finds the processes of its jobs by looking, which others that start some disturb
class ReferenceBackendTckTest extends ContainerBackendTck {

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return new ReferenceBackend(dataDirectory);
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.of(ReferenceBackend.SHELL);
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
