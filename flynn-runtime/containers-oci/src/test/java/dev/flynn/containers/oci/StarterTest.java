package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** With programs of Perl that behave like conmon. */
@Timeout(60)
class StarterTest {

    private static final String SAY = "open(my $to, '>&=', $ENV{_OCI_SYNCPIPE}); syswrite($to, \"$_[0]\\n\")";

    @TempDir
    Path directory;

    private Layout layout;
    private JobDirectory job;
    private Path runtime;
    private Starter starter;

    @BeforeAll
    static void requirePerl() {
        assumeTrue(OciTools.program("perl").isPresent(), "there is no perl");
    }

    @BeforeEach
    void open() throws IOException {
        layout = new Layout(directory.toRealPath().resolve("data"));
        layout.create();
        job = JobDirectory.of(layout, new JobId("host-job"));
        Files.createDirectory(job.path());
        runtime = Files.copy(Path.of("/bin/true"), directory.resolve("runtime"), StandardCopyOption.COPY_ATTRIBUTES);
        starter = new Starter(layout, runtime, Path.of("/dev/null"));
    }

    @AfterEach
    void close() {
        starter.close();
        monitor().ifPresent(ProcessHandle::destroyForcibly);
    }

    @Test
    void whatAMonitorSaysAndThatItEndedIsTold() throws Exception {
        Starter.Monitor monitor = start("say('{\"data\": 7}'); sleep 600");

        assertThat(monitor.answer()).isEqualTo("{\"data\": 7}");
        assertThat(monitor.ended()).isNotDone();

        monitor().orElseThrow().destroyForcibly();

        assertThat(monitor.ended()).succeedsWithin(Duration.ofSeconds(10));
    }

    @Test
    void aMonitorThatSaysNothingIsToldToHaveEnded() throws Exception {
        Starter.Monitor monitor = start("print STDERR 'no luck'; exit 3");

        assertThat(monitor.answer()).isEmpty();
        assertThat(monitor.ended()).succeedsWithin(Duration.ofSeconds(10));
        assertThat(job.conmonMessages()).hasContent("no luck");
    }

    @Test
    void aProgramThatIsNotThereIsNamed() throws Exception {
        Starter.Monitor monitor = starter.start(job, List.of("/no/such/conmon"));

        assertThat(monitor.answer()).isEmpty();
        assertThat(job.conmonMessages()).hasContent("cannot run /no/such/conmon: No such file or directory");
    }

    @Test
    void manyMonitorsAreStartedAtTheSameTime() throws Exception {
        List<CompletableFuture<String>> answers = java.util.stream.IntStream.range(0, 40)
                .mapToObj(i -> CompletableFuture.supplyAsync(() -> answerOf("say('number " + i + "')")))
                .toList();

        for (int i = 0; i < answers.size(); i++) {
            assertThat(answers.get(i).get(30, TimeUnit.SECONDS)).isEqualTo("number " + i);
        }
    }

    @Test
    void theRuntimeIsACopyThatNobodyCanChangeAndThatIsMadeAnewWhenItIsReplaced() throws Exception {
        Path copy = Path.of(answerOf("say($ARGV[0] =~ s/--runtime=//r)"));

        assertThat(copy).hasSameBinaryContentAs(runtime).isExecutable();
        assertThat(copy.toString()).startsWith("/proc/");
        assertThatThrownBy(() -> Files.write(copy, new byte[] {1}, StandardOpenOption.WRITE))
                .isInstanceOf(IOException.class);

        Files.copy(Path.of("/bin/sh"), runtime, StandardCopyOption.REPLACE_EXISTING);
        Path next = Path.of(answerOf("say($ARGV[0] =~ s/--runtime=//r)"));

        assertThat(next).hasSameBinaryContentAs(Path.of("/bin/sh"));
    }

    @Test
    void aRuntimeThatIsAScriptIsRunItself() throws Exception {
        Files.writeString(runtime, "#!/bin/sh\n");

        assertThat(answerOf("say($ARGV[0])")).isEqualTo("--runtime=" + runtime);
    }

    @Test
    void whoWaitsAtAPipeIsReleased() throws Exception {
        Path pipe = pipe();
        Starter.Monitor monitor = start("say('x'); open(my $to, '>', '" + pipe + "'); syswrite($to, '0'); sleep 600");

        monitor.release(pipe);

        assertThat(monitor.ended()).isNotDone();
    }

    @Test
    void whoNeverComesToThePipeIsNotWaitedForOnceItsMonitorEnded() throws Exception {
        Path pipe = pipe();
        Starter.Monitor monitor = start("say('x'); sleep 600");
        var release = CompletableFuture.runAsync(() -> releaseQuietly(monitor, pipe));
        monitor.answer();

        monitor().orElseThrow().destroyForcibly();

        assertThat(release).succeedsWithin(Duration.ofSeconds(10));
    }

    @Test
    void whenItIsKilledThoseWhoWaitAreToldMonitorsGoOnAndTheNextIsThere() throws Exception {
        Starter.Monitor silent = start("sleep 600");
        await("it runs").until(() -> monitor().isPresent());
        kill();

        assertThatThrownBy(silent::answer).isInstanceOf(Starter.GoneException.class);
        assertThatThrownBy(() -> silent.release(pipe())).isInstanceOf(Starter.GoneException.class);
        assertThat(silent.ended()).failsWithin(Duration.ofSeconds(10));
        assertThat(monitor()).isPresent();
        monitor().orElseThrow().destroyForcibly(); // the next has its number written down instead

        assertThat(answerOf("say('again')")).isEqualTo("again");
    }

    @Test
    void nothingOfItIsLeftWhenItIsClosedAndMonitorsGoOn() throws Exception {
        start("say('x'); sleep 600").answer();

        starter.close();

        assertThat(own()).isEmpty();
        assertThat(monitor()).isPresent();
        assertThatThrownBy(() -> start("say('x')")).isInstanceOf(IOException.class);
    }

    private Starter.Monitor start(String program) throws IOException {
        return starter.start(job, List.of("perl", "-e", "sub say { " + SAY + " } " + program, "--"));
    }

    private String answerOf(String program) {
        try {
            return start(program).answer();
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void releaseQuietly(Starter.Monitor monitor, Path pipe) {
        try {
            monitor.release(pipe);
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private Path pipe() throws Exception {
        Path pipe = directory.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return pipe;
    }

    private java.util.Optional<ProcessHandle> monitor() {
        return JobDirectory.number(job.conmonPid()).stream()
                .mapToObj(ProcessHandle::of)
                .flatMap(java.util.Optional::stream)
                .filter(ProcessHandle::isAlive)
                .findFirst();
    }

    private void kill() {
        own().forEach(ProcessHandle::destroyForcibly);
        await("it is gone").until(() -> own().isEmpty());
    }

    /** The starter itself. */
    private List<ProcessHandle> own() {
        String script = layout.starterScript().toString();
        return ProcessHandle.allProcesses()
                .filter(process ->
                        Arrays.asList(Proc.commandLine(process.pid())).contains(script))
                .toList();
    }
}
