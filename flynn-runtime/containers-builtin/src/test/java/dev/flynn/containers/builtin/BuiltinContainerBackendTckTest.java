package dev.flynn.containers.builtin;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.tck.container.ContainerBackendTck;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;

class BuiltinContainerBackendTckTest extends ContainerBackendTck {

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return new BuiltinContainerBackend(List.of(new Idle()), "127.0.0.1", Clock.systemUTC());
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.empty();
    }

    @Override
    protected JobSpec longRunningJob() {
        return JobSpec.ofCommand(JobId.random("tck"), new JobSpec.Image("builtin", "builtin:idle"), List.of());
    }

    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(JobId.random("tck"), new JobSpec.Image("builtin", "builtin:nothing"), List.of());
    }

    /** Runs until it is stopped. */
    private static final class Idle implements BuiltinProgram {
        @Override
        public String name() {
            return "idle";
        }

        @Override
        public AutoCloseable start(BuiltinJob job) {
            return () -> {};
        }
    }
}
