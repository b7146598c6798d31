package dev.flynn.containers.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.container.JobListener;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(90)
class ProcessContainerBackendTest {

    private static final AtomicLong MARKS = new AtomicLong(System.nanoTime() % 100_000_000L);

    @TempDir
    Path directory;

    private final List<JobStatus> told = new CopyOnWriteArrayList<>();
    private final StringBuffer output = new StringBuffer();
    private ProcessContainerBackend backend;

    @AfterEach
    void close() {
        if (backend != null) {
            backend.close();
        }
    }

    @Test
    void whenItsOwnProcessIsKilledNoProcessOfAJobIsLeft() throws Exception {
        String mark = mark();
        Process host = startDyingHost("(setsid sleep " + mark + " &) ; (sleep " + mark + " &) ; exec sleep " + mark);
        try {
            await().atMost(Duration.ofSeconds(30)).until(() -> sleeping(mark) == 3);

            host.destroyForcibly();

            await().atMost(Duration.ofSeconds(20)).until(() -> sleeping(mark) == 0);
        } finally {
            host.destroyForcibly();
        }
    }

    @Test
    void whatEvenItsSupervisorCouldNotEndIsEndedByTheNextToOpen() throws Exception {
        String mark = mark();
        Process host = startDyingHost("(setsid sleep " + mark + " &) ; exec sleep " + mark);
        try {
            await().atMost(Duration.ofSeconds(30)).until(() -> sleeping(mark) == 2);
            supervisors().forEach(ProcessHandle::destroyForcibly);
            host.destroyForcibly();
            host.waitFor();

            open();

            await().atMost(Duration.ofSeconds(20)).until(() -> sleeping(mark) == 0);
            assertThat(directory.resolve("backend/jobs")).isEmptyDirectory();
        } finally {
            host.destroyForcibly();
        }
    }

    @Test
    void aJobWhoseSupervisorIsKilledIsLostWithAllItsProcesses() {
        open();
        String mark = mark();
        JobId id = start(ShellImage.job("(setsid sleep " + mark + " &) ; exec sleep " + mark));
        await().until(() -> sleeping(mark) == 2);

        supervisors().forEach(ProcessHandle::destroyForcibly);

        assertThat(awaitDown(id).error()).contains("its supervisor was killed");
        await().until(() -> sleeping(mark) == 0);
    }

    @Test
    void aCommandThatCannotBeExecutedNeverRuns() {
        open();
        JobId id = start(JobSpec.ofCommand(JobId.random("test"), ShellImage.image(), List.of("x"))
                .withEnv(Map.of("BAD=NAME", "x")));
        assertThat(awaitDown(id).error())
                .hasValueSatisfying(error -> assertThat(error).contains("BAD=NAME"));
        var spec = ShellImage.job("true");
        JobSpec impossible = spec.toBuilder()
                .entrypoint(List.of("/no/such/program"))
                .cmd(List.of())
                .build();

        assertThat(awaitDown(start(impossible)).error())
                .hasValueSatisfying(error -> assertThat(error).contains("/no/such/program"));

        assertThat(told).extracting(JobStatus::state).doesNotContain(JobStatus.State.RUNNING);
    }

    @Test
    void aStopIsNeverLostHoweverEarlyItComes() {
        open();
        List<JobId> ids = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            JobId id = start(ShellImage.job("exec sleep 600"));
            pause(i);
            backend.stop(id, Duration.ofMinutes(10));
            ids.add(id);
        }

