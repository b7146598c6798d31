package dev.flynn.tck.container;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.container.Requirements;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs commands in the plainest way that keeps the promises; what is wrong in a subclass is in one of its methods. */
class ReferenceBackend implements ContainerBackend {

    static final JobSpec.Image SHELL = new JobSpec.Image("host", "host:shell");

    /** Writes how its child ended to a file; the JDK does not tell status 143 from signal 15. */
    private static final String WAIT = """
            my $f = shift; my $p = fork; if (!$p) { exec @ARGV; exit 127 }
            $SIG{TERM} = sub { kill TERM => $p };
            open P, ">$f.new"; print P $p; close P; rename "$f.new", "$f.pid";
            1 while waitpid($p, 0) < 0;
            open F, ">$f"; print F $? & 127, " ", $? >> 8; close F
            """;

    private static final String PATH = "/usr/local/bin:/usr/bin:/bin";

    final Path directory;
    private final Map<JobId, Run> runs = new ConcurrentHashMap<>();
    private final Set<JobId> begun = new HashSet<>();
    private boolean closed;
    private final List<JobListener> listeners = new CopyOnWriteArrayList<>();

    ReferenceBackend(Path directory) {
        this.directory = directory;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(
                Capability.SIGNAL, Capability.STDIN, Capability.EXEC, Capability.EXACT_SIGNAL, Capability.IMAGE_HOST);
    }

    @Override
    public JobStatus start(JobSpec spec) {
        if (!spec.image().type().equals("host")) {
            throw FlynnException.invalid("not an image of this backend: " + spec.image());
        }
        Requirements.check(spec, capabilities());
        return runs.computeIfAbsent(key(spec.id()), id -> begin(spec)).status;
    }

    private Run begin(JobSpec spec) {
        var run = new Run(spec);
        var thread = new Thread(run::live, "reference-" + spec.id());
        thread.setDaemon(true);
        thread.start();
        return run;
    }

    /** Under what a job is known. */
    JobId key(JobId id) {
        return id;
    }

    @Override
    public void stop(JobId id, Duration grace) {
        Run run = runs.get(id);
        if (run != null) {
            run.stop(grace);
        }
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        return Optional.ofNullable(runs.get(id)).map(run -> run.status);
    }

    @Override
    public Collection<JobStatus> jobs() {
        return runs.values().stream().map(run -> run.status).toList();
    }

    @Override
    public void forget(JobId id) {
        runs.computeIfPresent(id, (key, run) -> run.status.isDown() ? null : run);
    }

