package dev.flynn.containers.builtin;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import java.io.BufferedOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One job of a builtin program; a thread of its own starts it and ends it, so that states follow each other. */
final class RunningProgram implements BuiltinJob {

    private static final Logger log = LoggerFactory.getLogger(RunningProgram.class);

    private final JobSpec spec;
    private final String address;
    private final Clock clock;
    private final JobDelivery delivery;
    private final PrintStream out = streamTo(OutputStreamKind.STDOUT);
    private final PrintStream err = streamTo(OutputStreamKind.STDERR);
    private final JobThreadGroup group;
    private final ExecutorService life;

    private volatile JobStatus status;
    private @Nullable AutoCloseable running;

    RunningProgram(JobSpec spec, String address, Clock clock, JobDelivery delivery) {
        this.spec = spec;
        this.address = address;
        this.clock = clock;
        this.delivery = delivery;
        this.group = new JobThreadGroup("job-" + spec.id(), out, err);
        this.life = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(group, task, "job-" + spec.id());
            thread.setDaemon(true);
            return thread;
        });
        this.status = JobStatus.starting(spec.id(), clock.instant());
    }

    void start(Optional<BuiltinProgram> program, Set<String> known) {
        delivery.status(status);
        life.execute(() -> {
            if (program.isEmpty()) {
                end(status.failed(
                        "no builtin program is named %s; there are %s"
                                .formatted(spec.image().uri(), new TreeSet<>(known)),
                        clock.instant()));
                return;
            }
            try {
                begin(program.get());
            } catch (Exception | LinkageError | StackOverflowError e) {
                log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("builtin job did not start");
                end(status.failed(message(e), clock.instant()));
            }
        });
    }

    private void begin(BuiltinProgram program) throws Exception {
        AutoCloseable started = program.start(this);
        boolean abandoned;
        synchronized (this) {
            abandoned = status.isDown();
            if (!abandoned) {
                running = started;
                become(status.running(address, clock.instant()));
            }
        }
        if (abandoned) {
            started.close();
        }
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
        if (!awaitDown(grace) && !status.isDown()) {
            group.interrupt();
            if (!awaitDown(Duration.ofSeconds(1)) && !status.isDown()) {
                log.atWarn().addKeyValue("job", spec.id()).log("builtin job did not end in time and was abandoned");
                end(status.signalled(9, clock.instant()));
            }
        }
    }

    /** Whether by then the job is down and everybody was told. */
    boolean awaitDown(Duration patience) {
        return delivery.awaitOver(patience);
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
        AutoCloseable program;
        synchronized (this) {
            if (status.isDown()) {
                return;
            }
            program = running;
            running = null;
        }
        if (program != null) {
            try {
                program.close();
            } catch (Exception | LinkageError e) {
                log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("builtin job ended with an error");
            }
        }
        end(ended);
    }

    private void end(JobStatus ended) {
        out.flush();
        err.flush();
        synchronized (this) {
            if (status.isDown()) {
                return;
            }
            become(ended);
        }
        life.shutdown();
    }

    private void onLife(Runnable task) {
        try {
            life.execute(task);
        } catch (RejectedExecutionException alreadyDown) {
            // nothing is left to end
        }
    }

    private synchronized void become(JobStatus next) {
        status = next;
        delivery.status(next);
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
                if (length > 0) {
                    delivery.output(kind, Arrays.copyOfRange(bytes, offset, offset + length));
                }
            }
        };
        return new PrintStream(new BufferedOutputStream(stream, 8192), true, StandardCharsets.UTF_8);
    }
}
