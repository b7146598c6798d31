package com.example.flynn.bubblewrap;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import java.io.File;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * One job, from its files to its end. It runs on a thread of its own, which stays until bwrap has ended: the kernel counts the
 * thread that starts a process, not the JVM, as the parent that bwrap dies with.
 */
final class BubblewrapJob implements Runnable {

    private static final int SIGTERM = 15;
    private static final int SIGKILL = 9;

    /** An exit status above this stands for a signal. */
    private static final int SIGNALS = 128;

    private static final int LAST_SIGNAL = 64;
    private static final int KEPT_COMPLAINTS = 1000;

    private final JobSpec spec;
    private final BubblewrapBackend backend;
    private final JobDirectory directory;
    private final CountDownLatch down = new CountDownLatch(1);

    /** Calls about one job come one at a time. */
    private final Object delivery = new Object();

    /** Guards what follows. */
    private final Object control = new Object();

    private Optional<Process> bwrap = Optional.empty();
    private Optional<ProcessHandle> main = Optional.empty();

    private boolean termWanted;
    private boolean killWanted;

    private volatile JobStatus status;

    /** The end of what was written to standard error: before the job's program runs, that is bwrap. */
    private volatile String complaints = "";

    BubblewrapJob(JobSpec spec, BubblewrapBackend backend) {
        this.spec = spec;
        this.backend = backend;
        this.directory = backend.directories().of(spec.id());
        this.status = JobStatus.starting(spec.id(), backend.clock().instant());
    }

    JobStatus status() {
        return status;
    }

    @Override
    public void run() {
        tell(status);
        JobStatus end;
        try {
            end = runToTheEnd();
        } catch (IOException | UncheckedIOException e) {
            end = failed(e.getMessage());
        } catch (InterruptedException e) {
            end = failed("interrupted");
        } catch (RuntimeException | Error e) {
            end = failed(e.toString());
        }
        cleanUp();
        tell(end);
        down.countDown();
    }

    private JobStatus runToTheEnd() throws IOException, InterruptedException {
        List<Mount> mounts = new ArrayList<>(backend.files().open(spec));
        mounts.addAll(spec.mounts());
        backend.sandbox().prepare(spec, mounts, directory);
        Process process;
        synchronized (control) {
            if (termWanted || killWanted) {
                return ended(SIGNALS + (killWanted ? SIGKILL : SIGTERM));
            }
            process = startBwrap();
            bwrap = Optional.of(process);
        }
        List<Thread> pumps = List.of(
                pump(process.getInputStream(), OutputStreamKind.STDOUT),
                pump(process.getErrorStream(), OutputStreamKind.STDERR));
        awaitLaunch(process);
        process.waitFor();
        awaitEmptySandbox();
        for (Thread pump : pumps) {
            pump.join();
        }
        return outcome();
    }

    private Process startBwrap() throws IOException {
        var builder = new ProcessBuilder(backend.sandbox().commandLine(spec))
                .directory(directory.path().toFile());
        builder.environment().clear();
        builder.environment().putAll(backend.sandbox().environment(directory));
        if (!spec.stdin()) {
            builder.redirectInput(new File("/dev/null"));
        }
        return builder.start();
    }

    private void awaitLaunch(Process process) throws IOException, InterruptedException {
        while (process.isAlive() && !directory.launched()) {
            TimeUnit.MILLISECONDS.sleep(2);
        }
        if (directory.launched() && directory.launchFailure().isEmpty()) {
            synchronized (control) {
                main = mainProcess();
                if (termWanted) {
                    main.ifPresent(ProcessHandle::destroy);
                }
            }
            tell(status.running(backend.address(), backend.clock().instant()));
        }
    }

    /** The first child of the sandbox's first process; later ones are orphans that it inherited. */
    private Optional<ProcessHandle> mainProcess() throws IOException {
        OptionalLong init = directory.init();
        if (init.isEmpty()) {
            return Optional.empty();
        }
        Path children = Path.of("/proc/%1$d/task/%1$d/children".formatted(init.getAsLong()));
        try {
            String[] ids = Files.readString(children).strip().split(" ");
            return ids[0].isEmpty() ? Optional.empty() : ProcessHandle.of(Long.parseLong(ids[0]));
        } catch (IOException ended) {
            return Optional.empty();
        }
    }

