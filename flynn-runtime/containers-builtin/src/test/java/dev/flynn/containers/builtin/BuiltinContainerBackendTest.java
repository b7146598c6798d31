package dev.flynn.containers.builtin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.container.JobListener;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BuiltinContainerBackendTest {

    private final List<String> told = new CopyOnWriteArrayList<>();
    private BuiltinContainerBackend backend = new BuiltinContainerBackend(List.of(), "127.0.0.1", Clock.systemUTC());

    @AfterEach
    void close() {
        backend.close();
    }

    @Test
    void aProgramSeesItsEnvironmentAndItsOutputIsTheJobs() {
        open(job -> {
            job.out().println("hello " + job.env().get("NAME"));
            job.err().print("no newline");
            return () -> job.out().println("bye");
        });

        JobId id = start(Map.of("NAME", "world"));
        awaitState(id, JobStatus.State.RUNNING);
        backend.stop(id, Duration.ofSeconds(5));
        awaitState(id, JobStatus.State.DOWN);

        assertThat(told)
                .containsExactly(
                        "STARTING", "STDOUT hello world\n", "STDERR no newline", "RUNNING", "STDOUT bye\n", "DOWN");
        assertThat(status(id).exitStatus()).isEqualTo(OptionalInt.of(0));
    }

    @Test
    void aProgramThatDoesNotStartIsDownWithItsReason() {
        open(job -> {
            throw new IllegalStateException("port 80 is taken by nginx");
        });

        JobId id = start(Map.of());
        awaitState(id, JobStatus.State.DOWN);

        assertThat(status(id).error()).contains("port 80 is taken by nginx");
        assertThat(told).containsExactly("STARTING", "DOWN");
    }

    @Test
    void aProgramWhoseClassesAreMissingIsDownToo() {
        open(job -> {
            throw new NoClassDefFoundError("dev/flynn/Missing");
        });

        JobId id = start(Map.of());
        awaitState(id, JobStatus.State.DOWN);

        assertThat(status(id).error()).contains("dev/flynn/Missing");
    }

    @Test
    void aProgramThatFailsEndsWithStatusOneAndIsClosed() {
        var closed = new AtomicBoolean();
        open(job -> {
            new Thread(() -> job.fail(new IllegalStateException("lost the disk"))).start();
            return () -> closed.set(true);
        });

        JobId id = start(Map.of());
        awaitState(id, JobStatus.State.DOWN);

        assertThat(status(id).exitStatus()).isEqualTo(OptionalInt.of(1));
        assertThat(told).contains("STDERR lost the disk\n");
        assertThat(closed).isTrue();
    }

    @Test
    void aProgramThatDoesNotEndIsAbandonedAfterTheGrace() {
        var never = new CountDownLatch(1);
        open(job -> () -> {
            boolean interrupted = false;
            while (!interrupted || never.getCount() > 0) {
                try {
                    never.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        });
        JobId id = start(Map.of());
        awaitState(id, JobStatus.State.RUNNING);

        backend.stop(id, Duration.ofMillis(50));
        awaitState(id, JobStatus.State.DOWN);

        assertThat(status(id).signal()).isEqualTo(OptionalInt.of(9));
        never.countDown();
    }

    @Test
    void aProgramThatComesUpAfterItWasAbandonedIsClosedAndNeverRuns() {
        var go = new CountDownLatch(1);
        var closed = new CountDownLatch(1);
        open(job -> {
            boolean interrupted = false;
            while (!interrupted || go.getCount() > 0) {
                try {
                    go.await();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            return closed::countDown;
        });
        JobId id = start(Map.of());

        backend.stop(id, Duration.ZERO);
        awaitState(id, JobStatus.State.DOWN);
        go.countDown();

        await().until(() -> closed.getCount() == 0);
        assertThat(told).containsExactly("STARTING", "DOWN");
    }

    @Test
    void threadsOfAProgramKnowTheirJob() {
        open(job -> {
            var thread = new Thread(() -> {
                var group = (JobThreadGroup) Thread.currentThread().getThreadGroup();
                group.out().println("a line of the log");
                throw new IllegalStateException("nobody catches this");
            });
            thread.start();
            thread.join();
            return () -> {};
        });

        JobId id = start(Map.of());
        awaitState(id, JobStatus.State.RUNNING);

        assertThat(told).contains("STDOUT a line of the log\n");
        assertThat(String.join("", told)).contains("nobody catches this");
    }

    @Test
    void whatManyThreadsWriteArrivesWholeAndBeforeTheEnd() {
        open(job -> {
            List<Thread> writers = IntStream.range(0, 4)
                    .mapToObj(writer -> new Thread(() ->
                            IntStream.range(0, 1_000).forEach(line -> job.out().println(writer + ":" + line))))
                    .toList();
            writers.forEach(Thread::start);
            for (Thread writer : writers) {
                writer.join();
            }
            return () -> {};
        });

        JobId id = start(Map.of());
        awaitState(id, JobStatus.State.RUNNING);
        backend.stop(id, Duration.ofSeconds(5));
        awaitState(id, JobStatus.State.DOWN);

        String text = told.stream()
                .filter(entry -> entry.startsWith("STDOUT "))
                .map(entry -> entry.substring("STDOUT ".length()))
                .collect(Collectors.joining());
        assertThat(text.lines()).hasSize(4_000).allMatch(line -> line.matches("[0-3]:\\d+"));
        assertThat(told.get(told.size() - 1)).isEqualTo("DOWN");
    }

    @Test
    void aListenerThatFailsDoesNotHarmTheJobOrTheOthers() {
        open(job -> () -> {});
        var unused = backend.watch(status -> {
            throw new IllegalStateException("a listener's own problem");
        });

        JobId id = start(Map.of());
        awaitState(id, JobStatus.State.RUNNING);
        backend.stop(id, Duration.ofSeconds(5));
        awaitState(id, JobStatus.State.DOWN);

        assertThat(told).containsExactly("STARTING", "RUNNING", "DOWN");
    }

    @Test
    void aTerminalIsRefused() {
        open(job -> () -> {});
        JobSpec spec = spec(Map.of()).withTty(TerminalSize.DEFAULT);

        var refusal = catchThrowableOfType(FlynnException.class, () -> backend.start(spec));

        assertThat(refusal.code()).isEqualTo(ErrorCode.UNSUPPORTED);
        assertThat(backend.jobs()).isEmpty();
    }

    @Test
    void endedJobsLeaveNoThreads() {
        open(job -> () -> {});

        for (int i = 0; i < 200; i++) {
            JobId id = start(Map.of());
            backend.stop(id, Duration.ofSeconds(5));
            awaitState(id, JobStatus.State.DOWN);
            told.clear();
            backend.forget(id);
        }

        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.contains("tck-")));
        assertThat(backend.jobs()).isEmpty();
    }

    private void open(Starter starter) {
        backend = new BuiltinContainerBackend(List.of(new Program(starter)), "127.0.0.1", Clock.systemUTC());
        var unused = backend.watch(new JobListener() {
            @Override
            public void onStatus(JobStatus status) {
                told.add(status.state().name());
            }

            @Override
            public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
                told.add(stream.name() + " " + new String(bytes, StandardCharsets.UTF_8));
            }
        });
    }

    private JobId start(Map<String, String> env) {
        return backend.start(spec(env)).id();
    }

    private static JobSpec spec(Map<String, String> env) {
        return JobSpec.ofCommand(JobId.random("tck"), new JobSpec.Image("builtin", "builtin:program"), List.of())
                .withEnv(env);
    }

    private JobStatus status(JobId id) {
        return backend.status(id).orElseThrow();
    }

    private void awaitState(JobId id, JobStatus.State state) {
        await().pollInterval(Duration.ofMillis(2))
                .until(() -> status(id).state() == state && told.contains(state.name()));
    }

    private interface Starter {
        AutoCloseable start(BuiltinJob job) throws Exception;
    }

    private record Program(Starter starter) implements BuiltinProgram {
        @Override
        public String name() {
            return "program";
        }

        @Override
        public AutoCloseable start(BuiltinJob job) throws Exception {
            return starter.start(job);
        }
    }
}
