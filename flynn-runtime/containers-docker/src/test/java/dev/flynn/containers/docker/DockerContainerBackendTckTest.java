package dev.flynn.containers.docker;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class DockerContainerBackendTckTest extends EngineTck {

    private static @Nullable TestEngine engine;

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
    @Nullable
    TestEngine engine() {
        return engine;
    }

    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(
                JobId.random("tck"),
                new JobSpec.Image("docker", "docker://localhost:1/no/such:image"),
                List.of("true"));
    }
}
