package dev.flynn.tck.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.spi.container.JobFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Opens the backend that is checked, and runs jobs with it. */
@Timeout(120)
abstract class ContainerKit {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    static final Duration GRACE = Duration.ofSeconds(5);
    static final String HOST = "tck";

    @TempDir
    Path dataDirectory;

    ContainerBackend backend;
    RecordingListener seen;

    /** Opens a backend that keeps its state in this directory; the same directory means the same jobs. */
    protected abstract ContainerBackend openBackend(Path dataDirectory);

    /**
     * Opens a backend that asks {@code files} what to lay into its jobs; one that declares {@link Capability#MOUNTS}
     * overrides this (CB-16).
     */
    protected ContainerBackend openBackend(Path dataDirectory, JobFiles files) {
        return openBackend(dataDirectory);
    }

    /**
     * System properties of the process that is killed for CB-18: what {@link #openBackend(Path)} needs there of what a test
     * class made before, such as the address of an engine.
     */
    protected Map<String, String> surroundings() {
        return Map.of();
    }

    /**
     * A command of the {@link #shellImage} that listens on a port and answers each connection with the value of {@code
     * EXTERNAL_IP} and a line feed; for CB-15.
     */
    protected List<String> answerWithAddress(int port) {
        return List.of(
                "perl",
                "-MIO::Socket::INET",
                "-e",
                "my $s = IO::Socket::INET->new(LocalPort => %d, Listen => 5, ReuseAddr => 1) or die $!; while (my $c = $s->accept) { print $c \"$ENV{EXTERNAL_IP}\\n\"; close $c }"
                        .formatted(port));
    }

    /**
     * An image whose command line is run as it is and which has {@code /bin/sh}; empty for a backend whose jobs are no
     * commands: then only the promises that need no shell are checked, with {@link #longRunningJob}.
     */
    protected abstract Optional<JobSpec.Image> shellImage();

    /** A job that runs until it is stopped. */
    protected JobSpec longRunningJob() {
        return shell("while true; do sleep 0.05; done");
    }

    /** A job of a type of image that this backend runs, and that cannot be started. */
    protected abstract JobSpec impossibleJob();

    /**
     * Whether this backend makes network interfaces of such names; for CB-19, where those of other programs do not count. All may
     * be its own unless said.
     */
    protected boolean mayHaveMade(String networkInterface) {
        return true;
    }

    /** How long a process may take to come up. */
    protected Duration patience() {
        return PATIENCE;
    }

    @BeforeEach
    void open() {
        backend = openBackend(dataDirectory);
        seen = new RecordingListener();
        var unused = backend.watch(seen);
    }

    @AfterEach
    void close() {
        for (JobStatus job : backend.jobs()) {
            backend.stop(job.id(), Duration.ZERO);
        }
        if (has(Capability.SURVIVES_RESTART)) {
            backend.jobs().forEach(job -> awaitGone(job.id()));
        }
        backend.close();
    }

    // what the tests are made of

    ExecResult exec(JobId job, String line, String... arguments) {
        List<String> command = Stream.concat(Stream.of("/bin/sh", "-c", line, "sh"), Stream.of(arguments))
                .toList();
        return backend.exec(job, command, patience());
    }

    boolean has(Capability capability) {
        return backend.capabilities().contains(capability);
    }

    /** A job that runs a line in the image's shell, the arguments being $1 and so on. */
    JobSpec shell(String line, String... arguments) {
        Optional<JobSpec.Image> image = shellImage();
        assumeTrue(image.isPresent(), "this backend's jobs are no commands");
        List<String> command = Stream.concat(Stream.of("/bin/sh", "-c", line, "sh"), Stream.of(arguments))
                .toList();
        return JobSpec.ofCommand(JobId.random(HOST), image.orElseThrow(), command);
    }

    static JobSpec limited(JobSpec plain, String type, long limit) {
        return plain.toBuilder()
                .resources(Map.of(type, ResourceLimit.of(limit)))
                .build();
    }

    void running(JobSpec spec) {
        backend.start(spec);
        awaitState(spec.id(), JobStatus.State.RUNNING);
    }

    JobStatus ended(JobSpec spec) {
        backend.start(spec);
        return awaitDown(spec.id());
    }

    JobStatus awaitDown(JobId job) {
        awaitState(job, JobStatus.State.DOWN);
        return backend.status(job).orElseThrow();
    }

    /** Down, and with nothing kept of it. */
    void awaitGone(JobId job) {
        await("job is down")
                .atMost(patience())
                .pollInterval(Duration.ofMillis(10))
                .until(() -> backend.status(job).map(JobStatus::isDown).orElse(true));
        backend.forget(job);
    }

    void awaitState(JobId job, JobStatus.State state) {
        await("job is " + state)
                .atMost(patience())
                .pollInterval(Duration.ofMillis(10))
                .untilAsserted(() -> {
                    assertThat(backend.status(job).map(JobStatus::state)).contains(state);
                    assertThat(seen.states(job).stream().map(JobStatus::state)).contains(state);
                });
    }

    void awaitOutput(JobId job, String text) {
        await("output has " + text)
                .atMost(patience())
                .pollInterval(Duration.ofMillis(10))
                .until(() -> seen.text(job, OutputStreamKind.STDOUT).contains(text));
    }

    /** A number of seconds that no other process sleeps. */
    static String mark() {
        return "6" + ProcessHandle.current().pid() + (System.nanoTime() % 1_000_000L);
    }

    static long processesWith(String mark) {
        return ProcessHandle.allProcesses() // of a program that is many, such as busybox, the name is not seen
                .filter(process -> process.info().commandLine().orElse("").contains(" " + mark))
                .count();
    }
}
