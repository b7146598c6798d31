package dev.flynn.containers.docker;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;

/** The same promises on podman's socket. */
@ExtendWith(LongWithPodman.class)
class PodmanTckTest extends EngineTck {

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
    @Nullable
    TestEngine engine() {
        return engine;
    }

    /** An image that cannot be had would take as long as podman goes on asking for it. */
    @Override
    protected JobSpec impossibleJob() {
        return JobSpec.ofCommand(JobId.random("tck"), TestEngine.shellImage(), List.of("/no/such/program"));
    }
}
