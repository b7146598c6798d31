package dev.flynn.containers.docker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An engine that lets its containers live when it stops is stopped and killed beside jobs. */
class EngineAwayTest extends EngineJobs {

    private static final String LIVE_RESTORE = "--live-restore";
    private static final String UNTIL_TERM =
            "trap 'echo bye; exit 3' TERM; echo ready; while true; do sleep 0.05; done";

    private static @Nullable TestEngine engine;

    @BeforeAll
    static void startEngine() throws IOException {
        engine = TestEngine.docker(LIVE_RESTORE);
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
    void jobsAreNotDeadWhileTheEngineIsAway() throws Exception {
        open();
        JobSpec spec =
                TestEngine.job("i=0; while [ $i -lt 400 ]; do echo line $i; i=$((i+1)); sleep 0.01; done; exit 4");
        backend.start(spec);
        await().atMost(Duration.ofSeconds(20)).until(() -> seen.text(spec.id()).contains("line 100\n"));

        engine().kill();
        assertThat(backend.status(spec.id()).map(JobStatus::state)).contains(JobStatus.State.RUNNING);
        JobSpec meanwhile = TestEngine.job("echo started late");
        backend.start(meanwhile);
        engine().start(LIVE_RESTORE);

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
    void howAJobEndedMeanwhileIsToldIfAnybodyKnows() {
        open();
        JobSpec ending = TestEngine.job("trap 'exit 5' TERM; echo ready; while true; do sleep 0.05; done");
        JobSpec lost = TestEngine.job("echo ready; exec sleep 600");
        startUntilReady(ending);
        startUntilReady(lost);
        ProcessHandle endingProcess = mainProcess(ending);
        ProcessHandle lostProcess = mainProcess(lost);
        ProcessHandle lostKeeper = lostProcess.parent().orElseThrow();

        engine().kill();
        endingProcess.destroy();
        lostKeeper.destroyForcibly();
        lostProcess.destroyForcibly();
        engine().start(LIVE_RESTORE);

        assertThat(awaitDown(ending.id()).exitStatus()).isEqualTo(OptionalInt.of(5));
        JobStatus unknown = awaitDown(lost.id());
        assertThat(unknown.exitStatus()).isEmpty();
        assertThat(unknown.error())
                .hasValueSatisfying(error -> assertThat(error).contains("does not know how"));
    }

    @Test
    void withoutLiveRestoreJobsEndWithTheEngineAndSayHow() {
        open();
        JobSpec first = TestEngine.job(UNTIL_TERM);
        JobSpec second = TestEngine.job(UNTIL_TERM);
        startUntilReady(first);
        engine().kill();
        engine().start();
        try {
            assertThat(awaitDown(first.id()).exitStatus()).isEqualTo(OptionalInt.of(3));

            startUntilReady(second);
            engine().stop();
        } finally {
            engine().start(LIVE_RESTORE);
        }

        assertThat(awaitDown(second.id()).exitStatus()).isEqualTo(OptionalInt.of(3));
        assertThat(seen.text(second.id())).isEqualTo("ready\nbye\n");
    }

    private void startUntilReady(JobSpec spec) {
        backend.start(spec);
        await().atMost(Duration.ofSeconds(30)).until(() -> seen.text(spec.id()).contains("ready"));
    }

    private ProcessHandle mainProcess(JobSpec spec) {
        long pid = ask(e -> e.ask(client -> client.inspectContainerCmd(Labels.containerName(spec.id()))
                .exec()
                .getState()
                .getPidLong()));
        return ProcessHandle.of(pid).orElseThrow();
    }
}