    @Override
    public Subscription watch(JobListener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public void signal(JobId id, int number) {
        kill(number, running(id).main());
    }

    @Override
    public OutputStream stdin(JobId id) {
        Run run = running(id);
        if (!run.spec.stdin()) {
            throw FlynnException.notFound("standard input of job", id.value());
        }
        return run.process.getOutputStream();
    }

    @Override
    public ExecResult exec(JobId id, List<String> command, Duration timeout) {
        Run run = running(id);
        String mark = "TCK_COMMAND=" + UUID.randomUUID();
        Path output = directory.resolve(mark);
        var builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().clear();
        builder.environment().putAll(commandEnvironment(run.spec));
        builder.environment().put("TCK_JOB", id.value());
        builder.environment().put("TCK_COMMAND", mark.substring(mark.indexOf('=') + 1));
        try {
            Process process = begin(id, builder);
            boolean inTime = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
            process.destroyForcibly().waitFor();
            endOfCommand(mark);
            if (run.status.isDown() || run.ending) {
                throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + id + " ended");
            }
            String text = Files.readString(output);
            return inTime ? ExecResult.ended(process.exitValue(), text) : ExecResult.tookTooLong(text);
        } catch (IOException e) {
            return ExecResult.ended(ExecResult.NO_PROGRAM, e.toString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted", e);
        }
    }

    private Run running(JobId id) {
        Run run = runs.get(id);
        if (run == null || run.process == null || run.status.isDown()) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + id + " does not run");
        }
        return run;
    }

    @Override
    public void close() {
        try {
            runs.values().forEach(run -> run.stop(Duration.ZERO));
            runs.values().forEach(Run::awaitDown);
        } finally {
            endWhatAWrongBackendLeft();
        }
    }

    private void endWhatAWrongBackendLeft() {
        synchronized (begun) {
            closed = true;
        }
        begun.forEach(ReferenceBackend::endMarked);
    }

    private Process begin(JobId id, ProcessBuilder builder) throws IOException {
        synchronized (begun) {
            if (closed) {
                throw new IOException("the backend is closed");
            }
            begun.add(id);
            return builder.start();
        }
    }

    // where a wrong backend differs

    JobStatus ended(JobStatus running, int signal, int exit) {
        return signal > 0 ? running.signalled(signal, now()) : running.exited(exit, now());
    }

    JobStatus impossible(JobStatus starting) {
        return starting.failed("there is no such image", now());
    }

    void tell(JobStatus status) {
        listeners.forEach(listener -> listener.onStatus(status));
    }

    void output(JobId job, OutputStreamKind stream, byte[] bytes) {
        listeners.forEach(listener -> listener.onOutput(job, stream, bytes));
    }

    /** What is called at the end of one job, output included, one after the other. */
    Object deliveryLock(Object ofTheJob, OutputStreamKind stream) {
        return ofTheJob;
    }

    Map<String, String> environment(JobSpec spec) {
        return new HashMap<>(spec.env());
    }

    Map<String, String> commandEnvironment(JobSpec spec) {
        Map<String, String> environment = new HashMap<>(Map.of("PATH", PATH));
        environment.putAll(environment(spec));
        return environment;
    }

    void endOfCommand(String mark) {
        endAll(mark);
    }

    void tidy(Path result) throws IOException {
        Files.delete(result);
        Files.delete(Path.of(result + ".pid"));
    }

    int firstSignal(Duration grace) {
        return grace.isZero() ? 9 : 15;
    }

    void endOthers(JobId id) {
        endMarked(id);
    }

    boolean closesStdin(JobSpec spec) {
        return !spec.stdin();
    }

    private static java.time.Instant now() {
        return Clock.systemUTC().instant();
    }

    static void kill(int signal, long pid) {
        try {
            new ProcessBuilder("/bin/sh", "-c", "kill -" + signal + " " + pid + " 2>/dev/null")
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Also what became a daemon still has the mark in its environment. */
    static void endMarked(JobId id) {
        endAll("TCK_JOB=" + id);
    }

    private static void endAll(String mark) {
        boolean found = true;
        while (found) {
            List<ProcessHandle> marked = ProcessHandle.allProcesses()
                    .filter(process -> isMarked(process.pid(), mark))
                    .toList();
            marked.forEach(ProcessHandle::destroyForcibly);
            found = !marked.isEmpty();
        }
    }

    private static boolean isMarked(long pid, String mark) {
        try {
            return new String(Files.readAllBytes(Path.of("/proc/" + pid + "/environ")), StandardCharsets.UTF_8)
                    .contains(mark);
        } catch (IOException gone) {
            return false;
        }
    }

    private final class Run {

        private final JobSpec spec;
        private final Path result;
        private final CountDownLatch down = new CountDownLatch(1);
        private volatile JobStatus status;
        private volatile Process process;
        private volatile boolean ending;

        Run(JobSpec spec) {
            this.spec = spec;
            this.result = directory.resolve(spec.id().value());
            this.status = JobStatus.starting(spec.id(), now());
        }

        void live() {
            become(status);
            if (!spec.image().equals(SHELL)) {
                become(impossible(status));
            } else {
                try {
                    run();
                } catch (IOException e) {
                    become(status.failed(e.toString(), now()));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            down.countDown();
        }

        private void run() throws IOException, InterruptedException {
            var builder = new ProcessBuilder(
                    Stream.concat(Stream.of("perl", "-e", WAIT, result.toString()), spec.cmd().stream())
                            .toList());
            Map<String, String> environment = environment(spec);
            builder.directory(directory.toFile());
            builder.environment().clear();
            builder.environment().put("PATH", PATH);
            builder.environment().putAll(environment);
            builder.environment().put("TCK_JOB", spec.id().value());
            Process started = begin(spec.id(), builder);
            if (closesStdin(spec)) {
                started.getOutputStream().close();
            }
            while (started.isAlive() && !Files.exists(Path.of(result + ".pid"))) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
            process = started;
            become(status.running("127.0.0.1", now()));
            Thread out = pump(started.getInputStream(), OutputStreamKind.STDOUT);
            Thread err = pump(started.getErrorStream(), OutputStreamKind.STDERR);
            started.waitFor();
            ending = true;
            endOthers(spec.id());
            out.join(2_000);
            err.join(2_000);
            String[] words = Files.readString(result).split(" ");
            tidy(result);
            become(ended(status, Integer.parseInt(words[0]), Integer.parseInt(words[1])));
        }

        private Thread pump(InputStream stream, OutputStreamKind kind) {
            var thread = new Thread(() -> {
                byte[] buffer = new byte[8192];
                try {
                    for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                        synchronized (deliveryLock(this, kind)) {
                            output(spec.id(), kind, Arrays.copyOf(buffer, count));
                        }
                    }
                } catch (IOException closed) {
                    Thread.currentThread().interrupt();
                }
            });
            thread.setDaemon(true);
            thread.start();
            return thread;
        }

        private synchronized void become(JobStatus next) {
            status = next;
            tell(next);
        }

        long main() {
            try {
                return Long.parseLong(Files.readString(Path.of(result + ".pid")));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void stop(Duration grace) {
            var thread = new Thread(() -> {
                try {
                    while (process == null && !status.isDown()) {
                        TimeUnit.MILLISECONDS.sleep(1);
                    }
                    if (status.isDown()) {
                        return;
                    }
                    kill(firstSignal(grace), main());
                    if (!down.await(grace.toMillis(), TimeUnit.MILLISECONDS) && !grace.isZero()) {
                        kill(9, main());
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        void awaitDown() {
            try {
                if (!down.await(10, TimeUnit.SECONDS)) {
                    throw new IllegalStateException(spec.id() + " did not end");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
