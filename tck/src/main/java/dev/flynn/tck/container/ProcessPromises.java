package dev.flynn.tck.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.tck.Rule;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** CB-1 to CB-14: what happens to the process of a job. */
abstract class ProcessPromises extends ContainerKit {

    @Rule("CB-1")
    void startingAJobTwiceStartsItOnce() {
        JobSpec spec = longRunningJob();
        IntStream.range(0, 8)
                .mapToObj(i -> CompletableFuture.runAsync(() -> backend.start(spec)))
                .toList()
                .forEach(CompletableFuture::join);
        awaitState(spec.id(), JobStatus.State.RUNNING);

        JobStatus again = backend.start(spec);

        assertThat(again.state()).isEqualTo(JobStatus.State.RUNNING);
        assertThat(backend.jobs()).hasSize(1);
    }

    @Rule("CB-1")
    void startingAJobThatIsDownLeavesItDown() {
        JobSpec spec = longRunningJob();
        running(spec);
        backend.stop(spec.id(), Duration.ZERO);
        awaitDown(spec.id());

        assertThat(backend.start(spec).state()).isEqualTo(JobStatus.State.DOWN);
    }

    @Rule("CB-1")
    void aStartWhoseReplyIsLostMayBeRepeated() throws InterruptedException {
        for (int i = 0; i < 10; i++) {
            JobSpec spec = shell("echo begun; while true; do sleep 0.05; done");
            var caller = new Thread(() -> startInVain(spec));
            caller.start();
            TimeUnit.MICROSECONDS.sleep(100L * i * i);
            caller.interrupt();
            caller.join();

            running(spec);
            awaitOutput(spec.id(), "begun");
            backend.stop(spec.id(), Duration.ZERO);
            awaitDown(spec.id());

            assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEqualTo("begun\n");
        }
    }

    /** Whoever calls is not there any more when the answer comes. */
    private void startInVain(JobSpec spec) {
        try {
            backend.start(spec);
        } catch (RuntimeException interrupted) {
            // it is repeated
        }
    }

    @Rule("CB-2")
    void theExitStatusIsExact() {
        for (int status : List.of(0, 1, 7, 127, 255)) {
            assertThat(ended(shell("exit " + status)).exitStatus()).isEqualTo(OptionalInt.of(status));
        }
    }

    @Rule("CB-2")
    void anExitStatusThatLooksLikeASignalIsNone() {
        assumeTrue(backend.capabilities().contains(Capability.EXACT_SIGNAL), "not declared");

        JobStatus ended = ended(shell("exit 143"));

        assertThat(ended.exitStatus()).isEqualTo(OptionalInt.of(143));
        assertThat(ended.signal()).isEmpty();
    }

    @Rule("CB-2")
    void theSignalThatEndedAProcessIsExact() {
        for (int signal : List.of(9, 15, 6)) {
            JobStatus down = ended(shell("kill -" + signal + " $$; sleep 60"));
            assertThat(down.signal()).isEqualTo(OptionalInt.of(signal));
            assertThat(down.exitStatus()).isEmpty();
        }
    }

    @Rule("CB-3")
    void allOutputComesBeforeTheEnd() {
        JobSpec spec = shell("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; printf last");

        ended(spec);

        String text = seen.text(spec.id(), OutputStreamKind.STDOUT);
        assertThat(text).endsWith("line 19999\nlast");
        assertThat(text.lines()).hasSize(20_001);
        assertThat(seen.wroteAfterDown()).isEmpty();
    }

    @Rule("CB-3")
    void standardErrorIsAStreamOfItsOwn() {
        JobSpec spec = shell("echo out; echo err >&2");

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEqualTo("out\n");
        assertThat(seen.text(spec.id(), OutputStreamKind.STDERR)).isEqualTo("err\n");
    }

