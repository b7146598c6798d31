package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.app.App;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.Service;
import dev.flynn.host.TestHost.Seen;
import dev.flynn.spi.host.Attachment;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.JobRecord;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HostAgentTest {

    private static final String FOREVER = "while true; do sleep 0.05; done";

    @TempDir
    Path directory;

    private TestHost host;

    @BeforeEach
    void start() throws IOException {
        host = new TestHost(directory).start();
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void aJobGoesThroughItsStatesAndEachIsAnEvent() {
        JobId id = host.run(host.shell("exit 3"));

        JobRecord down = host.awaitState(id, JobState.DOWN);

        assertThat(down.exitStatus()).isEqualTo(OptionalInt.of(3));
        assertThat(down.startedAt()).isPresent();
        assertThat(down.address()).isEmpty();
        assertThat(host.state.events().history().events())
                .extracting(Event::objectId)
                .containsExactly(id.value(), id.value(), id.value());
        assertThat(host.state.events().history().events())
                .extracting(event -> stateIn(event))
                .containsExactly("starting", "up", "down");
    }

    @Test
    void jobsThatBeginTogetherAreWrittenDownTogetherAndOnesTroubleIsNotThatOfTheOthers() {
        List<JobSpec> specs = IntStream.range(0, 8)
                .mapToObj(i -> host.shell(i == 3 ? "exit 3" : "sleep 600"))
                .toList();
        JobSpec impossible = host.shell("true").withEnv(Map.of("A=B", "is no name"));
        Transaction.Builder wanted = Transaction.builder();
        Stream.concat(specs.stream(), Stream.of(impossible))
                .forEach(spec -> host.state
                        .jobs()
                        .create(
                                wanted,
                                JobRecord.pending(spec, 0, host.state.clock().instant())));
        assertThat(host.state.commit(wanted).committed()).isTrue();

        specs.forEach(spec -> host.awaitState(spec.id(), spec.equals(specs.get(3)) ? JobState.DOWN : JobState.UP));
        host.awaitState(impossible.id(), JobState.DOWN);

        Set<Long> revisions = host.store.list("jobs/").entries().stream()
                .map(StoreEntry::createRevision)
                .collect(Collectors.toSet());
        assertThat(revisions).as("made wanted in one transaction").hasSize(1);
        assertThat(startingEvents(specs)).as("begun in one transaction").hasSize(1);
    }

    /** The revisions in which these jobs were told to be starting. */
    private Set<Long> startingEvents(List<JobSpec> specs) {
        Set<String> ids = specs.stream().map(spec -> spec.id().value()).collect(Collectors.toSet());
        return host.store.list("events/").entries().stream()
                .filter(entry -> entry.value().contains("starting"))
                .filter(entry -> ids.stream().anyMatch(entry.value()::contains))
                .map(StoreEntry::createRevision)
                .collect(Collectors.toSet());
    }

    @Test
    void aJobOfAnotherHostIsLeftAlone() {
        JobSpec spec = host.shell(FOREVER).withId(JobId.random("host2"));
        host.run(spec);

        host.awaitState(host.run(host.shell("true")), JobState.DOWN);

        assertThat(host.job(spec.id()).state()).isEqualTo(JobState.PENDING);
    }

    @Test
    void aSignalThatEndsAJobIsRecorded() {
        JobId id = host.run(host.shell("kill -9 $$"));

        assertThat(host.awaitState(id, JobState.DOWN).signal()).isEqualTo(OptionalInt.of(9));
    }

    @Test
    void aJobThatCannotBeStartedSaysWhy() {
        JobSpec spec = host.shell("true");
        JobId id = host.run(spec.toBuilder()
                .image(new JobSpec.Image("host", "host:nothing"))
                .cmd(List.of("start", "web"))
                .build());

        assertThat(host.awaitState(id, JobState.DOWN).hostError())
                .hasValueSatisfying(error -> assertThat(error).contains("host:nothing"));
    }

    @Test
    void whileTheHostTakesNoNewJobsThoseOfThePlatformStillBegin() {
        JobId before = host.run(host.shell(FOREVER));
        host.awaitState(before, JobState.UP);
        host.refusal = Optional.of("the disk is full");

        JobId refused = host.run(host.shell("true"));
        JobId platforms = host.run(host.shell("true").toBuilder()
                .metadata(Map.of(App.SYSTEM_APP, "true"))
                .build());

        assertThat(host.awaitState(refused, JobState.DOWN).hostError()).contains("the disk is full");
        assertThat(host.awaitState(platforms, JobState.DOWN).exitStatus()).isEqualTo(OptionalInt.of(0));
        assertThat(host.job(before).state()).isEqualTo(JobState.UP);
    }

    @Test
    void aDiskThatIsFullFailsTheJobAndNothingElse() {
        var full = new AtomicBoolean(true);
        host.prepareWith(() -> {
            if (full.get()) {
                throw new IOException("No space left on device");
            }
        });

        JobId failed = host.run(host.shell("true"));
        assertThat(host.awaitState(failed, JobState.DOWN).hostError()).contains("No space left on device");
        full.set(false);

        assertThat(host.awaitState(host.run(host.shell("true")), JobState.DOWN).exitStatus())
                .isEqualTo(OptionalInt.of(0));
    }

    @Test
    void nothingStaysOnDiskOfJobsThatEnded() {
        host.awaitState(host.run(host.shell("echo x > file; mkdir d; chmod 000 d")), JobState.DOWN);

        await().untilAsserted(() -> assertThat(directory.resolve("data/jobs")).isEmptyDirectory());
    }

    @Test
    void stopIsTermThenTheRecordSaysHowItEnded() {
        JobId id = host.run(host.shell("trap 'exit 7' TERM; echo ready; " + FOREVER));
        host.awaitState(id, JobState.UP);
        await().until(() -> host.lines.contains("ready"));

        host.requestStop(id);

        assertThat(host.awaitState(id, JobState.DOWN).exitStatus()).isEqualTo(OptionalInt.of(7));
    }

    @Test
    void aJobThatIsStoppedBeforeItsHostSawItNeverRuns() {
        host.kill();
        JobId id = host.run(host.shell("echo it ran"));
        host.requestStop(id);

        host.start();

        JobRecord down = host.awaitState(id, JobState.DOWN);
        assertThat(down.startedAt()).isEmpty();
        assertThat(host.lines).isEmpty();
    }

    @Test
    void aJobThatIsStoppedWhileItsFilesAreFetchedEndsAtOnce() {
        var fetching = new CountDownLatch(1);
        host.prepareWith(() -> {
            fetching.countDown();
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                throw new IOException("interrupted", e);
            }
        });
        JobId id = host.run(host.shell("true"));
        await().until(() -> fetching.getCount() == 0);

        host.requestStop(id);

        assertThat(host.awaitState(id, JobState.DOWN).signal()).isEqualTo(OptionalInt.of(15));
    }

    @Test
    void environmentAndPortsAreThoseOfTheContract() {
        JobSpec spec = host.shell("env; exec sleep 60").withPorts(List.of(port("a-web"), port("b-web")));
        JobId id = host.run(spec);

        List<Port> ports = host.awaitState(id, JobState.UP).spec().ports();
        await().until(() -> host.lines.stream().anyMatch(line -> line.startsWith("PORT_1=")));

        assertThat(ports).allSatisfy(port -> assertThat(port.port()).isBetween(10_000, 29_999));
        assertThat(ports.get(0).port()).isNotEqualTo(ports.get(1).port());
        await().untilAsserted(() -> assertThat(host.lines)
                .contains(
                        "PORT=" + ports.get(0).port(),
                        "PORT_0=" + ports.get(0).port(),
                        "PORT_1=" + ports.get(1).port(),
                        "EXTERNAL_IP=127.0.0.1",
                        "LISTEN_IP=127.0.0.1",
                        "HOSTNAME=" + id.uuid(),
                        "FLYNN_JOB_ID=" + id.value())
                .noneMatch(line -> line.startsWith("HTTP_PORT=")));
    }

    @Test
    void noTwoJobsGetOnePort() {
        List<JobId> ids = IntStream.range(0, 20)
                .mapToObj(i -> host.run(host.shell("exec sleep 60").withPorts(List.of(port("many-web")))))
                .toList();

        var ports = new HashSet<Integer>();
        ids.forEach(id ->
                ports.add(host.awaitState(id, JobState.UP).spec().ports().get(0).port()));

        assertThat(ports).hasSize(20);
        host.awaitInstances("many-web", 20);
    }

    @Test
    void aServiceIsRegisteredWithItsMetadataAndLeavesBeforeTheJobIsAskedToEnd() {
        JobId id = host.run(
                host.shell("trap 'exit 0' TERM; echo ready; " + FOREVER).withPorts(List.of(port("leaving-web"))));
        host.awaitInstances("leaving-web", 1);
        await().until(() -> host.lines.contains("ready"));
        assertThat(host.discovery.instances("leaving-web").get(0).meta())
                .containsEntry("FLYNN_JOB_ID", id.value())
                .containsEntry("FLYNN_APP_ID", host.app.toString())
                .doesNotContainKey("PATH");

        host.requestStop(id);

        host.awaitState(id, JobState.STOPPING);
        host.awaitInstances("leaving-web", 0);
        host.awaitState(id, JobState.DOWN);
    }

    @Test
    void aServiceThatNobodyAnswersForIsNotRegistered() {
        JobId id = host.run(host.shell("exec sleep 60").withPorts(List.of(checked("silent-web", false))));
        host.awaitState(id, JobState.UP);

        assertThat(host.discovery.instances("silent-web")).isEmpty();
    }

    @Test
    void aJobThatMustAnswerAndDoesNotIsKilled() {
        JobId id = host.run(host.shell("exec sleep 60").withPorts(List.of(checked("silent-web", true))));

        assertThat(host.awaitState(id, JobState.DOWN).signal()).isEqualTo(OptionalInt.of(9));
    }

    @Test
    void whatEndsByItselfLeavesDiscovery() {
        JobId id = host.run(host.shell("sleep 0.3").withPorts(List.of(port("short-web"))));

        host.awaitState(id, JobState.DOWN);

        host.awaitInstances("short-web", 0);
    }

    @Test
    void linesReachTheLogWholeBeforeTheJobIsDown() {
        JobId id = host.run(host.shell("echo one; echo two >&2; printf '\\303\\251'; printf last"));

        host.awaitState(id, JobState.DOWN);

        assertThat(host.lines).containsExactlyInAnyOrder("one", "two", "élast");
    }

    @Test
    void whoAttachesBeforeTheJobExistsMissesNothing() {
        JobSpec spec = TestHost.withoutLog(host.shell("echo first; exit 4"), false, Optional.empty());
        var seen = new Seen();

        attach(spec.id(), false, seen);
        host.run(spec);
        seen.await("exit 4");

        assertThat(seen.events).containsExactly("attached", "output", "exit 4");
        assertThat(seen.text()).isEqualTo("first\n");
        assertThat(host.lines).isEmpty();
    }

    @Test
    void whatIsTypedBeforeTheJobRunsReachesIt() {
        JobSpec spec = TestHost.withoutLog(host.shell("cat; exit 5"), true, Optional.empty());
        var seen = new Seen();
        Attachment attachment = attach(spec.id(), true, seen);
        var typing = new Thread(() -> {
            attachment.stdin("typed early\n".getBytes(StandardCharsets.UTF_8));
            attachment.closeStdin();
        });
        typing.start();

        host.run(spec);
        seen.await("exit 5");

        assertThat(seen.text()).isEqualTo("typed early\n");
    }

    @Test
    void onlyOneAttachmentMayType() {
        JobSpec spec = TestHost.withoutLog(host.shell("cat"), true, Optional.empty());
        var first = new Seen();
        var second = new Seen();
        Attachment owner = attach(spec.id(), true, first);
        Attachment other = attach(spec.id(), true, second);
        host.run(spec);
        second.await("attached");
        owner.stdin("mine\n".getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> other.stdin("no\n".getBytes(StandardCharsets.UTF_8)))
                .hasMessage("stdin is closed");

        owner.closeStdin();
        first.await("exit 0");
        second.await("exit 0");
        assertThat(second.text()).isEqualTo("mine\n");
    }

    @Test
    void aTerminalIsCarriedBothWays() {
        JobSpec spec = TestHost.withoutLog(
                host.shell("stty size; read line; stty size; exit 6"), true, Optional.of(TerminalSize.DEFAULT));
        var seen = new Seen();
        Attachment attachment = connection().attach(spec.id(), true, Optional.of(new TerminalSize(100, 30)), seen);
        host.run(spec);
        seen.await("attached");
        seen.awaitText("30 100");

        attachment.resize(new TerminalSize(132, 43));
        attachment.stdin("\n".getBytes(StandardCharsets.UTF_8));

        seen.await("exit 6");
        assertThat(seen.text()).contains("43 132");
    }

    @Test
    void aJobThatASignalEndedExitsWithZeroForThoseAttached() {
        JobSpec spec = TestHost.withoutLog(host.shell(FOREVER), false, Optional.empty());
        var seen = new Seen();
        Attachment attachment = attach(spec.id(), false, seen);
        host.run(spec);
        seen.await("attached");

        attachment.signal(15);

        seen.await("exit 0");
    }

    @Test
    void closingAnAttachmentIsEndOfFileForTheJobAndNoEnd() {
        JobSpec spec = TestHost.withoutLog(host.shell("cat; sleep 0.2; exit 8"), true, Optional.empty());
        Attachment attachment = attach(spec.id(), true, new Seen());
        host.run(spec);
        host.awaitState(spec.id(), JobState.UP);

        attachment.close();

        assertThat(host.awaitState(spec.id(), JobState.DOWN).exitStatus()).isEqualTo(OptionalInt.of(8));
    }

    @Test
    void attachingTooLateSaysSoInTheWordsThatClientsKnow() {
        JobId id = host.run(host.shell("true"));
        host.awaitState(id, JobState.DOWN);
        var seen = new Seen();

        attach(id, false, seen);

        seen.await("error host: job not running");
    }

    @Test
    void whoWaitsForAJobThatIsNeverStartedIsTold() {
        host.kill();
        JobSpec spec = host.shell("true");
        host.run(spec);
        host.requestStop(spec.id());
        host.start();
        var seen = new Seen();

        attach(spec.id(), false, seen);

        await().until(() -> seen.events.size() == 1);
        assertThat(seen.events.get(0)).isIn("exit 0", "error host: job not running");
    }

    @Test
    void anotherHostCannotBeReached() {
        assertThatThrownBy(() -> host.agent.connect("host2"))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("host2");
    }

    @Test
    void afterASuddenEndJobsAreLostAndNoProcessIsLeft() {
        JobId id =
                host.run(host.shell("exec sleep 4711" + ProcessHandle.current().pid()));
        host.awaitState(id, JobState.UP);
        host.kill();
        assertThat(host.job(id).state()).isEqualTo(JobState.UP);

        host.start();

        JobRecord lost = host.awaitState(id, JobState.DOWN);
        assertThat(lost.hostError()).contains("its host was restarted");
        assertThat(ProcessHandle.allProcesses()
                        .filter(process -> process.info()
                                .commandLine()
                                .orElse("")
                                .contains("sleep 4711" + ProcessHandle.current().pid())))
                .isEmpty();
    }

    @Test
    void jobsOfThePlatformComeBackUnderNewIdsWithoutWhatTheHostAddedBefore() {
        JobId id = host.run(host.builtin("router"));
        int port = host.awaitState(id, JobState.UP).spec().ports().get(0).port();
        assertThat(host.builtinJobs.get(0).env())
                .containsEntry("HTTP_PORT", "8080")
                .containsEntry("PORT", String.valueOf(port));
        host.kill();

        host.start();

        host.awaitState(id, JobState.DOWN);
        JobRecord successor = host.jobs().stream()
                .filter(job -> !job.id().equals(id))
                .findFirst()
                .orElseThrow();
        host.awaitState(successor.id(), JobState.UP);
        assertThat(host.builtinJobs.get(1).env())
                .containsEntry("FLYNN_JOB_ID", successor.id().value());
        assertThat(successor.spec().env()).doesNotContainKeys("HTTP_PORT", "PORT", "LISTEN_IP");
    }

    @Test
    void aJobOfThePlatformThatWasStoppedStaysDown() {
        JobId id = host.run(host.builtin("router"));
        host.awaitState(id, JobState.UP);
        host.requestStop(id);
        host.awaitState(id, JobState.DOWN);
        host.kill();

        host.start();

        host.awaitState(host.run(host.shell("true")), JobState.DOWN);
        assertThat(host.jobs()).hasSize(2);
    }

    @Test
    void whatAnEarlierRunRegisteredIsForgotten() {
        JobId id = host.run(host.shell("exec sleep 60").withPorts(List.of(port("old-web"))));
        String old = host.awaitInstances("old-web", 1).get(0);
        assertThat(old).startsWith("127.0.0.1:");

        host.kill();
        host.start();

        host.awaitState(id, JobState.DOWN);
        host.awaitInstances("old-web", 0);
    }

    @Test
    void ofTheJobsThatAreDownTheNewestHundredAreKept() {
        newestHundredAreKept(() -> host.shell("true"));
    }

    @Test
    void ofTheJobsOfNoAppThatAreDownTheNewestHundredAreKeptToo() {
        newestHundredAreKept(
                () -> host.shell("true").toBuilder().metadata(Map.of()).build());
    }

    private void newestHundredAreKept(Supplier<JobSpec> specs) {
        for (int i = 0; i < 105; i++) {
            JobSpec spec = specs.get();
            var old = JobRecord.pending(spec, 0, host.state.clock().instant());
            host.state.jobs().create(old);
            host.requestStop(spec.id());
        }

        JobId last = host.run(specs.get());
        host.awaitState(last, JobState.DOWN);

        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(host.jobs()).hasSize(100);
            assertThat(host.jobs()).allSatisfy(job -> assertThat(job.state()).isEqualTo(JobState.DOWN));
        });
        assertThat(host.jobs()).extracting(JobRecord::id).contains(last);
    }

    @Test
    void aJobWhoseRecordIsDeletedIsStopped() throws IOException {
        Path trace = directory.resolve("stopped");
        JobId id = host.run(host.shell("trap 'touch " + trace + "; exit 0' TERM; echo ready; " + FOREVER));
        await().until(() -> host.lines.contains("ready"));
        host.awaitState(id, JobState.UP);

        var transaction = dev.flynn.spi.store.Transaction.builder();
        host.state.jobs().table().remove(transaction, host.state.jobs().table().get(id.value()));
        host.state.commit(transaction);

        await().atMost(Duration.ofSeconds(20)).until(() -> Files.exists(trace));
    }

    @Test
    void aSignalForAJobThatDoesNotRunIsRefused() {
        assertThatThrownBy(() -> connection().signal(JobId.random(TestHost.ID), 15))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OBJECT_NOT_FOUND));
    }

    private dev.flynn.spi.host.HostConnection connection() {
        return host.agent.connect(TestHost.ID);
    }

    private Attachment attach(JobId job, boolean stdin, Seen seen) {
        return connection().attach(job, stdin, Optional.empty(), seen);
    }

    /** Of jobs that listen nowhere: nobody can check by connecting whether they are there. */
    private static Port port(String service) {
        return new Port(0, "udp", Optional.of(new Service(service, true, Optional.empty())));
    }

    private static Port checked(String service, boolean killDown) {
        var check = new HealthCheck(
                "tcp",
                Duration.ofMillis(100),
                2,
                killDown,
                Duration.ofMillis(300),
                "/",
                Optional.empty(),
                Optional.empty(),
                200);
        return new Port(0, "tcp", Optional.of(new Service(service, true, Optional.of(check))));
    }

    private static String stateIn(Event event) {
        String data = event.data();
        int start = data.indexOf("\"state\":\"") + 9;
        return data.substring(start, data.indexOf('"', start));
    }
}
