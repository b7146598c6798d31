package dev.flynn.containers.process;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Artifact;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.container.Requirements;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs as plain processes of this machine. Images are {@code host:<name>}: the folder {@code <images>/<name>}, whose
 * executable {@code init} is the entrypoint.
 *
 * <p>Each job has a directory of its own, which is gone when the job is: {@code app} is its home and working directory,
 * {@code tmp} its {@code TMPDIR}. A small supervisor process per job reports how the job ended and leaves no process of it
 * behind, also when this process is killed; so jobs do not survive a restart.
 */
public final class ProcessContainerBackend implements ContainerBackend {

    private static final Logger log = LoggerFactory.getLogger(ProcessContainerBackend.class);

    private static final Set<Capability> CAPABILITIES = Set.of(
            Capability.SIGNAL,
            Capability.STDIN,
            Capability.TTY,
            Capability.EXEC,
            Capability.EXACT_SIGNAL,
            Capability.HOST_NETWORK,
            Capability.LIMIT_MAX_FD,
            Capability.IMAGE_HOST);
    private static final String SCHEME = "host:";
    private static final Pattern DIRECTORY_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

    private final Path jobs;
    private final Path images;
    private final Supervisor supervisor;
    private final String address;
    private final Clock clock;
    private final JobFiles files;
    private final Map<JobId, RunningProcess> running = new ConcurrentHashMap<>();
    private final List<JobListener> listeners = new CopyOnWriteArrayList<>();

    /** Prepares and follows jobs. */
    private final ExecutorService workers;

    private final ExecutorService spawner;

    private volatile boolean closed;

