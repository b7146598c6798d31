package dev.flynn.containers.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.JobListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Runs jobs on an engine, and keeps what is told of them. */
@Timeout(120)
@ResourceLock(providers = EngineTck.Locks.class)
abstract class EngineJobs {

    @TempDir
    Path directory;

    final Recorder seen = new Recorder();
    DockerContainerBackend backend;

    abstract TestEngine engine();

    @AfterEach
    void close() {
        if (backend != null) {
            backend.jobs().forEach(job -> backend.stop(job.id(), Duration.ZERO));
            backend.jobs().forEach(job -> awaitDown(job.id()));
            backend.close();
        }
    }

    void open() {
        open(Map.of());
    }

    /** @param settings beside those that tests have */
    void open(Map<String, String> settings) {
        backend = DockerContainerBackend.builder(directory.resolve("backend"))
                .settings(TestEngine.settings(engine(), directory.resolve("backend"), settings))
                .build();
        var unused = backend.watch(seen);
    }

    <T> T ask(Function<Engine, T> question) {
        try (Engine asked = Engine.open(engine().host())) {
            return question.apply(asked);
        }
    }

    /** Of this test alone. */
    List<String> containers() {
        String data = dataOf(directory.resolve("backend/instance"));
        return ask(e -> e
                .ask(client -> client.listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(Map.of(Labels.DATA, data))
                        .exec())
                .stream()
                .map(container -> container.getNames()[0])
                .toList());
    }

    /** Stops jobs and closes the backend while containers are made and started, and sees that nothing comes of them later. */
    void endJobsAtMomentsOfTheirBeginning() throws InterruptedException {
        open();
        for (int i = 0; i < 15; i++) {
            List<JobSpec> specs = Stream.generate(() -> TestEngine.job("exec sleep 600"))
                    .limit(4)
                    .toList();
            specs.forEach(backend::start);
            for (JobSpec spec : specs) {
                TimeUnit.MILLISECONDS.sleep(4L * i);
                backend.stop(spec.id(), Duration.ZERO);
            }
            if (i % 3 == 2) {
                backend.close();
                open();
                specs.forEach(spec -> backend.stop(spec.id(), Duration.ZERO)); // what was said before is forgotten
            }
            specs.forEach(spec -> assertThat(awaitDown(spec.id()).error()).isEmpty());
        }
        assertThat(containers()).isEmpty();
    }

    private static String dataOf(Path instance) {
        try {
            return Files.readString(instance).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean runs(JobId job) {
        return ask(e -> Optional.ofNullable(e.ask(client -> client.inspectContainerCmd("flynn-" + job.value())
                                .exec())
                        .getState()
                        .getRunning())
                .orElse(false));
    }

    void awaitRunning(JobId job) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> backend.status(job).orElseThrow().state() == JobStatus.State.RUNNING);
    }

    JobStatus awaitDown(JobId job) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> backend.status(job).orElseThrow().isDown()
                        && seen.states(job).contains(JobStatus.State.DOWN));
        return backend.status(job).orElseThrow();
    }

    /** Keeps what it is told. */
    static final class Recorder implements JobListener {

        private final Map<String, ByteArrayOutputStream> output = new HashMap<>();
        private final List<JobStatus> states = new ArrayList<>();

        @Override
        public synchronized void onStatus(JobStatus status) {
            states.add(status);
        }

        @Override
        public synchronized void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
            output.computeIfAbsent(job + " " + stream, key -> new ByteArrayOutputStream())
                    .writeBytes(bytes);
        }

        synchronized byte[] bytes(JobId job) {
            ByteArrayOutputStream bytes = output.get(job + " " + OutputStreamKind.STDOUT);
            return bytes == null ? new byte[0] : bytes.toByteArray();
        }

        String text(JobId job) {
            return text(job, OutputStreamKind.STDOUT);
        }

        synchronized String text(JobId job, OutputStreamKind stream) {
            ByteArrayOutputStream bytes = output.get(job + " " + stream);
            return bytes == null ? "" : bytes.toString(StandardCharsets.UTF_8);
        }

        synchronized List<JobStatus.State> states(JobId job) {
            return states.stream()
                    .filter(status -> status.id().equals(job))
                    .map(JobStatus::state)
                    .toList();
        }
    }
}