    @Rule("CB-4")
    void stoppingSendsTermFirst() {
        JobSpec spec = shell("trap 'echo bye; exit 3' TERM; echo ready; while true; do sleep 0.05; done");
        running(spec);
        awaitOutput(spec.id(), "ready");

        backend.stop(spec.id(), GRACE);

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(3));
        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).contains("bye");
    }

    @Rule("CB-4")
    void whatIgnoresTermIsKilledAfterTheGrace() {
        JobSpec spec = shell("trap '' TERM; echo ready; while true; do sleep 0.05; done");
        running(spec);
        awaitOutput(spec.id(), "ready");

        backend.stop(spec.id(), Duration.ofMillis(300));

        assertThat(awaitDown(spec.id()).signal()).isEqualTo(OptionalInt.of(9));
    }

    @Rule("CB-4")
    void stoppingAnUnknownJobIsFine() {
        backend.stop(JobId.random(HOST), GRACE);
    }

    @Rule("CB-4")
    void whatIsStoppedWhileItStartsIsKilledAtAnyMoment() throws InterruptedException {
        for (int i = 0; i < 10; i++) {
            String mark = mark();
            JobSpec spec = shell("exec sleep " + mark);

            backend.start(spec);
            TimeUnit.MICROSECONDS.sleep(1000L * i * i);
            backend.stop(spec.id(), Duration.ZERO);

            assertThat(awaitDown(spec.id()).signal()).isEqualTo(OptionalInt.of(9));
            assertThat(seen.states(spec.id()).stream().map(JobStatus::state))
                    .doesNotHaveDuplicates()
                    .isSorted()
                    .endsWith(JobStatus.State.DOWN);
            await("no process is left")
                    .atMost(patience())
                    .untilAsserted(() -> assertThat(processesWith(mark)).isZero());
        }
    }

    @Rule("CB-5")
    void statesComeOnceAndInOrder() {
        JobSpec spec = longRunningJob();
        running(spec);
        backend.stop(spec.id(), GRACE);
        awaitDown(spec.id());

        assertThat(seen.states(spec.id()).stream().map(JobStatus::state))
                .containsExactly(JobStatus.State.STARTING, JobStatus.State.RUNNING, JobStatus.State.DOWN);
    }

    @Rule("CB-5")
    void callsForOneJobComeOneAtATime() {
        seen.dwell(Duration.ofMillis(250));
        JobSpec spec = shell("echo to the one; echo to the other >&2");

        ended(spec);

        assertThat(seen.overlapped()).isEmpty();
    }

    @Rule("CB-6")
    void withoutSurvivalNoProcessIsLeftWhenTheBackendIsClosed() {
        assumeFalse(has(Capability.SURVIVES_RESTART));
        String mark = mark();
        JobSpec spec = shell("(setsid sleep " + mark + " >/dev/null 2>&1 &); echo ready; exec sleep " + mark);
        running(spec);
        awaitOutput(spec.id(), "ready");

        backend.close();
        backend = openBackend(dataDirectory);

        await("no process is left")
                .atMost(patience())
                .untilAsserted(() -> assertThat(processesWith(mark)).isZero());
    }

    @Rule("CB-6")
    void jobsSurviveARestartIfTheBackendSaysSo() {
        JobSpec spec = longRunningJob();
        running(spec);

        backend.close();
        backend = openBackend(dataDirectory);

        boolean survived = backend.status(spec.id())
                .map(status -> status.state() == JobStatus.State.RUNNING)
                .orElse(false);
        assertThat(survived).isEqualTo(has(Capability.SURVIVES_RESTART));
    }

    @Rule("CB-7")
    void whatIsNotDeclaredIsRefused() {
        JobSpec running = longRunningJob();
        running(running);

        for (Capability capability : Capability.values()) {
            if (!has(capability)) {
                attempt(capability, running)
                        .ifPresent(attempt -> assertThat(refusalOf(attempt))
                                .as("what needs %s", capability)
                                .isEqualTo(
                                        capability.name().startsWith("IMAGE_")
                                                ? ErrorCode.VALIDATION
                                                : ErrorCode.UNSUPPORTED));
            }
        }

        assertThat(backend.jobs()).hasSize(1);
    }

    /** Empty for what nobody asks for: promises about what happens anyway, and limits, which every job has. */
    private Optional<Runnable> attempt(Capability capability, JobSpec running) {
        JobSpec.Builder another = longRunningJob().toBuilder();
        return switch (capability) {
            case SIGNAL -> Optional.of(() -> backend.signal(running.id(), 0));
            case STDIN ->
                Optional.of(() -> {
                    assertThat(refusalOf(() -> backend.stdin(running.id()))).isEqualTo(ErrorCode.UNSUPPORTED);
                    backend.start(another.stdin(true).build());
                });
            case TTY ->
                Optional.of(() -> {
                    assertThat(refusalOf(() -> backend.resize(running.id(), TerminalSize.DEFAULT)))
                            .isEqualTo(ErrorCode.UNSUPPORTED);
                    backend.start(another.tty(Optional.of(TerminalSize.DEFAULT)).build());
                });
            case EXEC -> Optional.of(() -> backend.exec(running.id(), List.of("true"), patience()));
            case MOUNTS ->
                Optional.of(() ->
                        backend.start(another.mounts(List.of(new Mount("/etc", "/mnt", Mount.Access.READ_ONLY)))
                                .build()));
            case HOST_NETWORK ->
                Optional.of(() -> backend.start(another.hostNetwork(true).build()));
            case ISOLATION ->
                Optional.of(() ->
                        backend.start(another.workingDirectory(Optional.of("/")).build()));
            case IMAGE_HOST -> Optional.of(() -> startImage("host", "host:slugrunner"));
            case IMAGE_BUILTIN -> Optional.of(() -> startImage("builtin", "builtin:router"));
            case IMAGE_DOCKER -> Optional.of(() -> startImage("docker", "https://registry.example?name=debian"));
            case EXACT_SIGNAL,
                    SURVIVES_RESTART,
                    OWN_ADDRESS,
                    LIMIT_MEMORY,
                    LIMIT_MAX_FD,
                    LIMIT_MAX_PROCS,
                    LIMIT_CPU,
                    LIMIT_TEMP_DISK -> Optional.empty();
        };
    }

    private void startImage(String type, String uri) {
        backend.start(JobSpec.ofCommand(JobId.random(HOST), new JobSpec.Image(type, uri), List.of("true")));
    }

    private static @Nullable ErrorCode refusalOf(Runnable attempt) {
        var refusal = catchThrowableOfType(FlynnException.class, attempt::run);
        return refusal == null ? null : refusal.code();
    }

    @Rule("CB-7")
    void aSignalReachesTheMainProcess() {
        assumeTrue(has(Capability.SIGNAL));
        JobSpec spec = shell("trap 'echo got it; exit 0' USR1; echo ready; while true; do sleep 0.05; done");
        running(spec);
        awaitOutput(spec.id(), "ready");

        backend.signal(spec.id(), 10);

        awaitDown(spec.id());
        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).contains("got it");
    }

    @Rule("CB-7")
    void anImageOfAnotherTypeIsRefused() {
        var spec = JobSpec.ofCommand(
                JobId.random(HOST), new JobSpec.Image("unheard-of", "unheard-of:image"), List.of("true"));

        var refusal = catchThrowableOfType(FlynnException.class, () -> backend.start(spec));

        assertThat(refusal).isNotNull();
        assertThat(refusal.code()).isEqualTo(ErrorCode.VALIDATION);
        assertThat(backend.jobs()).isEmpty();
    }

    @Rule("CB-8")
    void childrenAndDaemonsEndWithTheJob() {
        String mark = mark();
        JobSpec spec = shell("sleep " + mark + " & (setsid sh -c 'sleep " + mark + " & sleep " + mark
                + "' >/dev/null 2>&1 &) ; sleep 0.2; echo ready; exec sleep " + mark);
        running(spec);
        awaitOutput(spec.id(), "ready");

        backend.stop(spec.id(), Duration.ZERO);
        awaitDown(spec.id());

        await("no process is left")
                .atMost(patience())
                .untilAsserted(() -> assertThat(processesWith(mark)).isZero());
    }

    @Rule("CB-8")
    void daemonsThatAreBeingMadeWhenTheJobIsKilledAreEnded() {
        for (int i = 0; i < 5; i++) {
            String mark = mark();
            JobSpec spec = shell("echo ready; i=0; while [ $i -lt 400 ]; do (setsid sh -c 'sleep " + mark
                    + " & exit 0' >/dev/null 2>&1 &); i=$((i+1)); done; exec sleep " + mark);
            running(spec);
            awaitOutput(spec.id(), "ready");

            backend.stop(spec.id(), Duration.ZERO);
            awaitDown(spec.id());

            assertThat(processesWith(mark)).isZero();
        }
    }

    @Rule("CB-8")
    void childrenThatNobodyWaitedForAreGoneWithTheJob() {
        String mark = mark();
        JobSpec spec = shell("for i in 1 2 3 4 5; do sleep 0.2 & done; exec sleep " + mark);
        running(spec);
        await("there are zombies")
                .atMost(patience())
                .until(() -> childrenOf(mark).stream()
                        .anyMatch(child -> child.info().commandLine().isEmpty()));
        List<ProcessHandle> zombies = childrenOf(mark);

        backend.stop(spec.id(), Duration.ZERO);
        awaitDown(spec.id());

        await("no zombie is left")
                .atMost(patience())
                .untilAsserted(() -> assertThat(zombies).noneMatch(ProcessHandle::isAlive));
    }

    private static List<ProcessHandle> childrenOf(String mark) {
        return ProcessHandle.allProcesses()
                .filter(process -> process.info().commandLine().orElse("").endsWith(" " + mark))
                .flatMap(ProcessHandle::children)
                .toList();
    }

    @Rule("CB-8")
    void orphansOfAJobAreReapedWhileItRuns() {
        JobSpec spec = shell("for i in 1 2 3 4 5; do p=\"$p $(sh -c 'sleep 0.05 >/dev/null & echo $!')\"; done;"
                + " for q in $p; do while kill -0 $q 2>/dev/null; do sleep 0.02; done; done; echo reaped");

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEqualTo("reaped\n");
    }

    @Rule("CB-8")
    void whatAJobLeavesBehindWhenItEndsByItselfIsEnded() {
        String mark = mark();
        JobSpec spec = shell("(setsid sleep " + mark + " >/dev/null 2>&1 &); sleep 0.1; exit 0");

        ended(spec);

        assertThat(processesWith(mark)).isZero();
    }

    @Rule("CB-9")
    void aJobThatCannotBeStartedSaysWhy() {
        JobSpec spec = impossibleJob();

        backend.start(spec);

        JobStatus down = awaitDown(spec.id());
        assertThat(down.error()).hasValueSatisfying(reason -> assertThat(reason).isNotBlank());
        assertThat(down.exitStatus()).isEmpty();
    }

    @Rule("CB-10")
    void environmentAndArgumentsArriveUnchanged() {
        String odd = "a b\t\"c\" 'd' $e \\ é 日本\nnext";
        JobSpec spec = shell("printf '%s|%s' \"$ODD\" \"$1\"", odd).withEnv(Map.of("ODD", odd));

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEqualTo(odd + "|" + odd);
    }

    @Rule("CB-10")
    void nothingOfThePlatformsOwnEnvironmentLeaks() {
        JobSpec spec = shell("env")
                .withEnv(Map.of("ONLY", "this"))
                .withPorts(List.of(new Port(4711, "tcp", Optional.empty())));

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT))
                .contains("ONLY=this")
                .doesNotContain("JAVA_HOME")
                .doesNotContain("MAVEN");
    }

    @Rule("CB-11")
    void standardInputArrivesAndEnds() throws Exception {
        assumeTrue(has(Capability.STDIN));
        JobSpec spec = shell("cat; echo end; sleep 0.2; echo after").withStdin(true);
        running(spec);

        try (OutputStream stdin = backend.stdin(spec.id())) {
            stdin.write("first\nsecond".getBytes(StandardCharsets.UTF_8));
        }

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(0));
        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEqualTo("first\nsecondend\nafter\n");
    }

    @Rule("CB-11")
    void withoutStandardInputThereIsEndOfFile() {
        JobSpec spec = shell("cat; echo end");

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEqualTo("end\n");
    }

    @Rule("CB-11")
    void theInputOfAJobThatWantedNoneIsRefused() {
        assumeTrue(has(Capability.STDIN));
        JobSpec spec = longRunningJob();
        running(spec);

        assertThat(refusalOf(() -> backend.stdin(spec.id()))).isEqualTo(ErrorCode.OBJECT_NOT_FOUND);
    }

    @Rule("CB-12")
    void aJobWithoutATerminalIsNotResized() {
        assumeTrue(has(Capability.TTY));
        JobSpec spec = longRunningJob();
        running(spec);

        assertThat(refusalOf(() -> backend.resize(spec.id(), TerminalSize.DEFAULT)))
                .isEqualTo(ErrorCode.OBJECT_NOT_FOUND);
    }

    @Rule("CB-12")
    void aTerminalHasTheWantedSizeAndCanBeResized() throws Exception {
        assumeTrue(has(Capability.TTY));
        JobSpec spec = shell("tty; stty size; echo ready; read line; echo \"<$line>\"; stty size; cat")
                .withTty(new TerminalSize(101, 33));
        running(spec);
        awaitOutput(spec.id(), "ready");
        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).contains("/dev/", "33 101");

        backend.resize(spec.id(), new TerminalSize(120, 40));
        OutputStream stdin = backend.stdin(spec.id());
        stdin.write("typed\n".getBytes(StandardCharsets.UTF_8));
        awaitOutput(spec.id(), "<typed>");
        stdin.write(4);

        awaitDown(spec.id());
        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).contains("40 120");
    }

    @Rule("CB-12")
    void controlCInterruptsWhatRunsInTheTerminal() throws Exception {
        assumeTrue(has(Capability.TTY));
        JobSpec spec = shell("trap 'echo interrupted; exit 5' INT; echo ready; while true; do sleep 0.05; done")
                .withTty(TerminalSize.DEFAULT);
        running(spec);
        awaitOutput(spec.id(), "ready");

        backend.stdin(spec.id()).write(3);

        assertThat(awaitDown(spec.id()).exitStatus()).isEqualTo(OptionalInt.of(5));
    }

    @Rule("CB-13")
    void aDeclaredLimitOnDescriptorsHolds() {
        assumeTrue(has(Capability.LIMIT_MAX_FD));
        JobSpec spec = limited(shell("ulimit -n"), ResourceLimit.MAX_FD, 123);

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEqualTo("123\n");
    }

    @Rule("CB-13")
    void aDeclaredLimitOnProcessesHolds() {
        assumeTrue(has(Capability.LIMIT_MAX_PROCS));
        JobSpec spec = limited(
                shell("i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i+1)); done; echo all of them"),
                ResourceLimit.MAX_PROCS,
                20);

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).doesNotContain("all of them");
        assertThat(ended(shell("exit 0")).exitStatus()).isEqualTo(OptionalInt.of(0));
    }

    @Rule("CB-13")
    void aForkBombStaysWithinItsLimitAndCanBeEnded() {
        assumeTrue(has(Capability.LIMIT_MAX_PROCS));
        String mark = mark();
        JobSpec bomb = limited(
                shell("bomb() { [ $1 -gt 0 ] && { bomb $(($1-1)) & bomb $(($1-1)) & }; sleep " + mark
                        + "; }; bomb 7 & exec sleep " + mark),
                ResourceLimit.MAX_PROCS,
                40);
        running(bomb);
        await("it goes off").atMost(patience()).until(() -> processesWith(mark) > 5);

        assertThat(ended(shell("exit 0")).exitStatus()).isEqualTo(OptionalInt.of(0));
        assertThat(processesWith(mark)).isLessThanOrEqualTo(40);

        backend.stop(bomb.id(), Duration.ZERO);
        awaitDown(bomb.id());
        assertThat(processesWith(mark)).isZero();
    }

    @Rule("CB-13")
    void aDeclaredLimitOnWhatAJobWritesHolds() {
        assumeTrue(has(Capability.LIMIT_TEMP_DISK));
        JobSpec spec = limited(
                shell(
                        "head -c 15000000 /dev/zero > here; head -c 15000000 /dev/zero > /tmp/there; ls -l here /tmp/there"
                                + " | awk '{ all += $5 } END { print all }'"),
                "temp_disk",
                20L << 20);

        ended(spec);

        assertThat(Long.parseLong(seen.text(spec.id(), OutputStreamKind.STDOUT).strip()))
                .isBetween(10L << 20, 20L << 20);
        assertThat(ended(shell("head -c 30000000 /dev/zero > here")).exitStatus())
                .isEqualTo(OptionalInt.of(0));
    }

    @Rule("CB-13")
    void aDeclaredLimitOnMemoryHolds() {
        assumeTrue(has(Capability.LIMIT_MEMORY));
        JobSpec spec = limited(
                shell("x=$(head -c 200000000 /dev/zero | tr '\\0' x); echo all of it"),
                ResourceLimit.MEMORY,
                64L << 20);

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).doesNotContain("all of it");
        assertThat(ended(shell("exit 0")).exitStatus()).isEqualTo(OptionalInt.of(0));
    }

    @Rule("CB-14")
    void aCommandInAJobSeesWhatTheJobSees() {
        assumeTrue(has(Capability.EXEC));
        String odd = "a b\t'c' \"d\" $e é 日本";
        JobSpec spec = shell(
                        "echo of the job > file-of-the-job; pwd; id -u; echo ready; while true; do sleep 0.05; done")
                .withEnv(Map.of("ODD", odd));
        running(spec);
        awaitOutput(spec.id(), "ready");

        ExecResult result = exec(
                spec.id(), "pwd; id -u; echo ready; cat file-of-the-job; printf '%s|%s' \"$ODD\" \"$1\"; cat", odd);

        assertThat(result.output())
                .isEqualTo(seen.text(spec.id(), OutputStreamKind.STDOUT) + "of the job\n" + odd + "|" + odd);
        assertThat(result.succeeded()).isTrue();
    }

    @Rule("CB-14")
    void theExitStatusOfACommandIsExact() {
        assumeTrue(has(Capability.EXEC));
        JobSpec spec = longRunningJob();
        running(spec);

        for (int status : List.of(0, 1, 7, 126, 143, 255)) {
            assertThat(exec(spec.id(), "exit " + status).exitStatus()).isEqualTo(OptionalInt.of(status));
        }
        assertThat(exec(spec.id(), "kill -9 $$; sleep 60").exitStatus()).isEqualTo(OptionalInt.of(128 + 9));
        assertThat(backend.exec(spec.id(), List.of("/no/such/program"), patience())
                        .exitStatus())
                .isEqualTo(OptionalInt.of(ExecResult.NO_PROGRAM));
    }

    @Rule("CB-14")
    void aCommandChangesNothingOfItsJob() {
        assumeTrue(has(Capability.EXEC));
        JobSpec spec = longRunningJob();
        running(spec);

        ExecResult result = exec(spec.id(), "echo out; echo err >&2; exit 5");

        assertThat(result).isEqualTo(ExecResult.ended(5, "out\nerr\n"));
        assertThat(backend.status(spec.id()).map(JobStatus::state)).contains(JobStatus.State.RUNNING);
        assertThat(backend.jobs()).hasSize(1);
        backend.stop(spec.id(), Duration.ZERO);
        awaitDown(spec.id());
        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEmpty();
        assertThat(seen.text(spec.id(), OutputStreamKind.STDERR)).isEmpty();
    }

    @Rule("CB-14")
    void aCommandThatTakesTooLongIsKilledWithAllItsProcesses() {
        assumeTrue(has(Capability.EXEC));
        String mark = mark();
        JobSpec spec = longRunningJob();
        running(spec);

        ExecResult result = backend.exec(
                spec.id(),
                List.of(
                        "/bin/sh",
                        "-c",
                        "trap '' TERM HUP; echo begun; sleep " + mark + " & setsid sleep " + mark + " & sleep " + mark),
                Duration.ofSeconds(1));

        assertThat(result.exitStatus()).isEmpty();
        assertThat(processesWith(mark)).isZero();
        assertThat(backend.status(spec.id()).map(JobStatus::state)).contains(JobStatus.State.RUNNING);
    }

    @Rule("CB-14")
    void whatACommandLeavesBehindIsEnded() {
        assumeTrue(has(Capability.EXEC));
        String mark = mark();
        JobSpec spec = longRunningJob();
        running(spec);

        ExecResult result = exec(spec.id(), "(setsid sleep " + mark + " >/dev/null 2>&1 &); sleep 0.1; exit 0");

        assertThat(result.succeeded()).isTrue();
        assertThat(processesWith(mark)).isZero();
    }

    @Rule("CB-14")
    void aCommandEndsWithItsJob() {
        assumeTrue(has(Capability.EXEC));
        String mark = mark();
        JobSpec spec = longRunningJob();
        running(spec);
        var refusal = CompletableFuture.supplyAsync(
                () -> catchThrowableOfType(FlynnException.class, () -> exec(spec.id(), "sleep " + mark + "; true")));
        await("the command runs").atMost(patience()).until(() -> processesWith(mark) > 0);

        backend.stop(spec.id(), Duration.ZERO);
        awaitDown(spec.id());

        assertThat(processesWith(mark)).isZero();
        assertThat(refusal).succeedsWithin(patience());
        assertThat(refusal.join()).isNotNull();
        assertThat(refusal.join().code()).isEqualTo(ErrorCode.OBJECT_NOT_FOUND);
    }

    @Rule("CB-14")
    void aCommandInAJobThatDoesNotRunIsRefused() {
        assumeTrue(has(Capability.EXEC));
        JobSpec spec = shell("true");
        ended(spec);

        for (JobId id : List.of(spec.id(), JobId.random(HOST))) {
            var refusal = catchThrowableOfType(FlynnException.class, () -> exec(id, "true"));
            assertThat(refusal).isNotNull();
            assertThat(refusal.code()).isEqualTo(ErrorCode.OBJECT_NOT_FOUND);
        }
    }
}