    private ProcessContainerBackend(Builder builder) {
        Path script;
        try {
            this.jobs = Files.createDirectories(builder.dataDirectory.resolve("jobs"))
                    .toRealPath();
            script = installSupervisor(builder.dataDirectory);
            endLeftovers();
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot use " + builder.dataDirectory + ": " + e, e);
        }
        this.images = builder.images.toAbsolutePath().normalize();
        this.address = builder.address;
        this.clock = builder.clock;
        this.files = builder.files;
        this.workers = java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("process-job"));
        this.spawner = java.util.concurrent.Executors.newSingleThreadExecutor(new NamedThreads("process-spawner"));
        this.supervisor = new Supervisor(script, spawner);
        ((ThreadPoolExecutor) workers).setKeepAliveTime(5, TimeUnit.SECONDS);
    }

    /** @param dataDirectory of this backend alone */
    public static Builder builder(Path dataDirectory, Path images) {
        return new Builder(dataDirectory, images);
    }

    private static Path installSupervisor(Path dataDirectory) throws IOException {
        Path script = dataDirectory.toAbsolutePath().normalize().resolve("supervisor.pl");
        try (InputStream source = ProcessContainerBackend.class.getResourceAsStream("supervisor.pl")) {
            Path written = Files.createTempFile(dataDirectory, "supervisor", ".new");
            Files.write(written, requireNonNull(source, "supervisor.pl").readAllBytes());
            Files.move(written, script, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        }
        return script;
    }

    private void endLeftovers() throws IOException {
        int ended = Leftovers.end(jobs);
        if (ended > 0) {
            log.atWarn().addKeyValue("processes", ended).log("ended processes of jobs that an earlier instance left");
        }
        try (var directories = Files.newDirectoryStream(jobs)) {
            for (Path directory : directories) {
                JobDirectory.deleteTree(directory);
            }
        }
    }

    @Override
    public Set<Capability> capabilities() {
        return CAPABILITIES;
    }

    @Override
    public JobStatus start(JobSpec spec) {
        requireOpen();
        if (!spec.image().type().equals(Artifact.HOST) || !spec.image().uri().startsWith(SCHEME)) {
            throw FlynnException.invalid("the process backend runs images %s<name>, not %s of type %s"
                    .formatted(SCHEME, spec.image().uri(), spec.image().type()));
        }
        if (!DIRECTORY_NAME.matcher(spec.id().value()).matches()) {
            throw FlynnException.invalid(
                    "job id \"%s\" cannot name a directory; use letters, digits, dots and dashes".formatted(spec.id()));
        }
        Requirements.check(spec, CAPABILITIES);
        var created = new boolean[1];
        RunningProcess job = running.computeIfAbsent(spec.id(), id -> {
            created[0] = true;
            return new RunningProcess(this, spec);
        });
        if (created[0]) {
            workers.execute(job::run);
        }
        return job.status();
    }

    @Override
    public void stop(JobId id, Duration grace) {
        RunningProcess job = running.get(id);
        if (job != null) {
            job.stop(grace);
        }
    }

    @Override
    public void signal(JobId id, int number) {
        live(id).signal(number);
    }

    @Override
    public OutputStream stdin(JobId id) {
        return live(id).stdin();
    }

    @Override
    public void resize(JobId id, TerminalSize size) {
        live(id).resize(size);
    }

    @Override
    public ExecResult exec(JobId id, List<String> command, Duration timeout) {
        return live(id).exec(command, timeout);
    }

    private RunningProcess live(JobId id) {
        RunningProcess job = running.get(id);
        if (job == null || job.status().state() != JobStatus.State.RUNNING) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + id + " does not run");
        }
        return job;
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        return Optional.ofNullable(running.get(id)).map(RunningProcess::status);
    }

    @Override
    public Collection<JobStatus> jobs() {
        return running.values().stream().map(RunningProcess::status).toList();
    }

    @Override
    public void forget(JobId id) {
        running.computeIfPresent(id, (key, job) -> job.status().isDown() ? null : job);
    }

    @Override
    public Subscription watch(JobListener listener) {
        requireOpen();
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Ends all jobs at once. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        running.values().forEach(job -> job.stop(Duration.ZERO));
        long deadline = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        running.values().forEach(job -> job.awaitDown(Duration.ofNanos(Math.max(0, deadline - System.nanoTime()))));
        Executors.stop(workers, "process-job", Duration.ofSeconds(1));
        Executors.stop(spawner, "process-spawner", Duration.ofSeconds(1));
        listeners.clear();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the backend is closed");
        }
    }

    // what a running process needs of its backend

    JobDirectory directoryOf(JobSpec spec) {
        return JobDirectory.of(jobs, spec.id());
    }

    JobFiles files() {
        return files;
    }

    String address() {
        return address;
    }

    Clock clock() {
        return clock;
    }

    ExecutorService workers() {
        return workers;
    }

    Supervisor supervisor() {
        return supervisor;
    }

    void tell(JobStatus status) {
        listeners.forEach(listener -> guarded(status.id(), () -> listener.onStatus(status)));
    }

    void deliver(JobId job, OutputStreamKind stream, byte[] bytes) {
        listeners.forEach(listener -> guarded(job, () -> listener.onOutput(job, stream, bytes)));
    }

    /** A listener that fails is its own loss, not the job's. */
    private static void guarded(JobId job, Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            log.atError().addKeyValue("job", job).setCause(e).log("a listener failed");
        }
    }

    /** The command line of a job: its entrypoint, or that of the image, and its arguments. */
    List<String> commandOf(JobSpec spec) throws IOException {
        List<String> command = new java.util.ArrayList<>(spec.entrypoint());
        if (command.isEmpty()) {
            String name = spec.image().uri().substring(SCHEME.length());
            Path init = images.resolve(name).resolve("init").normalize();
            if (!init.startsWith(images) || !Files.isExecutable(init)) {
                throw new IOException("there is no image %s: %s is no program"
                        .formatted(spec.image().uri(), init));
            }
            command.add(init.toString());
        }
        command.addAll(spec.cmd());
        return command;
    }

    /** Collects the settings of a backend. */
    public static final class Builder {

        private final Path dataDirectory;
        private final Path images;
        private String address = "127.0.0.1";
        private Clock clock = Clock.systemUTC();
        private JobFiles files = JobFiles.NONE;

        private Builder(Path dataDirectory, Path images) {
            this.dataDirectory = requireNonNull(dataDirectory, "dataDirectory");
            this.images = requireNonNull(images, "images");
        }

        /** Where jobs are reachable; {@code 127.0.0.1} unless said. */
        public Builder address(String value) {
            this.address = requireNonNull(value, "address");
            return this;
        }

        public Builder clock(Clock value) {
            this.clock = requireNonNull(value, "clock");
            return this;
        }

        /** What is copied into a job's home before its process starts: private copies for {@code /app}; nothing unless said. */
        public Builder files(JobFiles value) {
            this.files = requireNonNull(value, "files");
            return this;
        }

        /** Opens the backend and ends whatever an earlier one on the same directory left running. */
        public ProcessContainerBackend build() {
            try {
                Files.createDirectories(dataDirectory);
            } catch (IOException e) {
                throw new UncheckedIOException("cannot create " + dataDirectory, e);
            }
            return new ProcessContainerBackend(this);
        }
    }
}