    /**
     * bwrap ends with the main process; the kernel ends what is left of the sandbox with its first process, which bwrap has not
     * named yet if it was killed early.
     */
    private void awaitEmptySandbox() throws IOException, InterruptedException {
        OptionalLong init = directory.init();
        if (init.isEmpty()) {
            backend.directories().endProcessesOf(directory);
        }
        while (init.isPresent() && lives(init.getAsLong())) {
            ProcessHandle.of(init.getAsLong()).ifPresent(ProcessHandle::destroyForcibly);
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    /** A process that is dead and that nobody has asked for is a zombie, in state Z. */
    private static boolean lives(long process) {
        try {
            String stat = Files.readString(Path.of("/proc/" + process + "/stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException gone) {
            return false;
        }
    }

    private JobStatus outcome() throws IOException {
        Optional<String> failure = directory.launchFailure();
        if (failure.isPresent()) {
            return failed(failure.get());
        }
        OptionalInt exitCode = directory.exitCode();
        if (exitCode.isPresent()) {
            return ended(exitCode.getAsInt());
        }
        synchronized (control) {
            if (killWanted) {
                return ended(SIGNALS + SIGKILL);
            }
        }
        return failed(complaints.isBlank() ? "bwrap was killed" : complaints.strip());
    }

    private JobStatus ended(int exitCode) {
        return exitCode > SIGNALS && exitCode <= SIGNALS + LAST_SIGNAL
                ? status.signalled(exitCode - SIGNALS, backend.clock().instant())
                : status.exited(exitCode, backend.clock().instant());
    }

    private JobStatus failed(String reason) {
        return status.failed(String.valueOf(reason), backend.clock().instant());
    }

    private void cleanUp() {
        try {
            directory.delete();
        } catch (IOException | UncheckedIOException e) {
            System.getLogger(BubblewrapJob.class.getName())
                    .log(System.Logger.Level.WARNING, "cannot delete " + directory.path(), e);
        }
        backend.files().close(spec.id());
    }

    // what is told

    private Thread pump(InputStream stream, OutputStreamKind kind) {
        var thread = new Thread(() -> pumpToTheEnd(stream, kind), "job-" + spec.id() + "-" + kind);
        thread.start();
        return thread;
    }

    private void pumpToTheEnd(InputStream stream, OutputStreamKind kind) {
        byte[] buffer = new byte[16 * 1024];
        try (stream) {
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                byte[] bytes = Arrays.copyOf(buffer, count);
                if (kind == OutputStreamKind.STDERR && status.state() == JobStatus.State.STARTING) {
                    keepComplaint(new String(bytes, StandardCharsets.UTF_8));
                }
                synchronized (delivery) {
                    backend.tell(listener -> listener.onOutput(spec.id(), kind, bytes));
                }
            }
        } catch (IOException e) {
            System.getLogger(BubblewrapJob.class.getName())
                    .log(System.Logger.Level.WARNING, "cannot read the output of job " + spec.id(), e);
        }
    }

    private void keepComplaint(String text) {
        String all = complaints + text;
        complaints = all.substring(Math.max(0, all.length() - KEPT_COMPLAINTS));
    }

    private void tell(JobStatus next) {
        synchronized (delivery) {
            status = next;
            backend.tell(listener -> listener.onStatus(next));
        }
    }

    // what is asked for

    /** Also before there is a process: the signal waits for it. */
    void stop(Duration grace) {
        if (grace.isZero()) {
            kill();
            return;
        }
        synchronized (control) {
            termWanted = true;
            main.ifPresent(ProcessHandle::destroy);
        }
        try {
            backend.timer().schedule(this::kill, grace.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException closed) {
            kill();
        }
    }

    private void kill() {
        synchronized (control) {
            killWanted = true;
            main.or(() -> bwrap.map(Process::toHandle)).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    void signal(int number) {
        synchronized (control) {
            main.filter(ProcessHandle::isAlive).ifPresent(process -> send(number, process.pid()));
        }
    }

    private static void send(int number, long process) {
        try {
            Commands.run("/bin/sh", "-c", "kill -\"$1\" \"$2\"", "sh", String.valueOf(number), String.valueOf(process));
        } catch (IOException ended) {
            // which a signal that comes too late finds
        }
    }

    /** What is written is on its way at once. */
    OutputStream stdin() {
        if (!spec.stdin()) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no standard input");
        }
        OutputStream pipe;
        synchronized (control) {
            pipe = bwrap.orElseThrow().getOutputStream();
        }
        return new FilterOutputStream(pipe) {
            @Override
            public void write(byte[] bytes, int offset, int count) throws IOException {
                pipe.write(bytes, offset, count);
                pipe.flush();
            }

            @Override
            public void write(int one) throws IOException {
                pipe.write(one);
                pipe.flush();
            }
        };
    }

    void awaitDown() {
        try {
            down.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
