package dev.flynn.containers.process;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.container.ExecResult;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One job and the supervisor that runs it. {@link #run} is its whole life, on one thread. */
final class RunningProcess {

    private static final Logger log = LoggerFactory.getLogger(RunningProcess.class);

    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;
    private static final int MAX_SIGNAL = 64;

    private static final Map<String, String> BASE_ENVIRONMENT = Map.of("PATH", Supervisor.PATH, "TERM", "xterm");
    private static final String APP = "/app";
    private static final Duration COMMANDS_PATIENCE = Duration.ofSeconds(5);

    private final ProcessContainerBackend backend;
    private final JobSpec spec;
    private final JobDirectory directory;
    private final JobCommands commands;
    private final CountDownLatch down = new CountDownLatch(1);
    private final Object lock = new Object();

    /** Calls for one job come one at a time, although it has two streams. */
    private final Object delivery = new Object();

    private volatile JobStatus status;
    private volatile @Nullable Process supervisor;
    private boolean stopWanted;
    private boolean killWanted;
    private @Nullable Thread preparing;

    RunningProcess(ProcessContainerBackend backend, JobSpec spec) {
        this.backend = backend;
        this.spec = spec;
        this.directory = backend.directoryOf(spec);
        this.commands = new JobCommands(spec.id());
        this.status = JobStatus.starting(spec.id(), backend.clock().instant());
    }

    JobStatus status() {
        return status;
    }

    void run() {
        tell(status);
        JobStatus ended;
        try {
            ended = execute();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            ended = status.failed("the backend was closed", backend.clock().instant());
        } catch (IOException | RuntimeException e) {
            ended = status.failed(message(e), backend.clock().instant());
        }
        tell(ended);
        try {
            directory.delete();
        } catch (IOException e) {
            log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("cannot delete the job's directory");
        }
        backend.files().close(spec.id());
        down.countDown();
    }

    private JobStatus execute() throws IOException, InterruptedException {
        if (spec.data()) {
            throw new IOException("the process backend has no volumes: a job with data cannot run on it");
        }
        List<String> command = backend.commandOf(spec);
        directory.create();
        if (!prepare()) {
            return status.signalled(
                    killWanted() ? SIGKILL : SIGTERM, backend.clock().instant());
        }
        directory.writeCommand(command);
        directory.writeEnvironment(environment());
        Process process = spawn();
        boolean followed = false;
        try {
            JobStatus ended = follow(process);
            followed = true;
            return ended;
        } finally {
            if (!followed) {
                process.destroyForcibly();
                var unused = commands.end(Duration.ZERO);
                Leftovers.end(directory.path());
            }
        }
    }

    /** False if the job was stopped before it began. */
    private boolean prepare() throws IOException {
        synchronized (lock) {
            if (stopWanted || killWanted) {
                return false;
            }
            preparing = Thread.currentThread();
        }
        try {
            for (Mount laid : backend.files().open(spec)) {
                lay(laid);
            }
        } catch (IOException | RuntimeException e) {
            synchronized (lock) {
                if (!stopWanted && !killWanted) {
                    throw e;
                }
            }
        } finally {
            synchronized (lock) {
                preparing = null;
            }
        }
        synchronized (lock) {
            boolean wanted = !stopWanted && !killWanted;
            if (!wanted) {
                var unused = Thread.interrupted(); // it was ours, from stop
            }
            return wanted;
        }
    }

    /** Without mounts there is only the job's home, under the name that it has in containers. */
    private void lay(Mount mount) throws IOException {
        if (!mount.destination().equals(APP) || mount.access() != Mount.Access.PRIVATE_COPY) {
            throw new IOException("the process backend can give no job %s: it copies into %s, and mounts nothing"
                    .formatted(mount.destination(), APP));
        }
        directory.copyToApp(Path.of(mount.source()));
    }

    private JobStatus follow(Process process) throws InterruptedException {
        awaitMainProcess(process);
        supervisor = process;
        if (directory.mainProcess().isPresent()) {
            tell(status.running(backend.address(), backend.clock().instant()));
        }
        Future<?> out = pump(process.getInputStream(), OutputStreamKind.STDOUT);
        Future<?> err = pump(process.getErrorStream(), OutputStreamKind.STDERR);
        sendWhatWasWanted();
        process.waitFor();
        endCommands();
        Optional<JobStatus> ended = directory.ended(status, backend.clock().instant());
        if (ended.isEmpty()) {
            Leftovers.end(directory.path());
        }
        finish(out);
        finish(err);
        return ended.orElseGet(
                () -> status.failed("its supervisor was killed", backend.clock().instant()));
    }

    /** Before its main process is there, a supervisor is not ready for signals. */
    private void awaitMainProcess(Process process) throws InterruptedException {
        while (process.isAlive() && directory.mainProcess().isEmpty()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private Map<String, String> environment() {
        Map<String, String> environment = new HashMap<>(BASE_ENVIRONMENT);
        environment.put("TMPDIR", directory.tmp().toString());
        environment.putAll(spec.env());
        environment.put("HOME", directory.app().toString());
        return environment;
    }

    private Process spawn() throws IOException {
        ProcessBuilder builder = backend.supervisor()
                .ofJob(
                        directory,
                        descriptors(),
                        spec.tty()
                                .map(size -> size.lines() + "x" + size.columns())
                                .orElse("-"));
        if (!spec.stdin() && spec.tty().isEmpty()) {
            builder.redirectInput(Supervisor.nothing());
        }
        return backend.supervisor().start(builder);
    }

    ExecResult exec(List<String> command, Duration timeout) {
        if (command.isEmpty()) {
            throw FlynnException.invalid("a command must name a program");
        }
        if (command.stream().anyMatch(word -> word.indexOf(0) >= 0)) {
            throw FlynnException.invalid("a command has a NUL, which no process can be given");
        }
        return commands.run(
                new CommandRun(
                        backend.supervisor(),
                        backend.supervisor().ofCommand(directory, descriptors()),
                        CommandRun.input(command, environment()),
                        backend.workers()),
                timeout);
    }

    /** No command of the job outlives it. */
    private void endCommands() throws InterruptedException {
        if (!commands.end(COMMANDS_PATIENCE)) {
            log.atWarn().addKeyValue("job", spec.id()).log("a command in the job does not end with it");
        }
    }

    /** The soft limit is what was requested, the hard one what is allowed. */
    private String descriptors() {
        ResourceLimit wanted = spec.resources().get(ResourceLimit.MAX_FD);
        if (wanted == null || wanted.limit().isEmpty()) {
            return "-";
        }
        long hard = wanted.limit().getAsLong();
        return Math.min(wanted.request().orElse(hard), hard) + ":" + hard;
    }

    private Future<?> pump(InputStream stream, OutputStreamKind kind) {
        return backend.workers().submit(() -> {
            byte[] buffer = new byte[16 * 1024];
            try (stream) {
                for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                    byte[] bytes = Arrays.copyOf(buffer, count);
                    synchronized (delivery) {
                        backend.deliver(spec.id(), kind, bytes);
                    }
                }
            } catch (IOException closed) {
                log.atDebug().addKeyValue("job", spec.id()).setCause(closed).log("output ended");
            }
        });
    }

    private void finish(Future<?> pump) throws InterruptedException {
        try {
            pump.get();
        } catch (ExecutionException e) {
            log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("a listener failed on the job's output");
        }
    }

    /** Also before the process runs: then it is ended as soon as it does. */
    void stop(Duration grace) {
        synchronized (lock) {
            if (grace.isZero()) {
                killWanted = true;
            } else {
                stopWanted = true;
            }
            if (preparing != null) {
                preparing.interrupt();
            }
        }
        sendWhatWasWanted();
        if (!grace.isZero() && !status.isDown()) {
            new NamedThreads("stop-" + spec.id())
                    .newThread(() -> {
                        if (!awaitDown(grace)) {
                            stop(Duration.ZERO);
                        }
                    })
                    .start();
        }
    }

    private boolean killWanted() {
        synchronized (lock) {
            return killWanted;
        }
    }

    private void sendWhatWasWanted() {
        Process process = supervisor;
        if (process == null || status.isDown()) {
            return;
        }
        boolean kill;
        synchronized (lock) {
            kill = killWanted;
            if (!kill && !stopWanted) {
                return;
            }
        }
        Supervisor.send(kill ? "USR2" : "TERM", process.pid());
    }

    void signal(int number) {
        if (number < 0 || number > MAX_SIGNAL) {
            throw FlynnException.invalid("there is no signal %d; signals are 1 to %d".formatted(number, MAX_SIGNAL));
        }
        long main = directory
                .mainProcess()
                .orElseThrow(
                        () -> new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " does not run yet"));
        Supervisor.send(String.valueOf(number), main);
    }

    void resize(TerminalSize size) {
        Process process = supervisor;
        if (spec.tty().isEmpty() || process == null) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no terminal");
        }
        try {
            directory.writeWindowSize(size);
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot resize the terminal of job " + spec.id(), e);
        }
        Supervisor.send("WINCH", process.pid());
    }

    OutputStream stdin() {
        Process process = supervisor;
        if (process == null || (!spec.stdin() && spec.tty().isEmpty())) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no standard input");
        }
        return new FilterOutputStream(process.getOutputStream()) {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                out.write(bytes, offset, length);
                out.flush();
            }
        };
    }

    boolean awaitDown(Duration patience) {
        try {
            return down.await(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return status.isDown();
        }
    }

    private void tell(JobStatus next) {
        status = next;
        backend.tell(next);
    }

    private static String message(@Nullable Throwable failure) {
        if (failure == null) {
            return "unknown failure";
        }
        String message = failure.getMessage();
        return message == null ? failure.toString() : message;
    }
}