        ids.forEach(id -> assertThat(awaitDown(id).signal()).isEqualTo(OptionalInt.of(15)));
    }

    @Test
    void shortJobsLeaveNothingBehind() {
        open();
        runShortJobs(20);
        long descriptors = descriptors();

        runShortJobs(200);

        assertThat(directory.resolve("backend/jobs")).isEmptyDirectory();
        assertThat(supervisors()).isEmpty();
        assertThat(backend.jobs()).isEmpty();
        await("descriptors").untilAsserted(() -> assertThat(descriptors()).isLessThan(descriptors + 20));
        await("threads")
                .atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                        .filteredOn(thread -> thread.getName().startsWith("process-job"))
                        .hasSizeLessThan(5));
    }

    @Test
    void aListenerThatDoesNotReadMakesTheJobWaitAndLosesNothing() {
        var reading = new CountDownLatch(1);
        open();
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
        Path done = directory.resolve("done");
        JobId id = start(ShellImage.job("head -c 1000000 /dev/zero | tr '\\0' x; touch " + done));
        await().until(() -> output.length() > 0);
        assertThat(done).doesNotExist();

        reading.countDown();

        awaitDown(id);
        assertThat(output).hasSize(1_000_000);
        assertThat(done).exists();
    }

    @Test
    void aListenerThatFailsDoesNotHarmTheJob() {
        open();
        var unused = backend.watch(new JobListener() {
            @Override
            public void onStatus(JobStatus status) {
                throw new IllegalStateException("a listener's own problem");
            }

            @Override
            public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
                throw new IllegalStateException("a listener's own problem");
            }
        });

        JobId id = start(ShellImage.job("echo hello; exit 2"));

        assertThat(awaitDown(id).exitStatus()).isEqualTo(OptionalInt.of(2));
        assertThat(output.toString()).isEqualTo("hello\n");
    }

    @Test
    void aTerminalTakesMoreThanItsBufferHolds() throws IOException {
        open();
        JobId id = start(ShellImage.job("stty raw -echo; echo ready; head -c 300000 | tr -d '\\n' | wc -c")
                .withTty(TerminalSize.DEFAULT));
        awaitOutput("ready");

        try (OutputStream stdin = backend.stdin(id)) {
            stdin.write("y".repeat(300_000).getBytes(StandardCharsets.UTF_8));
            awaitOutput("300000");
        }

        assertThat(awaitDown(id).exitStatus()).isEqualTo(OptionalInt.of(0));
    }

    @Test
    void whatRunsOnInATerminalDoesNotKeepTheJobAlive() {
        open();

        JobId id = start(ShellImage.job("(trap '' HUP; while true; do echo noise; done) & echo main; exit 3")
                .withTty(TerminalSize.DEFAULT));

        assertThat(awaitDown(id).exitStatus()).isEqualTo(OptionalInt.of(3));
        assertThat(output.toString()).contains("main");
    }

    @Test
    void theLastWordsInATerminalAreNotLost() {
        open();

        for (int i = 0; i < 10; i++) {
            JobId id = start(ShellImage.job("seq 1 2000; printf last" + i).withTty(TerminalSize.DEFAULT));
            awaitDown(id);
            assertThat(output.toString()).endsWith("2000\r\nlast" + i);
        }
    }

    @Test
    void theSoftLimitOfDescriptorsIsWhatWasRequested() {
        open();
        JobSpec spec = limited(
                ShellImage.job("ulimit -Sn; ulimit -Hn"),
                new ResourceLimit(OptionalLong.of(100), OptionalLong.of(200)));

        awaitDown(start(spec));

        assertThat(output.toString()).isEqualTo("100\n200\n");
    }

    @Test
    void homeIsTheAppDirectoryAndItsFilesAreThereBeforeTheStart() throws IOException {
        Path slug = Files.createDirectories(directory.resolve("slug/deep"));
        Files.writeString(slug.resolve("file"), "of the slug");
        Files.createSymbolicLink(slug.resolve("link"), Path.of("file"));
        var files = new Given(new Mount(directory.resolve("slug").toString(), "/app", Mount.Access.PRIVATE_COPY));
        open(files);

        JobId id = start(ShellImage.job("cat deep/link; echo changed > deep/file; test \"$PWD\" = \"$HOME\""
                + " && test -d \"$TMPDIR\" && echo ' ok'"));
        awaitDown(id);

        assertThat(output.toString()).isEqualTo("of the slug ok\n");
        assertThat(slug.resolve("file")).hasContent("of the slug");
        await("the files are given back").until(() -> files.closed.contains(id));
    }

    @Test
    void filesThatCannotBeHadAreTheJobsError() {
        open(new Given() {
            @Override
            public List<Mount> open(JobSpec spec) throws IOException {
                throw new IOException("No space left on device");
            }
        });

        assertThat(awaitDown(start(ShellImage.job("true"))).error()).contains("No space left on device");
        assertThat(told).extracting(JobStatus::state).doesNotContain(JobStatus.State.RUNNING);
    }

    @Test
    void whatCannotBeLaidIntoAJobIsItsError() {
        open(new Given(new Mount("/etc", "/data", Mount.Access.READ_WRITE)));

        assertThat(awaitDown(start(ShellImage.job("true"))).error())
                .hasValueSatisfying(error -> assertThat(error).contains("/data", "mounts nothing"));
    }

    @Test
    void aJobCannotGainRightsAndIsKilledBeforeThePlatform() {
        open();

        awaitDown(start(
                ShellImage.job("grep NoNewPrivs /proc/self/status; cat /proc/self/oom_score_adj; ulimit -c; umask")));

        String[] lines = output.toString().split("\n");
        assertThat(lines[0]).isEqualTo("NoNewPrivs:\t1");
        assertThat(Integer.parseInt(lines[1])).isGreaterThanOrEqualTo(300);
        assertThat(List.of(lines).subList(2, 4)).containsExactly("0", "0022");
    }

    @Test
    void aCommandHasTheEnvironmentDirectoryAndLimitsOfItsJob() {
        open();
        String line = "env | grep -Ev '^(PWD|OLDPWD|SHLVL|_)=' | sort; pwd; ulimit -n; echo ready";
        JobSpec spec = limited(
                ShellImage.job(line + "; exec sleep 600").withEnv(Map.of("BIG", "x".repeat(90_000), "PORT", "4711")),
                ResourceLimit.of(123));
        JobId id = start(spec);
        awaitOutput("ready");
        awaitRunning(id);

        ExecResult result = exec(id, line);

        assertThat(output.toString()).contains("PORT=4711", "HOME=", "TMPDIR=", "\n123\n");
        assertThat(result.output())
                .hasSizeGreaterThan(4096)
                .isEqualTo(output.substring(output.length() - result.output().length()));
        assertThat(exec(id, "printf %s \"$BIG\" | wc -c").output().strip()).isEqualTo("90000");
    }

    @Test
    void nothingIsWrittenToDiskForACommand() {
        open();
        JobId id = start(ShellImage.job("exec sleep 600"));
        awaitRunning(id);

        String during = exec(id, "ls -A .. | sort").output();

        assertThat(during.lines()).containsExactlyInAnyOrder("app", "tmp", "command", "env", "pid", "status");
    }

    @Test
    void theEndOfALongOutputIsKept() {
        open();
        JobId id = start(ShellImage.job("exec sleep 600"));
        awaitRunning(id);

        ExecResult result =
                exec(id, "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo last >&2; exit 3");

        assertThat(result.exitStatus()).isEqualTo(OptionalInt.of(3));
        assertThat(result.output()).endsWith("line 19999\nlast\n");
        assertThat(result.output().length()).isBetween(4096, 65_536);
    }

    @Test
    void whatIsNoProgramSaysWhy() {
        open();
        JobId id = start(ShellImage.job("exec sleep 600"));
        awaitRunning(id);

        ExecResult result = backend.exec(id, List.of("bin/check", "--quick"), Duration.ofSeconds(20));

        assertThat(result).isEqualTo(ExecResult.ended(127, "cannot run bin/check: No such file or directory"));
        assertThatThrownBy(() -> backend.exec(id, List.of(), Duration.ofSeconds(20)))
                .hasMessageContaining("must name a program");
        assertThatThrownBy(() -> backend.exec(id, List.of("a\0b"), Duration.ofSeconds(20)))
                .hasMessageContaining("NUL");
    }

    @Test
    void aCommandThatIsKilledAtAnyMomentLeavesNothingBehind() {
        open();
        String mark = mark();
        JobId id = start(ShellImage.job("exec sleep 600"));
        awaitRunning(id);

        for (int millis = 0; millis < 60; millis += 2) {
            ExecResult result = backend.exec(
                    id,
                    List.of("/bin/sh", "-c", "trap '' TERM; setsid sleep " + mark + " & sleep " + mark),
                    Duration.ofMillis(millis));
            assertThat(result.exitStatus()).isEmpty();
        }

        assertThat(sleeping(mark)).isZero();
        await().atMost(Duration.ofSeconds(20)).until(() -> commandSupervisors().isEmpty());
        assertThat(backend.status(id).map(JobStatus::state)).contains(JobStatus.State.RUNNING);
    }

    @Test
    void commandsOfOneJobRunAtTheSameTimeAndLeaveNoDescriptorOpen() {
        open();
        JobId id = start(ShellImage.job("exec sleep 600"));
        awaitRunning(id);
        runCommands(id, 8);
        long before = descriptors();

        runCommands(id, 32);

        await().atMost(Duration.ofSeconds(20)).until(() -> descriptors() <= before);
        assertThat(commandSupervisors()).isEmpty();
    }

    private void runCommands(JobId id, int count) {
        assertThat(IntStream.range(0, count)
                        .mapToObj(i -> CompletableFuture.supplyAsync(() -> exec(id, "echo " + i + "; exit " + i)))
                        .toList()
                        .stream()
                        .map(CompletableFuture::join))
                .containsExactlyElementsOf(IntStream.range(0, count)
                        .mapToObj(i -> ExecResult.ended(i, i + "\n"))
                        .toList());
    }

    @Test
    void whoeverWaitsForACommandCanBeInterruptedAndTheCommandIsKilled() throws InterruptedException {
        open();
        String mark = mark();
        JobId id = start(ShellImage.job("exec sleep 600"));
        awaitRunning(id);
        var refusal = new CompletableFuture<Throwable>();
        var waiting = new Thread(() -> refusal.complete(catchThrowable(() -> exec(id, "sleep " + mark + "; true"))));
        waiting.start();
        await().atMost(Duration.ofSeconds(20)).until(() -> sleeping(mark) == 1);

        waiting.interrupt();

        assertThat(refusal).succeedsWithin(Duration.ofSeconds(20));
        assertThat(refusal.join()).hasMessageContaining("interrupted");
        assertThat(sleeping(mark)).isZero();
        waiting.join();
    }

    @Test
    void aCommandEndsWithItsBackend() {
        open();
        String mark = mark();
        JobId id = start(ShellImage.job("exec sleep 600"));
        awaitRunning(id);
        var refusal = CompletableFuture.supplyAsync(() -> catchThrowable(() -> exec(id, "sleep " + mark + "; true")));
        await().atMost(Duration.ofSeconds(20)).until(() -> sleeping(mark) == 1);

        backend.close();

        assertThat(sleeping(mark)).isZero();
        assertThat(refusal).succeedsWithin(Duration.ofSeconds(20));
        assertThat(refusal.join()).isInstanceOf(FlynnException.class);
    }

    @Test
    void anIdThatIsNoNameOfADirectoryIsRefused() {
        open();
        JobSpec spec = ShellImage.job("true").withId(new JobId("test-../../../etc"));

        assertThatThrownBy(() -> backend.start(spec)).hasMessageContaining("cannot name a directory");
    }

    @Test
    void anImageOutsideOfTheFolderIsNoImage() {
        open();
        JobSpec spec =
                JobSpec.ofCommand(JobId.random("test"), new JobSpec.Image("host", "host:../../bin"), List.of("true"));

        assertThat(awaitDown(start(spec)).error())
                .hasValueSatisfying(error -> assertThat(error).contains("there is no image host:../../bin"));
    }

    private void open() {
        open(JobFiles.NONE);
    }

    private void open(JobFiles files) {
        backend = ProcessContainerBackend.builder(directory.resolve("backend"), ShellImage.install(directory))
                .files(files)
                .build();
        listen();
    }

    private void listen() {
        var unused = backend.watch(new JobListener() {
            @Override
            public void onStatus(JobStatus status) {
                told.add(status);
            }

            @Override
            public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
                output.append(new String(bytes, StandardCharsets.UTF_8));
            }
        });
    }

    private JobId start(JobSpec spec) {
        return backend.start(spec).id();
    }

    private static JobSpec limited(JobSpec plain, ResourceLimit descriptors) {
        return plain.toBuilder()
                .resources(Map.of(ResourceLimit.MAX_FD, descriptors))
                .build();
    }

    private ExecResult exec(JobId id, String line) {
        return backend.exec(id, List.of("/bin/sh", "-c", line), Duration.ofSeconds(40));
    }

    private void awaitRunning(JobId id) {
        await().atMost(Duration.ofSeconds(20))
                .until(() -> backend.status(id).orElseThrow().state() == JobStatus.State.RUNNING);
    }

    private static List<ProcessHandle> commandSupervisors() {
        return ProcessHandle.current()
                .children()
                .filter(child -> child.info().commandLine().orElse("").endsWith(" exec"))
                .toList();
    }

    private JobStatus awaitDown(JobId id) {
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(2))
                .until(() -> backend.status(id).orElseThrow().isDown());
        return backend.status(id).orElseThrow();
    }

    private void awaitOutput(String text) {
        await(text)
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> output.indexOf(text) >= 0);
    }

    private void runShortJobs(int count) {
        for (int i = 0; i < count; i++) {
            JobId id = start(ShellImage.job("exit " + i % 256));
            assertThat(awaitDown(id).exitStatus()).isEqualTo(OptionalInt.of(i % 256));
            await().pollInterval(Duration.ofMillis(1))
                    .until(() -> !Files.exists(directory.resolve("backend/jobs/" + id.value())));
            backend.forget(id);
        }
    }

    private Process startDyingHost(String line) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        DyingHost.class.getName(),
                        directory.toString(),
                        line)
                .redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start();
    }

    private List<ProcessHandle> supervisors() {
        String mark = directory + "/backend/supervisor.pl";
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").contains(mark))
                .toList();
    }

    /** The same for every job. */
    private static class Given implements JobFiles {

        private final List<Mount> mounts;
        final List<JobId> closed = new CopyOnWriteArrayList<>();

        Given(Mount... mounts) {
            this.mounts = List.of(mounts);
        }

        @Override
        public List<Mount> open(JobSpec spec) throws IOException {
            return mounts;
        }

        @Override
        public void close(JobId job) {
            closed.add(job);
        }
    }

    private static String mark() {
        return "8" + MARKS.incrementAndGet();
    }

    private static long sleeping(String mark) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").matches("\\S*sleep " + mark))
                .count();
    }

    private static long descriptors() {
        return Path.of("/proc/self/fd").toFile().list().length;
    }

    /** Longer and longer, so that the stop meets every step of the start. */
    private static void pause(int step) {
        long until = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(300L * step);
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }
}
