package dev.flynn.containers.builtin;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.container.JobListener;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One job of a builtin program; a thread of its own starts it and ends it, so that states follow each other. */
final class RunningProgram implements BuiltinJob {

    private static final Logger log = LoggerFactory.getLogger(RunningProgram.class);

    private final JobSpec spec;
    private final String address;
    private final Clock clock;
    private final List<JobListener> listeners;
    private final PrintStream out = streamTo(OutputStreamKind.STDOUT);
    private final PrintStream err = streamTo(OutputStreamKind.STDERR);
    private final JobThreadGroup group;
    private final ExecutorService life;
    private final CountDownLatch down = new CountDownLatch(1);

    private volatile JobStatus status;
    private @Nullable AutoCloseable running;

    RunningProgram(JobSpec spec, String address, Clock clock, List<JobListener> listeners) {
        this.spec = spec;
        this.address = address;
        this.clock = clock;
        this.listeners = listeners;
        this.group = new JobThreadGroup("job-" + spec.id(), out);
        this.life = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(group, task, "job-" + spec.id());
            thread.setDaemon(true);
            return thread;
        });
        this.status = JobStatus.starting(spec.id(), clock.instant());
    }

    void start(Optional<BuiltinProgram> program, Set<String> known) {
        life.execute(() -> {
            tell(status);
            if (program.isEmpty()) {
                end(status.failed(
                        "no builtin program is named %s; there are %s"
                                .formatted(spec.image().uri(), known),
                        clock.instant()));
                return;
            }
            try {
                running = program.get().start(this);
                tell(status.running(address, clock.instant()));
            } catch (Exception e) {
                log.atWarn().setCause(e).log("builtin job did not start");
                end(status.failed(message(e), clock.instant()));
            }
        });
    }

    /** Asks the program to end; gives up on it after the grace and one second more. */
    void stop(Duration grace) {
        onLife(() -> finish(status.exited(0, clock.instant())));
        if (!status.isDown()) {
            Thread patience = new NamedThreads("stop-" + spec.id()).newThread(() -> abandonAfter(grace));
            patience.start();
        }
    }

    private void abandonAfter(Duration grace) {
        if (!awaitDown(grace)) {
            group.interrupt();
            if (!awaitDown(Duration.ofSeconds(1))) {
                log.atWarn().addKeyValue("job", spec.id()).log("builtin job did not end in time and was abandoned");
                end(status.signalled(9, clock.instant()));
            }
        }
    }

    boolean awaitDown(Duration patience) {
        try {
            return down.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return status.isDown();
        }
    }

    @Override
    public void fail(Throwable reason) {
        onLife(() -> {
            if (!status.isDown()) {
                err.println(message(reason));
                finish(status.exited(1, clock.instant()));
            }
        });
    }

    private void finish(JobStatus ended) {
        if (status.isDown()) {
            return;
        }
        AutoCloseable program = running;
        running = null;
        if (program != null) {
            try {
                program.close();
            } catch (Exception e) {
                log.atWarn().setCause(e).log("builtin job ended with an error");
            }
        }
        end(ended);
    }

    private synchronized void end(JobStatus ended) {
        if (status.isDown()) {
            return;
        }
        out.flush();
        err.flush();
        tell(ended);
        down.countDown();
        life.shutdown();
    }

    private void onLife(Runnable task) {
        try {
            life.execute(task);
        } catch (RejectedExecutionException alreadyDown) {
            // nothing is left to end
        }
    }

    private void tell(JobStatus next) {
        status = next;
        listeners.forEach(listener -> listener.onStatus(next));
    }

    JobStatus status() {
        return status;
    }

    @Override
    public JobSpec spec() {
        return spec;
    }

    @Override
    public Map<String, String> env() {
        return spec.env();
    }

    @Override
    public PrintStream out() {
        return out;
    }

    @Override
    public PrintStream err() {
        return err;
    }

    private static String message(Throwable failure) {
        String message = failure.getMessage();
        return message == null ? failure.toString() : message;
    }

    private PrintStream streamTo(OutputStreamKind kind) {
        OutputStream stream = new OutputStream() {
            @Override
            public void write(int b) {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) {
                if (length > 0 && !status.isDown()) {
                    byte[] written = Arrays.copyOfRange(bytes, offset, offset + length);
                    listeners.forEach(listener -> listener.onOutput(spec.id(), kind, written));
                }
            }
        };
        return new PrintStream(new java.io.BufferedOutputStream(stream, 8192), true, StandardCharsets.UTF_8);
    }
}
