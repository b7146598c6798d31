package dev.flynn.containers.docker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Podman's service is killed beside jobs, or makes mistakes. */
class PodmanAwayTest extends EngineJobs {

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
    TestEngine engine() {
        return requireNonNull(engine);
    }

    @Test
    void jobsGoOnWithoutItAndAreToldWhole() {
        open();
        JobSpec spec =
                TestEngine.job("i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); sleep 0.01; done; exit 4");
        backend.start(spec);
        await().atMost(Duration.ofSeconds(30)).until(() -> seen.text(spec.id()).contains("line 50\n"));

        engine().kill();
        engine().start();

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(4));
        assertThat(seen.text(spec.id()))
                .isEqualTo(IntStream.range(0, 200)
                        .mapToObj(i -> "line " + i + "\n")
                        .collect(Collectors.joining()));
    }

    @Test
    void jobsThatAreStoppedOrAbandonedWhileTheyStartLeaveNoContainer() throws InterruptedException {
        endJobsAtMomentsOfTheirBeginning();
    }

    /** Podman fails to tell of a container whose process ends while it looks, which is one of a hundred such jobs. */
    @Test
    void jobsThatEndWhileTheyStartAreToldWhole() {
        open();
        for (int i = 0; i < 15; i++) {
            List<JobSpec> specs =
                    Stream.generate(() -> TestEngine.job("echo done")).limit(4).toList();
            specs.forEach(backend::start);
            for (JobSpec spec : specs) {
                assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(0));
                assertThat(seen.text(spec.id())).isEqualTo("done\n");
            }
        }
    }
}
