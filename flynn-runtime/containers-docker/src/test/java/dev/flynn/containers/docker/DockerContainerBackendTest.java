package dev.flynn.containers.docker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.container.JobListener;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

@Execution(ExecutionMode.CONCURRENT)
class DockerContainerBackendTest extends EngineJobs {

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
    TestEngine engine() {
        return requireNonNull(engine);
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
    void jobsAreInTheGroupOfTheirPartition() throws IOException {
        open();
        JobSpec spec = TestEngine.job("sleep 60").toBuilder()
                .partition(Optional.of(Priority.BACKGROUND))
                .build();
        backend.start(spec);
        awaitRunning(spec.id());

        Path group = Path.of("/sys/fs/cgroup" + controlGroup(spec.id()));

        assertThat(group.toString()).contains("/flynn-docker/background/");
        Path partition = group.getParent();
        boolean unified = Files.exists(partition.resolve("cpu.weight"));
        // what a container has itself is that of its limits, which say nothing here
        assertThat(partition.resolve(unified ? "cpu.weight" : "cpu.shares"))
                .content()
                .isEqualToIgnoringWhitespace(unified ? "157" : "4096");
        assertThat(partition.resolveSibling("user").resolve(unified ? "cpu.weight" : "cpu.shares"))
                .content()
                .isEqualToIgnoringWhitespace(unified ? "313" : "8192");
    }

    /** Where the kernel divides processor time, below the directory of all groups. */
    private String controlGroup(JobId job) throws IOException {
        Long pid = ask(engine -> engine.ask(client ->
                        client.inspectContainerCmd("flynn-" + job.value()).exec())
                .getState()
                .getPidLong());
        String unified = "";
        for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/cgroup"))) {
            String[] parts = line.split(":", 3);
            if (List.of(parts[1].split(",")).contains("cpu")) {
                return "/cpu" + parts[2];
            }
            unified = parts[1].isEmpty() ? parts[2] : unified;
        }
        return unified;
    }

    @Test
    void hostImagesRunOnTheHostsProgramsWithoutItsSecrets() throws IOException {
        makeRunner("/bin/bash");
        Files.createDirectory(directory.resolve("slug"));
        Files.writeString(directory.resolve("slug/file"), "of the slug");
        Files.setAttribute(directory.resolve("slug/file"), "unix:gid", JobFiles.GROUP);
        Files.setPosixFilePermissions(directory.resolve("slug/file"), PosixFilePermissions.fromString("rw-rw-r--"));
        open();
        JobSpec spec = JobSpec.builder(JobId.random("test"), new JobSpec.Image("host", "host:runner"))
                .cmd(List.of(
                        "bash",
                        "-c",
                        "pwd; echo $HOME; cat file; echo mine > file; perl -e 'print 6*7'; echo; id -u;"
                                + " ls -A /root /home /work \"$0\" 2>/dev/null; cat /etc/shadow /etc/ssh/ssh_host_* 2>/dev/null;"
                                + " touch /usr/here 2>/dev/null; grep -c . /etc/resolv.conf >/dev/null && echo resolves;"
                                + " grep -h -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Groups):' /proc/self/status; id -un;"
                                + " cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null",
                        directory.toString()))
                .mounts(List.of(new Mount(directory.resolve("slug").toString(), "/app", Mount.Access.PRIVATE_COPY)))
                .build();

        backend.start(spec);

        JobStatus down = awaitDown(spec.id());
        assertThat(down.error()).isEmpty();
        assertThat(seen.text(spec.id(), OutputStreamKind.STDERR)).isEmpty();
        assertThat(seen.text(spec.id())
                        .lines()
                        .map(line -> line.replaceAll("\\s+", " ").strip()))
                .containsExactly(
                        "/app",
                        "/app",
                        "of the slug42",
                        "100000",
                        "resolves",
                        "Groups: 65000",
                        "CapPrm: 0000000000000000",
                        "CapEff: 0000000000000000",
                        "CapBnd: 0000000000000000",
                        "NoNewPrivs: 1",
                        "app",
                        "4096");
        assertThat(directory.resolve("slug/file")).hasContent("of the slug");
    }

