package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.container.Partitions;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class OciContainerBackendTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path directory;

    private final Recorder seen = new Recorder();
    private OciContainerBackend backend;

    @BeforeAll
    static void requireTools() {
        Tools.assumePresent();
    }

    @BeforeEach
    void open() {
        backend = builder().build();
    }

    @AfterEach
    void close() {
        var unused = backend.watch(seen);
        for (JobStatus job : backend.jobs()) {
            backend.stop(job.id(), Duration.ZERO);
        }
        backend.jobs().forEach(job -> awaitDown(job.id()));
        backend.close();
    }

    private OciContainerBackend.Builder builder() {
        return OciContainerBackend.builder(directory.resolve("data"), ShellImage.install(directory));
    }

    @Test
    void everyByteArrivesUnchanged() throws Exception {
        watch();
        JobSpec spec = ShellImage.job("head -c 10000000 /dev/urandom > /tmp/bytes; sha256sum < /tmp/bytes >&2;"
                + " printf 'no end of line' >> /tmp/bytes; head -c 10000000 /tmp/bytes; printf 'no end of line'");

        ended(spec);

        byte[] bytes = seen.bytes(OutputStreamKind.STDOUT);
        assertThat(bytes).hasSize(10_000_000 + "no end of line".length());
        var digest = MessageDigest.getInstance("SHA-256");
        digest.update(bytes, 0, 10_000_000);
        assertThat(seen.text(OutputStreamKind.STDERR)).startsWith(HexFormat.of().formatHex(digest.digest()));
        assertThat(new String(bytes, 10_000_000, bytes.length - 10_000_000)).isEqualTo("no end of line");
    }

    @Test
    void standardInputOfAnySizeArrivesWhileTheJobWrites() throws Exception {
        watch();
        byte[] bytes = new byte[5_000_000];
        new Random(1).nextBytes(bytes);
        JobSpec spec = ShellImage.job("cat").withStdin(true);
        running(spec);

        try (OutputStream stdin = backend.stdin(spec.id())) {
            stdin.write(bytes);
        }

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(0));
        assertThat(seen.bytes(OutputStreamKind.STDOUT)).isEqualTo(bytes);
    }

    @Test
    void aJobWhoseListenerIsSlowWaits() throws Exception {
        long size = 80_000_000;
        var gate = new CountDownLatch(1);
        var taken = new AtomicLong();
        var unused = backend.watch(new JobListener() {
            @Override
            public void onStatus(JobStatus status) {
                // only output is of interest
            }

            @Override
            public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
                awaitQuietly(gate);
                taken.addAndGet(bytes.length);
            }
        });
        JobSpec spec = ShellImage.job("head -c " + size + " /dev/zero");

        backend.start(spec);
        JobDirectory files = JobDirectory.of(new Layout(directory.resolve("data")), spec.id());
        await("conmon is stopped").atMost(PATIENCE).until(() -> isStopped(files));
        long held = logBytes();
        gate.countDown();

        assertThat(held).isLessThan(size);
        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(0));
        assertThat(taken).hasValue(size);
    }

    @Test
    void aJobThatWaitsForASlowListenerGoesOnAfterARestart() {
        long size = 40_000_000;
        var gate = new CountDownLatch(1);
        var unused = backend.watch(new JobListener() {
            @Override
            public void onStatus(JobStatus status) {
                // only output is of interest
            }

            @Override
            public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
                awaitQuietly(gate);
            }
        });
        JobSpec spec = ShellImage.job("head -c " + size + " /dev/zero");
        backend.start(spec);
        JobDirectory files = JobDirectory.of(new Layout(directory.resolve("data")), spec.id());
        await("conmon is stopped").atMost(PATIENCE).until(() -> isStopped(files));
        var opener = new Thread(gate::countDown);
        opener.start();
        backend.close();

        backend = builder().build();
        watch();

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(0));
        assertThat(seen.bytes(OutputStreamKind.STDOUT)).hasSizeLessThanOrEqualTo((int) size);
    }

    @Test
    void aJobThatWasBeingStartedRunsAfterARestart() {
        for (int i = 0; i < 5; i++) {
            JobSpec spec = ShellImage.job("exit 6");
            backend.start(spec);
            backend.close();
            backend = builder().build();
            watch();

            assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(6));
        }
    }

    @Test
    void whatAJobWroteWhileNobodyWasThereIsDeliveredOnce() {
        watch();
        JobSpec spec =
                ShellImage.job("i=0; while [ $i -lt 60 ]; do echo line $i; i=$((i+1)); sleep 0.01; done; exit 4");
        backend.start(spec);
        await().atMost(PATIENCE).until(() -> seen.out().contains("line 5"));

        backend.close();
        JobDirectory files = JobDirectory.of(new Layout(directory.resolve("data")), spec.id());
        await("the container ended")
                .atMost(PATIENCE)
                .until(() -> files.exitStatus().isPresent());
        backend = builder().build();
        watch();

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(4));
        assertThat(seen.out().lines())
                .containsExactlyElementsOf(Stream.iterate(0, i -> i + 1)
                        .limit(60)
                        .map(i -> "line " + i)
                        .toList());
    }

    @Test
    void aJobOfAMachineThatWasRestartedIsDown() throws IOException {
        JobSpec spec = ShellImage.job("sleep 600");
        running(spec);
        backend.close();
        JobDirectory files = JobDirectory.of(new Layout(directory.resolve("data")), spec.id());
        Trees.write(files.accepted(), Files.readString(files.accepted()).replace(Proc.bootId(), "another-boot"));

        backend = builder().build();

        assertThat(backend.status(spec.id()))
                .hasValueSatisfying(status -> assertThat(status.error()).contains("the host was restarted"));
        assertThat(files.path()).doesNotExist();
        assertThat(backend.start(spec).isDown()).isTrue();
    }

    @Test
    void aJobWhoseMonitorIsKilledIsDownAndNothingOfItRuns() {
        watch();
        JobSpec spec = ShellImage.job("sleep 600");
        running(spec);
        JobDirectory files = JobDirectory.of(new Layout(directory.resolve("data")), spec.id());

        ProcessHandle.of(JobDirectory.number(files.conmonPid()).orElseThrow())
                .orElseThrow()
                .destroyForcibly();

        assertThat(awaitDown(spec.id()).error())
                .hasValueSatisfying(error -> assertThat(error).contains("conmon"));
        assertThat(ControlGroups.ofThisHost().processes("/flynn/user/" + spec.id()))
                .isEmpty();
    }

    @Test
    void aMonitorThatIsKilledIsNoticedAlsoAfterWhatStartedIt() {
        watch();
        JobSpec spec = ShellImage.job("sleep 600");
        running(spec);
        killStarter();
        JobDirectory files = JobDirectory.of(new Layout(directory.resolve("data")), spec.id());

        ProcessHandle.of(JobDirectory.number(files.conmonPid()).orElseThrow())
                .orElseThrow()
                .destroyForcibly();

        assertThat(awaitDown(spec.id()).error())
                .hasValueSatisfying(error -> assertThat(error).contains("conmon"));
    }

    @Test
    void aJobRunsOnceThoughWhatStartsContainersWasKilledMeanwhile() throws IOException {
        backend.close();
        Path waits = directory.resolve("waits");
        Path runtime = directory.resolve("slow-once");
        Files.writeString(runtime, """
                #!/bin/sh
                case " $* " in *" create "*)
                  if [ ! -e %1$s ]; then : >%1$s; while :; do sleep 0.05; done; fi ;;
                esac
                exec runc "$@"
                """.formatted(waits));
        Files.setPosixFilePermissions(runtime, PosixFilePermissions.fromString("rwxr-xr-x"));
        backend = builder().runtime(runtime).build();
        watch();
        JobSpec spec = ShellImage.job("echo once; exit 6");
        backend.start(spec);
        await().atMost(PATIENCE).until(() -> Files.exists(waits));

        killStarter();

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(6));
        assertThat(seen.out()).isEqualTo("once\n");
        assertThat(ProcessHandle.allProcesses())
                .noneMatch(process -> List.of(Proc.commandLine(process.pid())).contains("--cid=" + spec.id()));
    }

    private void killStarter() {
        String script = new Layout(directory.resolve("data")).starterScript().toString();
        List<ProcessHandle> found = ProcessHandle.current()
                .children()
                .filter(process -> List.of(Proc.commandLine(process.pid())).contains(script))
                .toList();
        assertThat(found).hasSize(1);
        found.get(0).destroyForcibly();
    }

    @Test
    void whatIsAcceptedByNobodyIsRemoved() throws IOException {
        backend.close();
        Path stray = Files.createDirectories(directory.resolve("data/jobs/test-stray/upper"));
        Path log = Files.writeString(directory.resolve("data/logs/test-stray.log"), "x");

        backend = builder().build();

        assertThat(stray).doesNotExist();
        assertThat(log).doesNotExist();
        assertThat(backend.jobs()).isEmpty();
    }

    @Test
    void aJobThatIsKilledForItsMemoryIsTold() {
        watch();
        JobSpec spec = ShellImage.job("x=$(head -c 200000000 /dev/zero | tr '\\0' x)").toBuilder()
                .resources(Map.of(ResourceLimit.MEMORY, ResourceLimit.of(32L << 20)))
                .build();

        ended(spec);

        assertThat(seen.text(OutputStreamKind.INIT)).isEqualTo("killed: out of memory, limit 32 MB\n");
    }

    @Test
    void aProgramThatIsNotThereIsNamed() {
        JobSpec spec = JobSpec.builder(JobId.random("test"), ShellImage.image())
                .entrypoint(List.of("/no/such/program"))
                .build();

        assertThat(ended(spec).error()).contains("cannot run /no/such/program: No such file or directory");
    }

    @Test
    void whatReachesBeyondAContainerIsRefused() {
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "the numbers of system calls are those of x86_64");
        watch();
        // mount, ptrace, bpf, keyctl, unshare, setns, io_uring_setup, clone3
        ended(ShellImage.job("perl -e 'print join(\" \", map { syscall($_, 0, 0, 0, 0, 0) < 0 ? $!+0 : \"done\" }"
                + " 165, 101, 321, 250, 272, 308, 425, 435)'"));

        assertThat(seen.out()).isEqualTo("1 1 1 1 1 1 1 38");
    }

    @Test
    void noFileOfThePlatformIsSeen() {
        watch();
        JobSpec other = ShellImage.job("sleep 600").withEnv(Map.of("SECRET", "of another job"));
        running(other);

        ended(ShellImage.job("ls " + directory + " 2>&1; grep -rl 'of another job' /tmp /run /var /proc/[0-9]*/environ"
                + " 2>/dev/null; ls -A /var/lib; ls /run/docker.sock 2>/dev/null; ls -A /srv; ls -A /mnt"));

        assertThat(seen.out().lines()).singleElement().asString().contains("No such file");
    }

    @Test
    void rootInAnImageHasLittlePower() {
        backend.close();
        backend = builder().images(new ImageOfTheHost("")).build();
        watch();
        var image = new JobSpec.Image("docker", "docker://test");

        ended(JobSpec.ofCommand(
                JobId.random("test"),
                image,
                List.of("/bin/sh", "-c", "id -u; grep CapEff /proc/self/status; pwd; $X")));

        assertThat(backend.capabilities()).contains(Capability.IMAGE_DOCKER);
        assertThat(seen.out())
                .startsWith("0\n")
                .contains("00000000a00405fb")
                .contains("/usr\n")
                .contains("of the image");
    }

    @Test
    void aJobOnAStackHasThatRootAndTheRightsOfAnyOtherOfTheHost() {
        backend.close();
        backend = builder()
                .images(new ImageOfTheHost("0"))
                .stack(new JobSpec.Image("docker", "docker://stack"))
                .build();
        watch();

        ended(ShellImage.job("id -u; id -un; grep CapEff /proc/self/status; echo $HOME $PWD; touch /app/mine && $X;"
                + " ls -d /var/lib/dpkg; ls /.flynn/image"));

        assertThat(seen.out())
                .matches("(?s)(18|19|20)\\d{8}\napp\n.*")
                .contains("0000000000000000", "/app /app", "of the image", "/var/lib/dpkg", "init");
    }

    @Test
    void jobsHaveUsersOfTheirOwnAndThatOfTheirAppWhereTheyWriteToItsFiles() throws IOException {
        watch();
        Path volume = Files.createDirectory(directory.resolve("volume"));
        Files.setPosixFilePermissions(volume, PosixFilePermissions.fromString("rwxrwxrwx"));
        JobSpec plain = ShellImage.job("id -u; id -un; touch mine && stat -c %u mine").toBuilder()
                .metadata(Map.of(JobSpec.META_APP, "app"))
                .build();
        ended(plain);
        ended(plain.withId(JobId.random("test")));
        JobSpec withVolume = ShellImage.job("id -u; echo x >> /data/file && cat /data/file").toBuilder()
                .metadata(Map.of(JobSpec.META_APP, "app"))
                .mounts(List.of(new Mount(volume.toString(), "/data", Mount.Access.READ_WRITE)))
                .build();
        ended(withVolume);
        ended(withVolume.withId(JobId.random("test")));

        List<String> lines = seen.out().lines().toList();
        assertThat(lines.get(0)).isEqualTo(lines.get(2)).isNotEqualTo(lines.get(3));
        assertThat(lines.get(1)).isEqualTo("app");
        assertThat(lines.get(3)).isEqualTo(lines.get(5));
        assertThat(lines.subList(6, 11))
                .containsExactly(lines.get(6), "x", lines.get(6), "x", "x")
                .doesNotContain(lines.get(0), lines.get(3));
    }

    @Test
    void limitsOfAJobAreThoseOfItsControlGroup() throws IOException {
        JobSpec spec = ShellImage.job("exec sleep 600").toBuilder()
                .resources(Map.of(
                        ResourceLimit.MEMORY,
                        ResourceLimit.of(64L << 20),
                        ResourceLimit.MAX_PROCS,
                        ResourceLimit.of(20),
                        "cpu",
                        ResourceLimit.of(500)))
                .build();
        running(spec);

        ControlGroups groups = ControlGroups.ofThisHost();
        Map<String, String> expected = groups.unified()
                ? Map.of("memory.max", "67108864", "memory.swap.max", "0", "pids.max", "20", "cpu.weight", "20")
                : Map.of(
                        "memory/memory.limit_in_bytes",
                        "67108864",
                        "memory/memory.memsw.limit_in_bytes",
                        groups.swapCounted() ? "67108864" : "",
                        "pids/pids.max",
                        "20",
                        "cpu/cpu.shares",
                        "512");
        for (Map.Entry<String, String> limit : expected.entrySet()) {
            Path file = Path.of(limit.getKey());
            Path hierarchy = groups.unified() ? groups.mount() : groups.mount().resolve(file.getName(0));
            Path group = hierarchy.resolve("flynn/user").resolve(spec.id().value());
            if (!limit.getValue().isEmpty()) {
                assertThat(group.resolve(file.getFileName())).hasContent(limit.getValue());
            }
        }
    }

    @Test
    void aLimitedDiskIsGivenBackWithTheJobAlsoByTheNextProcess() throws IOException {
        assumeTrue(backend.capabilities().contains(Capability.LIMIT_TEMP_DISK), "no mkfs.ext4, or no loop devices");
        JobSpec spec = ShellImage.job("df -k / /tmp $HOME | tail -n +2 | awk '{ print $2 > \"/dev/stderr\" }';"
                        + " echo written > /tmp/file; exec sleep 600")
                .toBuilder()
                .resources(Map.of("temp_disk", ResourceLimit.of(20L << 20)))
                .build();
        watch();
        running(spec);
        await().atMost(PATIENCE)
                .until(() -> seen.text(OutputStreamKind.STDERR).lines().count() == 3);
        assertThat(seen.text(OutputStreamKind.STDERR).lines())
                .allSatisfy(kilobytes -> assertThat(Integer.parseInt(kilobytes)).isBetween(15_000, 20_480));
        backend.close();
        backend = builder().build();
        watch();
        assertThat(mounts()).contains(spec.id().value());

        backend.stop(spec.id(), Duration.ZERO);
        awaitDown(spec.id());

        assertThat(mounts()).doesNotContain(spec.id().value());
        assertThat(directory.resolve("data/jobs")).isEmptyDirectory();
    }

    @Test
    void jobsShareProcessorsByTheirPartition() throws IOException {
        backend.close();
        String parent = "/flynn-test-" + UUID.randomUUID();
        backend = builder()
                .controlGroup(parent)
                .partitions(Partitions.parse("system=cpu_shares:300 background=cpu_shares:100 user=cpu_shares:200"))
                .build();
        watch();
        JobSpec unnamed = ShellImage.job("cat /proc/self/cgroup");
        JobSpec background = ShellImage.job("cat /proc/self/cgroup").toBuilder()
                .partition(Optional.of(Priority.BACKGROUND))
                .build();
        try {
            ended(unnamed);
            ended(background);

            assertThat(seen.out())
                    .contains(parent + "/user/" + unnamed.id())
                    .contains(parent + "/background/" + background.id());
            boolean unified = ControlGroups.ofThisHost().unified();
            assertThat(processorTimeOf(parent + "/background")).isEqualTo(unified ? "4" : "100");
            assertThat(processorTimeOf(parent + "/user")).isEqualTo(unified ? "8" : "200");
            assertThat(processorTimeOf(parent + "/system")).isEqualTo(unified ? "12" : "300");
        } finally {
            backend.close();
            ControlGroups.ofThisHost().delete(parent);
            backend = builder().build();
        }
    }

    private static String processorTimeOf(String group) throws IOException {
        Path root = Path.of("/sys/fs/cgroup");
        return Files.readString(
                        ControlGroups.ofThisHost().unified()
                                ? Path.of(root + group, "cpu.weight")
                                : Path.of(root + "/cpu" + group, "cpu.shares"))
                .strip();
    }

    @Test
    void aJobHasTheNetworkThatItIsGiven() {
        backend.close();
        var network = new EmptyNetwork();
        backend = builder().network(network).build();
        watch();
        JobSpec spec = ShellImage.job("echo $EXTERNAL_IP; tail -n +3 /proc/net/dev | cut -d: -f1; cat /etc/hosts");
        try {
            JobStatus down = ended(spec);

            assertThat(down.error()).isEmpty();
            assertThat(seen.out().lines().map(String::strip))
                    .startsWith("10.9.8.7", "lo")
                    .contains("10.9.8.7 " + spec.id().uuid());
            assertThat(network.jobs()).isEmpty();
        } finally {
            network.close(spec.id());
        }
    }

    // what the tests are made of

    /** The host's own root as if it were an image. */
    private record ImageOfTheHost(String user) implements ContainerImages {

        @Override
        public ContainerImage open(JobSpec.Image image, JobId holder) {
            return new ContainerImage(
                    List.of(Path.of("/")), List.of(), List.of(), Map.of("X", "echo of the image"), "/usr", user);
        }

        @Override
        public void release(JobId holder) {
            // nothing is held
        }
    }

    /** Namespaces with nothing but lo in them. */
    private static final class EmptyNetwork implements ContainerNetwork {

        private final Set<JobId> opened = java.util.concurrent.ConcurrentHashMap.newKeySet();

        @Override
        public Connection open(JobId job) throws IOException {
            if (opened.add(job)) {
                ip("add", job);
            }
            return new Connection("10.9.8.7", Path.of("/run/netns/" + job));
        }

        @Override
        public void close(JobId job) {
            if (opened.remove(job)) {
                try {
                    ip("delete", job);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            }
        }

        @Override
        public Set<JobId> jobs() {
            return Set.copyOf(opened);
        }

        private static void ip(String verb, JobId job) throws IOException {
            try {
                int status = new ProcessBuilder("ip", "netns", verb, job.value())
                        .start()
                        .waitFor();
                if (status != 0) {
                    throw new IOException("ip netns " + verb + " ended with " + status);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }
    }

    private void watch() {
        var unused = backend.watch(seen);
    }

    private void running(JobSpec spec) {
        backend.start(spec);
        await().atMost(PATIENCE)
                .until(
                        () -> backend.status(spec.id()).map(JobStatus::state),
                        Optional.of(JobStatus.State.RUNNING)::equals);
    }

    private JobStatus ended(JobSpec spec) {
        backend.start(spec);
        return awaitDown(spec.id());
    }

    private JobStatus awaitDown(JobId job) {
        await("job is down")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(10))
                .until(() -> backend.status(job).orElseThrow().isDown());
        return backend.status(job).orElseThrow();
    }

    private static boolean isStopped(JobDirectory files) {
        return JobDirectory.number(files.conmonPid()).stream()
                .mapToObj(pid -> Proc.text(Path.of("/proc/" + pid + "/status")).orElse(""))
                .anyMatch(status -> status.contains("State:\tT"));
    }

    private static String mounts() throws IOException {
        return Files.readString(Path.of("/proc/self/mountinfo"));
    }

    private long logBytes() throws IOException {
        try (Stream<Path> logs = Files.list(directory.resolve("data/logs"))) {
            return logs.mapToLong(file -> file.toFile().length()).sum();
        }
    }

    private static void awaitQuietly(CountDownLatch gate) {
        try {
            gate.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
