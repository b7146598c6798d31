package dev.flynn.containers.docker;

import static java.util.Objects.requireNonNull;

import com.github.dockerjava.api.model.Container;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
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
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs as containers of a Docker engine on this machine, 20.10 or newer, or of podman's socket.
 *
 * <p>The engine has the containers; the data directory has what the engine is not told: which jobs were accepted, how they
 * ended, and how much of their output was delivered. So jobs outlive this process, and the next backend on the same
 * directory goes on with each of them where this one stopped.
 */
public final class DockerContainerBackend implements ContainerBackend {

    private static final Logger log = LoggerFactory.getLogger(DockerContainerBackend.class);

    private static final String CONTROL_GROUP = "/flynn-docker";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");

    private final Surroundings around;
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private final Set<Capability> capabilities;
    private final Map<JobId, DockerJob> jobs = new ConcurrentHashMap<>();
    private volatile boolean closed;

    private DockerContainerBackend(Builder builder, Engine engine) throws IOException {
        Path directory = builder.dataDirectory.toAbsolutePath().normalize();
        Path known = Files.createDirectories(directory.resolve("jobs")).toRealPath();
        ExecutorService workers = java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("docker-job"));
        ((ThreadPoolExecutor) workers).setKeepAliveTime(5, TimeUnit.SECONDS);
        ScheduledExecutorService timer =
                java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("docker-timer"));
        String instance = instanceOf(directory);
        StreamLoop loop = new StreamLoop();
        var images = new Images(engine, builder.archives);
        this.around = new Surroundings(
                engine,
                new EngineWatch(engine, loop, workers),
                loop,
                workers,
                timer,
                builder.clock,
                builder.settings.ownAddresses()
                        ? Optional.of(JobNetwork.open(engine, builder.settings, instance))
                        : Optional.empty(),
                images,
                new HostImages(engine, images, builder.settings, directory),
                builder.files,
                new Labels(builder.hostId, instance),
                new Listeners(),
                builder.settings,
                PartitionGroups.make(engine, builder.settings.partitions(), CONTROL_GROUP),
                known);
        this.capabilities = capabilities(builder.settings);
    }

    private static Set<Capability> capabilities(DockerSettings settings) {
        Set<Capability> all = EnumSet.of(
                Capability.SIGNAL,
                Capability.STDIN,
                Capability.TTY,
                Capability.EXEC,
                Capability.SURVIVES_RESTART,
                Capability.HOST_NETWORK,
                Capability.ISOLATION,
                Capability.MOUNTS,
                Capability.LIMIT_MEMORY,
                Capability.LIMIT_MAX_FD,
                Capability.LIMIT_MAX_PROCS,
                Capability.LIMIT_CPU,
                Capability.IMAGE_HOST,
                Capability.IMAGE_DOCKER);
        if (settings.ownAddresses()) {
            all.add(Capability.OWN_ADDRESS);
        }
        return Set.copyOf(all);
    }

    /** @param dataDirectory of this backend alone */
    public static Builder builder(Path dataDirectory) {
        return new Builder(dataDirectory);
    }

    /** The name of the data directory, which its containers bear. */
    private static String instanceOf(Path directory) throws IOException {
        Path file = directory.resolve("instance");
        if (!Files.exists(file)) {
            Path written = directory.resolve("instance.new");
            Files.writeString(written, UUID.randomUUID().toString());
            Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
        }
        return Files.readString(file).strip();
    }

    /** Finds the jobs that were accepted before, and goes on with them. */
    private void recover() throws IOException {
        try (var directories = Files.newDirectoryStream(around.jobs())) {
            for (Path path : directories) {
                recover(JobDirectory.at(path));
            }
        }
        for (Container container : Containers.of(around.engine(), around.labels())) {
            recover(container);
        }
        around.watch().open();
        for (DockerJob job : jobs.values()) {
            if (job.status().isDown()) {
                around.workers().execute(job::cleanUp);
            } else {
                job.holdUntilSomebodyListens();
                around.workers().execute(job::resume);
            }
        }
    }

    private void recover(JobDirectory directory) throws IOException {
        Optional<JobSpec> spec = directory.spec();
        Optional<JobStatus> status = directory.status();
        if (spec.isEmpty() || status.isEmpty()) {
            directory.delete(); // it was not accepted yet
        } else {
            jobs.put(spec.get().id(), new DockerJob(around, spec.get(), status.get()));
        }
    }

    /** Keeps the address of what a live job has, and removes what no job needs. */
    private void recover(Container container) {
        Map<String, String> labels = container.getLabels();
        JobId job = new JobId(labels.getOrDefault(Labels.JOB, "none-known"));
        String address = labels.get(Labels.ADDRESS);
        DockerJob known = jobs.get(job);
        if (known == null || known.status().isDown()) {
            log.atInfo().addKeyValue("job", job).log("removing a container that no job needs");
            Containers.remove(around.engine(), container.getId());
        } else if (!known.spec().hostNetwork() && address != null) {
            around.network().ifPresent(network -> network.addresses().keep(job, address));
        }
    }

    @Override
    public Set<Capability> capabilities() {
        return capabilities;
    }

    @Override
    public JobStatus start(JobSpec spec) {
        requireOpen();
        check(spec);
        var created = new boolean[1];
        DockerJob job = jobs.computeIfAbsent(spec.id(), id -> {
            created[0] = true;
            return accept(spec);
        });
        if (created[0]) {
            around.workers().execute(job::start);
        }
        return job.status();
    }

    private void check(JobSpec spec) {
        JobSpec.Image image = spec.image();
        if (image.type().equals(Artifact.DOCKER)) {
            ImageSource.of(image.uri());
        } else if (!image.type().equals(Artifact.HOST) || !image.uri().startsWith(HostImages.SCHEME)) {
            throw FlynnException.invalid(
                    "the docker backend runs images of type docker, and %s<name> of type host, not %s of type %s"
                            .formatted(HostImages.SCHEME, image.uri(), image.type()));
        }
        if (!NAME.matcher(spec.id().value()).matches()) {
            throw FlynnException.invalid(
                    "job id \"%s\" cannot name a container; use letters, digits, dots and dashes".formatted(spec.id()));
        }
        Requirements.check(spec, capabilities);
    }

    private DockerJob accept(JobSpec spec) {
        JobStatus status = JobStatus.starting(spec.id(), around.clock().instant());
        try {
            JobDirectory.of(around.jobs(), spec.id()).create(spec, status);
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot keep job " + spec.id() + " in " + around.jobs() + ": " + e, e);
        }
        return new DockerJob(around, spec, status);
    }

    @Override
    public void stop(JobId id, Duration grace) {
        DockerJob job = jobs.get(id);
        if (job != null) {
            job.stop(grace);
        }
    }

    @Override
    public void signal(JobId id, int number) {
        known(id).signal(number);
    }

    @Override
    public OutputStream stdin(JobId id) {
        return known(id).stdin();
    }

    @Override
    public void resize(JobId id, TerminalSize size) {
        known(id).resize(size);
    }

    @Override
    public ExecResult exec(JobId id, List<String> command, Duration timeout) {
        return known(id).exec(command, timeout);
    }

    private DockerJob known(JobId id) {
        DockerJob job = jobs.get(id);
        if (job == null) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + id + " does not run");
        }
        return job;
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        return Optional.ofNullable(jobs.get(id)).map(DockerJob::status);
    }

    @Override
    public Collection<JobStatus> jobs() {
        return jobs.values().stream().map(DockerJob::status).toList();
    }

    @Override
    public void forget(JobId id) {
        jobs.computeIfPresent(id, (key, job) -> {
            if (!job.status().isDown()) {
                return job;
            }
            try {
                job.forget();
            } catch (IOException e) {
                log.atWarn().addKeyValue("job", id).setCause(e).log("cannot delete what is kept of a job");
            }
            return null;
        });
    }

    @Override
    public Subscription watch(JobListener listener) {
        requireOpen();
        return around.listeners().add(listener);
    }

    /** Jobs go on without it. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        abandonJobs();
        around.watch().close();
        around.loop().close();
        Executors.stop(around.timer(), "docker-timer", Duration.ofSeconds(1));
        Executors.stop(around.workers(), "docker-job", CLOSE_PATIENCE);
        around.listeners().clear();
        around.engine().close();
    }

    private void abandonJobs() {
        jobs.values().forEach(DockerJob::abandon);
        long end = System.nanoTime() + CLOSE_PATIENCE.toNanos();
        try {
            for (DockerJob job : jobs.values()) {
                job.awaitAbandoned(Duration.ofNanos(end - System.nanoTime()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the backend is closed");
        }
    }

    /** Collects the settings of a backend. */
    public static final class Builder {

        private final Path dataDirectory;
        private DockerSettings settings;
        private String hostId = "host";
        private Clock clock = Clock.systemUTC();
        private JobFiles files = JobFiles.NONE;
        private ArchiveFetcher archives = ArchiveFetcher.HTTP;

        private Builder(Path dataDirectory) {
            this.dataDirectory = requireNonNull(dataDirectory, "dataDirectory");
            this.settings = DockerSettings.defaults(dataDirectory);
        }

        /** The engine's socket and everything about it; its usual place unless said. */
        public Builder settings(DockerSettings value) {
            this.settings = requireNonNull(value, "settings");
            return this;
        }

        /** Which host this is, for whoever looks at the engine's containers. */
        public Builder hostId(String value) {
            this.hostId = requireNonNull(value, "hostId");
            return this;
        }

        public Builder clock(Clock value) {
            this.clock = requireNonNull(value, "clock");
            return this;
        }

        /** What is laid into jobs beyond their mounts; nothing unless said. */
        public Builder files(JobFiles value) {
            this.files = requireNonNull(value, "files");
            return this;
        }

        /** How archives of images are fetched that are elsewhere; by plain requests unless said. */
        public Builder archives(ArchiveFetcher value) {
            this.archives = requireNonNull(value, "archives");
            return this;
        }

        /**
         * Connects to the engine and goes on with the jobs that an earlier backend on the same directory had accepted.
         *
         * @throws FlynnException {@code SERVICE_UNAVAILABLE} if there is no engine or it is too old
         */
        public DockerContainerBackend build() {
            Engine engine = Engine.open(settings.host());
            try {
                Files.createDirectories(dataDirectory);
                var backend = new DockerContainerBackend(this, engine);
                backend.recover();
                return backend;
            } catch (IOException e) {
                engine.close();
                throw FlynnException.unavailable("cannot use " + dataDirectory + ": " + e, e);
            } catch (EngineAwayException e) {
                engine.close();
                throw FlynnException.unavailable(Engine.reason(e), e);
            }
        }
    }
}
