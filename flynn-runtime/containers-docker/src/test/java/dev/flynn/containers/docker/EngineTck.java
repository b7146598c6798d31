package dev.flynn.containers.docker;

import dev.flynn.api.host.JobSpec;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.tck.container.ContainerBackendTck;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.ResourceLocksProvider;

/** The promises of a backend, on an engine of this class's own; what looks at the whole machine runs alone. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(providers = EngineTck.Locks.class)
abstract class EngineTck extends ContainerBackendTck {

    /** Null in the process that is killed: its engine is that of the process that kills it. */
    abstract @Nullable TestEngine engine();

    @Override
    protected ContainerBackend openBackend(Path dataDirectory) {
        return openBackend(dataDirectory, JobFiles.NONE);
    }

    @Override
    protected ContainerBackend openBackend(Path dataDirectory, JobFiles files) {
        return DockerContainerBackend.builder(dataDirectory.resolve("backend"))
                .settings(TestEngine.settings(engine(), dataDirectory))
                .files(files)
                .build();
    }

    @Override
    protected Map<String, String> surroundings() {
        TestEngine engine = engine();
        return engine == null ? Map.of() : engine.surroundings();
    }

    @Override
    protected List<String> answerWithAddress(int port) {
        return List.of("nc", "-ll", "-p", String.valueOf(port), "-e", "/bin/external-ip");
    }

    @Override
    protected Optional<JobSpec.Image> shellImage() {
        return Optional.of(TestEngine.shellImage());
    }

    static final class Locks implements ResourceLocksProvider {

        /** What jobs leave is looked for among all interfaces of the machine and all descriptors of this process. */
        static final String MACHINE = "machine";

        @Override
        public Set<Lock> provideForMethod(List<Class<?>> enclosing, Class<?> kit, Method test) {
            boolean looksAtAll = test.getName().endsWith("LeaveNothingBehind");
            return Set.of(new Lock(MACHINE, looksAtAll ? ResourceAccessMode.READ_WRITE : ResourceAccessMode.READ));
        }
    }
}