    @Test
    void onAStackAJobSeesTheStackAndHasAHomeOfItsOwn() throws IOException {
        makeRunner("/bin/sh");
        open(Map.of("stack", "docker://" + TestEngine.SHELL, "user", "4321"));
        JobSpec spec = JobSpec.builder(JobId.random("test"), new JobSpec.Image("host", "host:runner"))
                .cmd(List.of("sh", "-c", "id -u; echo mine > /app/file; cat file; ls -A /usr /opt 2>/dev/null; pwd"))
                .build();

        backend.start(spec);

        assertThat(awaitDown(spec.id()).error()).isEmpty();
        assertThat(seen.text(spec.id())).isEqualTo("4321\nmine\n/app\n");
        assertThat(directory.resolve("backend/jobs/" + spec.id().value() + "/copies"))
                .doesNotExist();
    }

    /** An image of the host that runs what it is given. */
    private void makeRunner(String shell) throws IOException {
        Path init = Files.createDirectories(directory.resolve("backend/images/runner"))
                .resolve("init");
        Files.writeString(init, "#!" + shell + "\nexec \"$@\"\n");
        assertThat(init.toFile().setExecutable(true, false)).isTrue();
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
    void aNetworkWithAnotherSubnetIsRefusedWhileJobsAreInIt() {
        open();
        JobSpec spec = TestEngine.job("exec sleep 600");
        backend.start(spec);
        awaitRunning(spec.id());
        DockerSettings others = DockerSettings.of(Map.of("host", engine().host(), "subnet", "10.99.0.0/24"), directory);

        assertThatThrownBy(() -> DockerContainerBackend.builder(directory.resolve("other"))
                        .settings(others)
                        .build())
                .hasMessageContaining("10.99.0.0/24")
                .hasMessageContaining("network flynn");
    }

    @Test
    void jobsJoinABridgeThatIsThereAlreadyAndStaysAsItIs() throws Exception {
        String bridge = "flytest" + ProcessHandle.current().pid() % 10_000;
        sh("ip link add %1$s mtu 1400 type bridge && ip address add 10.212.7.1/24 dev %1$s && ip link set %1$s up"
                .formatted(bridge));
        try {
            Map<String, String> settings = Map.of(
                    "host",
                    engine().host(),
                    "network",
                    bridge,
                    "subnet",
                    "10.212.7.0/24",
                    "bridge",
                    bridge,
                    "mtu",
                    "1400");
            backend = DockerContainerBackend.builder(directory.resolve("backend"))
                    .settings(DockerSettings.of(settings, directory))
                    .build();
            var unused = backend.watch(seen);
            JobSpec spec = TestEngine.job("ip address show dev eth0; ip route; exec sleep 600");

            backend.start(spec);

            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(seen.text(spec.id()))
                            .contains("mtu 1400", "inet 10.212.7.", "default via 10.212.7.1 dev eth0"));
            assertThat(sh("ip -o link show master " + bridge)).contains("veth");
            backend.stop(spec.id(), Duration.ZERO);
            awaitDown(spec.id());
            ask(engine -> {
                engine.tell(client -> client.removeNetworkCmd(bridge).exec());
                return "gone";
            });
            assertThat(sh("ip -o -4 address show dev " + bridge)).contains("10.212.7.1/24");
        } finally {
            sh("ip link del " + bridge);
        }
    }

    private static String sh(String line) throws IOException, InterruptedException {
        Process process =
                new ProcessBuilder("sh", "-c", line).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", line, output).isZero();
        return output;
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

    private static String md5(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("MD5").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void jobsThatAreStoppedOrAbandonedWhileTheyStartLeaveNoContainer() throws InterruptedException {
        endJobsAtMomentsOfTheirBeginning();
    }
}
