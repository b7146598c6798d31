package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.Service;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

@Timeout(60)
class CommandCheckTest {

    private static final String SERVICE = "checked-web";

    @TempDir
    Path directory;

    private final Told told = new Told();
    private TestHost host;

    @BeforeEach
    void start() throws IOException {
        told.start();
        root().addAppender(told);
        host = new TestHost(directory).start();
    }

    @AfterEach
    void stop() {
        host.close();
        root().detachAppender(told);
    }

    @Test
    void aJobIsRegisteredWhileItsCommandPasses() throws IOException {
        JobId id = run("exec sleep 60", check(false, "test -n \"$PORT\" && echo the file is missing && test -e well"));
        host.awaitState(id, JobState.UP);
        awaitTold("not registered", "exit status 1: the file is missing");
        assertThat(host.discovery.instances(SERVICE)).isEmpty();

        Path well = directory.resolve("data/jobs").resolve(id.value()).resolve("app/well");
        Files.createFile(well);
        host.awaitInstances(SERVICE, 1);

        Files.delete(well);
        host.awaitInstances(SERVICE, 0);
        awaitTold("does not pass its check any more", "exit status 1: the file is missing");

        Files.createFile(well);
        host.awaitInstances(SERVICE, 1);
        assertThat(host.job(id).state()).isEqualTo(JobState.UP);
    }

    @Test
    void aJobWhoseCommandNeverPassesIsKilledIfItIsToBe() {
        JobId id = run("exec sleep 60", check(true, "echo no database; exit 7"));

        assertThat(host.awaitState(id, JobState.DOWN).signal()).isEqualTo(OptionalInt.of(9));
        awaitTold("is killed", "exit status 7: no database");
    }

    @Test
    void aJobWhoseCommandFailsLaterIsKilledIfItIsToBe() throws IOException {
        Path trace = directory.resolve("sick");
        JobId id = run("exec sleep 60", check(true, "! cat " + trace));
        host.awaitInstances(SERVICE, 1);

        Files.writeString(trace, "out of memory");

        assertThat(host.awaitState(id, JobState.DOWN).signal()).isEqualTo(OptionalInt.of(9));
        awaitTold("is killed", "exit status 1: out of memory");
        host.awaitInstances(SERVICE, 0);
    }

    @Test
    void aCommandThatTakesLongerThanTwoSecondsFailsAndItsRunsNeverOverlap() throws IOException {
        Path trace = directory.resolve("trace");
        run("exec sleep 60", check(false, "echo begin >> " + trace + "; sleep 0.3; echo end >> " + trace));
        run("exec sleep 60", check(false, "echo waiting; sleep 60"), "slow-web");

        await().atMost(Duration.ofSeconds(20))
                .until(() -> Files.exists(trace) && Files.readAllLines(trace).size() >= 8);

        List<String> lines = Files.readAllLines(trace);
        for (int i = 0; i < lines.size(); i++) {
            assertThat(lines.get(i)).isEqualTo(i % 2 == 0 ? "begin" : "end");
        }
        awaitTold("not registered", "killed after 2 s: waiting");
        assertThat(host.discovery.instances("slow-web")).isEmpty();
    }

    @Test
    void aJobOfABackendWithoutCommandsIsNotRegisteredAndThatIsTold() {
        JobSpec spec = host.builtin("router").withPorts(List.of(port(SERVICE, check(true, "true"))));
        JobId id = host.run(spec);
        host.awaitState(id, JobState.UP);

        awaitTold("cannot run commands", id.value());

        assertThat(host.discovery.instances(SERVICE)).isEmpty();
        assertThat(host.job(id).state()).isEqualTo(JobState.UP);
    }

    private JobId run(String line, HealthCheck check) {
        return run(line, check, SERVICE);
    }

    private JobId run(String line, HealthCheck check, String service) {
        return host.run(host.shell(line).withPorts(List.of(port(service, check))));
    }

    private static Port port(String service, HealthCheck check) {
        return new Port(0, "tcp", Optional.of(new Service(service, true, Optional.of(check))));
    }

    private static HealthCheck check(boolean killDown, String line) {
        return new HealthCheck(
                HealthCheck.COMMAND,
                Duration.ofMillis(100),
                2,
                killDown,
                Duration.ofMillis(800),
                "/",
                Optional.empty(),
                Optional.empty(),
                200,
                List.of("/bin/sh", "-c", line));
    }

    private void awaitTold(String message, String detail) {
        await(message + ": " + detail)
                .atMost(Duration.ofSeconds(20))
                .until(() -> told.lines.stream().anyMatch(line -> line.contains(message) && line.contains(detail)));
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    /** What was logged, with its keys. */
    private static final class Told extends AppenderBase<ILoggingEvent> {

        private final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getFormattedMessage() + " " + event.getKeyValuePairs());
        }
    }
}
