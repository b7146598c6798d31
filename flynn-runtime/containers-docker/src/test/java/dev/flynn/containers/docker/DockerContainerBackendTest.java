package dev.flynn.containers.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.spi.container.JobListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class DockerContainerBackendTest {

    private static TestEngine engine;

    @TempDir
    Path directory;

    private final Recorder seen = new Recorder();
    private DockerContainerBackend backend;

    @BeforeAll
    static void startEngine() throws IOException {
        engine = TestEngine.docker("--live-restore");
    }

    @AfterAll
    static void stopEngine() throws IOException {
        if (engine != null) {
            engine.close();
        }
    }

    @AfterEach
    void close() {
        if (backend != null) {
            backend.jobs().forEach(job -> backend.stop(job.id(), Duration.ZERO));
            backend.jobs().forEach(job -> awaitDown(job.id()));
            backend.close();
        }
    }

    @Test
    void outputGoesOnWithoutGapAndTwiceAfterARestart() throws IOException {
        // binary, in lines of all lengths, and an end without a line feed
        JobSpec spec = TestEngine.job("""
                i=0
                while [ $i -lt 60 ]; do
                  echo $i; head -c $((i * 700)) /dev/urandom; [ $((i % 3)) = 0 ] && echo; echo "error $i" >&2
                  i=$((i+1)); sleep 0.05
                done | tee /mnt/written
                printf 'the end' | tee -a /mnt/written
                """).toBuilder()
                .mounts(List.of(new Mount(
                        Files.createDirectory(directory.resolve("mnt")).toString(), "/mnt", Mount.Access.READ_WRITE)))
                .build();
        open();
        backend.start(spec);

        for (int restart = 0; restart < 3; restart++) {
            int before = seen.bytes(spec.id()).length;
            await().atMost(Duration.ofSeconds(30)).until(() -> seen.bytes(spec.id()).length > before + 50_000);
            backend.close();
            open();
        }

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(0));
        assertThat(seen.bytes(spec.id())).isEqualTo(Files.readAllBytes(directory.resolve("mnt/written")));
        assertThat(seen.states(spec.id()))
                .containsExactly(JobStatus.State.STARTING, JobStatus.State.RUNNING, JobStatus.State.DOWN);
    }

    @Test
    void whatEndedWhileNobodyWasThereIsToldWithAllItsOutput() throws Exception {
        open();
        JobSpec spec = TestEngine.job("echo before; sleep 1; echo after; echo bad >&2; exit 3");
        backend.start(spec);
        await().atMost(Duration.ofSeconds(20)).until(() -> seen.text(spec.id()).contains("before"));
        backend.close();
        await().atMost(Duration.ofSeconds(20)).until(() -> !runs(spec.id()));

        open();

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(3));
        assertThat(seen.text(spec.id())).isEqualTo("before\nafter\n");
        assertThat(containers()).isEmpty();
    }

    @Test
    void jobsAreNotDeadWhileTheEngineIsAway() throws Exception {
        open();
        JobSpec spec =
                TestEngine.job("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); sleep 0.002; done; exit 4");
        backend.start(spec);
        await().atMost(Duration.ofSeconds(20)).until(() -> seen.text(spec.id()).contains("line 100\n"));

        engine.kill();
        assertThat(backend.status(spec.id()).map(JobStatus::state)).contains(JobStatus.State.RUNNING);
        JobSpec meanwhile = TestEngine.job("echo started late");
        backend.start(meanwhile);
        engine.start();

        assertThat(awaitDown(meanwhile.id()).error()).isEmpty();
        JobStatus down = awaitDown(spec.id());
        assertThat(down.error()).isEmpty();
        assertThat(seen.states(spec.id()))
                .containsExactly(JobStatus.State.STARTING, JobStatus.State.RUNNING, JobStatus.State.DOWN);
        assertThat(seen.text(meanwhile.id())).isEqualTo("started late\n");
        List<String> lines = seen.text(spec.id()).lines().toList();
        assertThat(lines).doesNotHaveDuplicates();
    }

    @Test
    void muchStandardInputArrivesAndItsEndToo() throws IOException {
        open();
        JobSpec spec = TestEngine.job("sleep 0.5; md5sum; echo closed; sleep 0.1; echo after")
                .withStdin(true);
        backend.start(spec);
        awaitRunning(spec.id());
        byte[] much = "0123456789abcdef".repeat(200_000).getBytes(StandardCharsets.UTF_8);

        try (OutputStream stdin = backend.stdin(spec.id())) {
            stdin.write(much);
        }

        awaitDown(spec.id());
        assertThat(seen.text(spec.id())).isEqualTo(md5(much) + "  -\nclosed\nafter\n");
    }

    @Test
    void theLastWordsOfAJobWaitForASlowListener() {
        open();
        var reading = new CountDownLatch(1);
        var unused = backend.watch(new JobListener() {
            @Override
            public void onStatus(JobStatus status) {}

            @Override
            public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
                try {
                    reading.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        });
        JobSpec spec = TestEngine.job("head -c 1500000 /dev/zero | tr '\\0' x; echo; echo last");
        backend.start(spec);
        awaitRunning(spec.id());
        await().atMost(Duration.ofSeconds(20)).until(() -> !runs(spec.id()));
        reading.countDown();

        awaitDown(spec.id());

        assertThat(seen.text(spec.id())).hasSize(1_500_006).endsWith("x\nlast\n");
    }

    @Test
    void whoWantsMoreMemoryThanItsLimitIsToldSo() {
        open();
        JobSpec spec = TestEngine.job("x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo not here").toBuilder()
                .resources(Map.of(ResourceLimit.MEMORY, ResourceLimit.of(32L << 20)))
                .build();
        backend.start(spec);

        awaitDown(spec.id());

        assertThat(seen.text(spec.id(), OutputStreamKind.INIT)).contains("more memory than its limit");
    }

    @Test
    void aProgramThatIsNotThereIsTheJobsError() {
        open();
        JobSpec spec = JobSpec.ofCommand(
                JobId.random("test"), TestEngine.shellImage(), List.of("/no/such/program", "argument"));
        backend.start(spec);

        JobStatus down = awaitDown(spec.id());

        assertThat(down.error()).hasValueSatisfying(error -> assertThat(error).contains("/no/such/program"));
        assertThat(down.exitStatus()).isEmpty();
    }

    @Test
    void hostImagesRunOnTheHostsProgramsWithoutItsSecrets() throws IOException {
        Path init = Files.createDirectories(directory.resolve("backend/images/runner"))
                .resolve("init");
        Files.writeString(init, "#!/bin/bash\nexec \"$@\"\n");
        assertThat(init.toFile().setExecutable(true)).isTrue();
        Files.createDirectory(directory.resolve("slug"));
        Files.writeString(directory.resolve("slug/file"), "of the slug");
        open();
        JobSpec spec = JobSpec.builder(JobId.random("test"), new JobSpec.Image("host", "host:runner"))
                .cmd(List.of(
                        "bash",
                        "-c",
                        "pwd; echo $HOME; cat file; echo mine > file; perl -e 'print 6*7'; echo; id -u;"
                                + " ls -A /root /home /work \"$0\" 2>/dev/null; cat /etc/shadow /etc/ssh/ssh_host_* 2>/dev/null;"
                                + " touch /usr/here 2>/dev/null; grep -c . /etc/resolv.conf >/dev/null && echo resolves",
                        directory.toString()))
                .mounts(List.of(new Mount(directory.resolve("slug").toString(), "/app", Mount.Access.PRIVATE_COPY)))
                .build();

        backend.start(spec);

        JobStatus down = awaitDown(spec.id());
        assertThat(down.error()).isEmpty();
        assertThat(seen.text(spec.id(), OutputStreamKind.STDERR)).isEmpty();
        assertThat(seen.text(spec.id())).isEqualTo("/app\n/app\nof the slug42\n0\nresolves\n");
        assertThat(directory.resolve("slug/file")).hasContent("of the slug");
    }

    @Test
    void aHostImageThatIsNotThereIsTheJobsError() {
        open();
        for (String name : List.of("nothing", "../../etc", "")) {
            JobSpec spec =
                    JobSpec.ofCommand(JobId.random("test"), new JobSpec.Image("host", "host:" + name), List.of("true"));
            backend.start(spec);
            assertThat(awaitDown(spec.id()).error())
                    .hasValueSatisfying(error -> assertThat(error).contains("there is no image host:" + name));
        }
    }

    @Test
    void whatIsLeftOfJobsThatNobodyKnowsIsRemovedWhenItIsOpened() throws IOException {
        open();
        JobSpec kept = TestEngine.job("exec sleep 600");
        JobSpec forgotten = TestEngine.job("exec sleep 600");
        backend.start(kept);
        backend.start(forgotten);
        awaitRunning(kept.id());
        awaitRunning(forgotten.id());
        backend.close();
        JobDirectory.deleteTree(
                directory.resolve("backend/jobs/" + forgotten.id().value()));

        open();

        assertThat(containers()).containsExactly("/flynn-" + kept.id().value());
        assertThat(backend.jobs()).extracting(JobStatus::id).containsExactly(kept.id());
    }

    @Test
    void aJobWhoseContainerSomebodyRemovedIsLost() {
        open();
        JobSpec spec = TestEngine.job("exec sleep 600");
        backend.start(spec);
        awaitRunning(spec.id());

        ask(e -> {
            Containers.remove(e, "flynn-" + spec.id().value());
            return true;
        });

        assertThat(awaitDown(spec.id()).isDown()).isTrue();
    }

    @Test
    void aLongOutputOfACommandIsKeptFromItsEnd() {
        open();
        JobSpec spec = TestEngine.job("exec sleep 600");
        backend.start(spec);
        awaitRunning(spec.id());

        ExecResult result = backend.exec(
                spec.id(),
                List.of("sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit 3"),
                Duration.ofSeconds(30));

        assertThat(result.exitStatus()).isEqualTo(OptionalInt.of(3));
        assertThat(result.output()).endsWith("line 19999\n").hasSizeBetween(4096, 65_536);
    }

    @Test
    void aNetworkWithAnotherSubnetIsRefused() {
        open();
        DockerSettings others = DockerSettings.of(Map.of("host", engine.host(), "subnet", "10.99.0.0/24"), directory);

        assertThatThrownBy(() -> DockerContainerBackend.builder(directory.resolve("other"))
                        .settings(others)
                        .build())
                .hasMessageContaining("10.99.0.0/24")
                .hasMessageContaining("network flynn");
    }

    @Test
    void withoutAnEngineItSaysWhereItLooked() {
        DockerSettings nowhere = DockerSettings.of(Map.of("host", "unix://" + directory + "/nowhere"), directory);

        assertThatThrownBy(() -> DockerContainerBackend.builder(directory)
                        .settings(nowhere)
                        .build())
                .hasMessageContaining(directory + "/nowhere")
                .hasMessageContaining("start dockerd");
    }

    private void open() {
        backend = DockerContainerBackend.builder(directory.resolve("backend"))
                .settings(TestEngine.settings(engine, directory.resolve("backend")))
                .build();
        var unused = backend.watch(seen);
    }

    private <T> T ask(java.util.function.Function<Engine, T> question) {
        try (Engine asked = Engine.open(engine.host())) {
            return question.apply(asked);
        }
    }

    private List<String> containers() {
        return ask(e -> e
                .ask(client -> client.listContainersCmd().withShowAll(true).exec())
                .stream()
                .map(container -> container.getNames()[0])
                .toList());
    }

    private boolean runs(JobId job) {
        return ask(e -> Optional.ofNullable(e.ask(client -> client.inspectContainerCmd("flynn-" + job.value())
                                .exec())
                        .getState()
                        .getRunning())
                .orElse(false));
    }

    private void awaitRunning(JobId job) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> backend.status(job).orElseThrow().state() == JobStatus.State.RUNNING);
    }

    private JobStatus awaitDown(JobId job) {
        await().atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> backend.status(job).orElseThrow().isDown()
                        && seen.states(job).contains(JobStatus.State.DOWN));
        return backend.status(job).orElseThrow();
    }

    private static String md5(byte[] bytes) {
        try {
            return java.util.HexFormat.of()
                    .formatHex(java.security.MessageDigest.getInstance("MD5").digest(bytes));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Keeps what it is told. */
    private static final class Recorder implements JobListener {

        private final Map<String, ByteArrayOutputStream> output = new java.util.HashMap<>();
        private final List<JobStatus> states = new java.util.ArrayList<>();

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
