package dev.flynn.containers.oci;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.Artifact;
import dev.flynn.base.CpuGroups;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.containers.oci.ContainerPlan.User;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.container.Partitions;
import dev.flynn.spi.container.Requirements;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs jobs in containers, with an OCI runtime (runc) that conmon calls and then watches over. There is no daemon: conmon
 * stays with its container whatever becomes of this process, which finds all jobs again by their files.
 *
 * <p>Images are {@code host:<name>}, the host's own root file system without its secrets and the folder {@code
 * <images>/<name>} whose {@code init} is the entrypoint, and, with {@link Builder#images}, images of type {@code docker}. With
 * {@link Builder#stack} images of type {@code host} are on an image and see nothing of the host.
 */
public final class OciContainerBackend implements ContainerBackend {

    private static final Logger log = LoggerFactory.getLogger(OciContainerBackend.class);

    private static final String HOST_SCHEME = "host:";
    private static final String DOCKER = "docker";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);
    private static final Duration STARTER_PATIENCE = Duration.ofSeconds(8);
    private static final Duration MONITOR_CHECK = Duration.ofSeconds(5);

    /**
     * Runtimes that work at the same time wait for a processor and for the same locks of the kernel, and use more of it the more
     * they are: on two processors 48 took a sixth more CPU for each container than eight.
     */
    private static final int CREATED_AT_ONCE =
            Math.max(8, 4 * Runtime.getRuntime().availableProcessors());

    private static final Duration CREATION_PATIENCE = Duration.ofSeconds(2);

    private final Set<Capability> capabilities;
    private final Shared shared;
    private final FileEvents events;
    private final Map<JobId, OciJob> jobs = new ConcurrentHashMap<>();
    private final List<JobListener> listeners = new CopyOnWriteArrayList<>();
    private final Object recovery = new Object();
    private List<OciJob> recovered;
    private boolean resumed;
    private volatile boolean closed;

    private OciContainerBackend(Builder builder) {
        this.capabilities = capabilities(builder);
        OciTools tools = OciTools.find(builder.runtime);
        try {
            var layout = new Layout(builder.dataDirectory.toAbsolutePath().normalize());
            layout.create();
            this.shared = new Shared(builder, layout, tools);
            this.recovered = recover();
            this.events = new FileEvents(this::changed, this::allChanged, layout.logs(), layout.exits());
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot use " + builder.dataDirectory + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while opening " + builder.dataDirectory, e);
        }
        log.atInfo().addKeyValue("runtime", tools.runtime()).log("jobs run in containers");
        var unused = shared.timers.scheduleWithFixedDelay(
                () -> jobs.values().forEach(OciJob::checkMonitor),
                MONITOR_CHECK.toMillis(),
                MONITOR_CHECK.toMillis(),
                TimeUnit.MILLISECONDS);
    }

    /** @param dataDirectory of this backend alone */
    public static Builder builder(Path dataDirectory, Path imageFolders) {
        return new Builder(dataDirectory, imageFolders);
    }

    /** Why this machine cannot run containers so; empty if it can. */
    public static Optional<String> lacking() {
        try {
            var unused = OciTools.find(Optional.empty());
            return Optional.empty();
        } catch (FlynnException e) {
            return Optional.of(e.getMessage());
        }
    }

    private static Set<Capability> capabilities(Builder builder) {
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
                Capability.IMAGE_HOST);
        if (TempDisks.arePossible()) {
            all.add(Capability.LIMIT_TEMP_DISK);
        }
        if (builder.images.isPresent()) {
            all.add(Capability.IMAGE_DOCKER);
        }
        if (builder.network.isPresent()) {
            all.add(Capability.OWN_ADDRESS);
        }
        return Set.copyOf(all);
    }

    // what an earlier process left

    private List<OciJob> recover() throws IOException, InterruptedException {
        Starter.killLeft(shared.layout, STARTER_PATIENCE);
        readDown();
        List<OciJob> found = new java.util.ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(shared.layout.jobs())) {
            for (Path path : directories) {
                recover(new JobId(path.getFileName().toString())).ifPresent(found::add);
            }
        }
        sweep();
        return List.copyOf(found);
    }

    private void readDown() throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(shared.layout.down(), "*.json")) {
            for (Path file : files) {
                JobStatus ended = shared.json.read(Files.readString(file), JobStatus.class);
                jobs.put(ended.id(), OciJob.down(shared, ended));
            }
        }
    }

    /** Empty for what was accepted by nobody, or is down; then nothing is left of it. */
    private Optional<OciJob> recover(JobId id) throws IOException, InterruptedException {
        JobDirectory directory = JobDirectory.of(shared.layout, id);
        Optional<AcceptedJob> accepted =
                JobDirectory.text(directory.accepted()).map(text -> shared.json.read(text, AcceptedJob.class));
        if (accepted.isEmpty() || jobs.containsKey(id)) {
            Conmon.killCreation(id);
            shared.cleanUp(
                    id,
                    directory,
                    shared.existingControlGroup(id).orElseGet(() -> shared.inPartition(Priority.USER, id)));
            return Optional.empty();
        }
        var job = new OciJob(shared, accepted.get().spec(), accepted.get().acceptedAt());
        jobs.put(id, job);
        if (!accepted.get().boot().equals(shared.boot())) {
            job.lost("the host was restarted");
            return Optional.empty();
        }
        job.recover(!shared.isMonitorLost(directory));
        return Optional.of(job);
    }

    /** Gives back what belongs to no job. */
    private void sweep() throws IOException {
        for (Path directory : new Path[] {shared.layout.logs(), shared.layout.exits(), shared.layout.runtime()}) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
                for (Path entry : entries) {
                    if (owner(entry.getFileName().toString()).isEmpty()) {
                        Trees.delete(entry);
                    }
                }
            }
        }
        shared.preparation.retain(id -> live(id).isPresent());
    }

    private Optional<OciJob> live(JobId id) {
        return Optional.ofNullable(jobs.get(id)).filter(job -> !job.status().isDown());
    }

    // what changes on disk

    private void changed(String file) {
        owner(file).ifPresent(OciJob::changed);
    }

    private void allChanged() {
        jobs.values().forEach(OciJob::changed);
    }

    /** Of a log or an exit status. */
    private Optional<OciJob> owner(String file) {
        int suffix = file.indexOf(".log");
        String id = suffix < 0 ? file : file.substring(0, suffix);
        return id.indexOf('-') < 1 || id.endsWith("-") ? Optional.empty() : live(new JobId(id));
    }

    // the SPI

    @Override
    public Set<Capability> capabilities() {
        return capabilities;
    }

    @Override
    public JobStatus start(JobSpec spec) {
        requireOpen();
        check(spec);
        var created = new boolean[1];
        OciJob job = jobs.computeIfAbsent(spec.id(), id -> {
            created[0] = true;
            return accepted(spec);
        });
        if (created[0]) {
            shared.workers.execute(job::start);
            sync(job);
        }
        return job.status();
    }

    private void check(JobSpec spec) {
        String type = spec.image().type();
        boolean ofHost = type.equals(Artifact.HOST) && spec.image().uri().startsWith(HOST_SCHEME);
        boolean ofDocker = type.equals(DOCKER) && capabilities.contains(Capability.IMAGE_DOCKER);
        if (!ofHost && !ofDocker) {
            throw FlynnException.invalid("the oci backend runs images %s<name>%s, not %s of type %s"
                    .formatted(
                            HOST_SCHEME,
                            capabilities.contains(Capability.IMAGE_DOCKER) ? " and those of type docker" : "",
                            spec.image().uri(),
                            type));
        }
        if (!NAME.matcher(spec.id().value()).matches()) {
            throw FlynnException.invalid(
                    "job id \"%s\" cannot name a container; use at most 64 letters, digits, dots and dashes"
                            .formatted(spec.id()));
        }
        Requirements.check(spec, capabilities);
    }

    private OciJob accepted(JobSpec spec) {
        var job = new OciJob(shared, spec, shared.now());
        try {
            job.accept();
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot write down job " + spec.id() + ": " + e, e);
        }
        return job;
    }

    /** While the job starts: what the loss of power takes, it takes from both. */
    private static void sync(OciJob job) {
        try {
            job.sync();
        } catch (IOException endedMeanwhile) {
            log.atDebug().addKeyValue("job", job.status().id()).log("the job was gone before it was safe");
        }
    }

    @Override
    public void stop(JobId id, Duration grace) {
        OciJob job = jobs.get(id);
        if (job != null) {
            job.stop(grace);
        }
    }

    @Override
    public void signal(JobId id, int number) {
        running(id).signal(number);
    }

    @Override
    public OutputStream stdin(JobId id) {
        return running(id).stdin();
    }

    @Override
    public void resize(JobId id, TerminalSize size) {
        running(id).resize(size);
    }

    @Override
    public ExecResult exec(JobId id, List<String> command, Duration timeout) {
        return running(id).exec(command, timeout);
    }

    private OciJob running(JobId id) {
        OciJob job = jobs.get(id);
        if (job == null || job.status().state() != JobStatus.State.RUNNING) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + id + " does not run");
        }
        return job;
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        return Optional.ofNullable(jobs.get(id)).map(OciJob::status);
    }

    @Override
    public Collection<JobStatus> jobs() {
        return jobs.values().stream().map(OciJob::status).toList();
    }

    @Override
    public void forget(JobId id) {
        jobs.computeIfPresent(id, (key, job) -> {
            if (!job.status().isDown()) {
                return job;
            }
            try {
                Files.deleteIfExists(JobDirectory.of(shared.layout, id).down());
            } catch (IOException e) {
                log.atWarn().addKeyValue("job", id).setCause(e).log("cannot forget a job");
            }
            return null;
        });
    }

    /** The first listener gets what jobs wrote, and how they ended, since an earlier process had the same directory. */
    @Override
    public Subscription watch(JobListener listener) {
        requireOpen();
        listeners.add(listener);
        List<OciJob> waiting;
        synchronized (recovery) {
            waiting = resumed ? List.of() : recovered;
            resumed = true;
        }
        waiting.forEach(job -> shared.workers.execute(job::resume));
        return () -> listeners.remove(listener);
    }

    /** Jobs go on. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        events.close();
        shared.close();
        listeners.clear();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the backend is closed");
        }
    }

    /** A listener that fails is its own loss, not the job's. */
    private static void guarded(JobId job, Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            log.atError().addKeyValue("job", job).setCause(e).log("a listener failed");
        }
    }

    /** What all jobs share. */
    private final class Shared implements OciHost {

        private final Layout layout;
        private final FlynnJson json = new FlynnJson();
        private final Conmon conmon;
        private final ControlGroups controlGroups = ControlGroups.ofThisHost();
        private final Preparation preparation;
        private final Turns creations = new Turns(CREATED_AT_ONCE, CREATION_PATIENCE);
        private final Clock clock;
        private final String controlGroupParent;
        private final String boot = Proc.bootId();
        private final ExecutorService workers =
                java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("oci-job"));
        private final ScheduledExecutorService timers;

        private Shared(Builder builder, Layout layout, OciTools tools) throws IOException {
            this.layout = layout;
            this.clock = builder.clock;
            this.controlGroupParent = builder.controlGroup;
            this.conmon = new Conmon(
                    tools,
                    layout,
                    new Starter(layout, tools.runtime(), controlGroups.monitors(builder.controlGroup)),
                    json);
            makePartitions(builder.partitions);
            this.preparation = new Preparation(this, HostImage.prepare(layout, Path.of("/")), builder);
            ((ThreadPoolExecutor) workers).setKeepAliveTime(5, TimeUnit.SECONDS);
            var scheduled = new ScheduledThreadPoolExecutor(1, new NamedThreads("oci-timer"));
            scheduled.setRemoveOnCancelPolicy(true);
            this.timers = scheduled;
        }

        private void makePartitions(Partitions partitions) {
            try {
                CpuGroups.make(controlGroupParent, partitions.byName());
            } catch (IOException e) {
                log.atWarn()
                        .addKeyValue("controlGroup", controlGroupParent)
                        .setCause(e)
                        .log(
                                "jobs of system, background and user share processors alike: their partitions got no shares");
            }
        }

        /** What is being delivered is delivered to its end. */
        private void close() {
            timers.shutdownNow();
            workers.shutdown();
            try {
                if (!workers.awaitTermination(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                    Executors.stop(workers, "oci-job", Duration.ofSeconds(1));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                workers.shutdownNow();
            }
            conmon.starter().close();
        }

        @Override
        public Layout layout() {
            return layout;
        }

        @Override
        public FlynnJson json() {
            return json;
        }

        @Override
        public Conmon conmon() {
            return conmon;
        }

        @Override
        public ControlGroups controlGroups() {
            return controlGroups;
        }

        @Override
        public Turns creations() {
            return creations;
        }

        @Override
        public Preparation preparation() {
            return preparation;
        }

        @Override
        public ExecutorService workers() {
            return workers;
        }

        @Override
        public void soon(Runnable task) {
            try {
                workers.execute(task);
            } catch (RejectedExecutionException closing) {
                log.atDebug().log("a task is left for the next start");
            }
        }

        @Override
        public void later(Duration delay, Runnable task) {
            try {
                var unused = timers.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
            } catch (RejectedExecutionException closing) {
                log.atDebug().log("a task is left for the next start");
            }
        }

        @Override
        public Instant now() {
            return clock.instant();
        }

        @Override
        public String boot() {
            return boot;
        }

        @Override
        public boolean isClosing() {
            return closed;
        }

        @Override
        public void tell(JobStatus status) {
            listeners.forEach(listener -> guarded(status.id(), () -> listener.onStatus(status)));
        }

        @Override
        public void deliver(JobId job, OutputStreamKind stream, byte[] bytes) {
            listeners.forEach(listener -> guarded(job, () -> listener.onOutput(job, stream, bytes)));
        }

        /** In the group of its partition, unless it was started before there were such groups. */
        @Override
        public String controlGroupOf(JobSpec job) {
            return existingControlGroup(job.id()).orElseGet(() -> inPartition(Partitions.of(job), job.id()));
        }

        /** That of a job of which nothing is known. */
        private Optional<String> existingControlGroup(JobId job) {
            return Stream.concat(
                            Stream.of(controlGroupParent + "/" + job),
                            Arrays.stream(Priority.values()).map(partition -> inPartition(partition, job)))
                    .filter(controlGroups::exists)
                    .findFirst();
        }

        private String inPartition(Priority partition, JobId job) {
            return controlGroupParent + "/" + partition.wireName() + "/" + job;
        }
    }

    /** Collects the settings of a backend. */
    public static final class Builder {

        private static final long DEFAULT_PROCESSES = 4096;

        final Path dataDirectory;
        final Path imageFolders;
        Optional<Path> runtime = Optional.empty();
        Optional<ContainerImages> images = Optional.empty();
        Optional<JobSpec.Image> stack = Optional.empty();
        Optional<ContainerNetwork> network = Optional.empty();
        JobFiles files = JobFiles.NONE;
        String address = "127.0.0.1";
        Optional<String> nameserver = Optional.empty();
        String controlGroup = "/flynn";
        Partitions partitions = Partitions.DEFAULTS;
        long defaultProcesses = DEFAULT_PROCESSES;
        Optional<User> user = Optional.empty();
        Clock clock = Clock.systemUTC();

        private Builder(Path dataDirectory, Path imageFolders) {
            this.dataDirectory = requireNonNull(dataDirectory, "dataDirectory");
            this.imageFolders = imageFolders.toAbsolutePath().normalize();
        }

        /** The OCI runtime; {@code runc} from the system's directories unless said. */
        public Builder runtime(Path value) {
            this.runtime = Optional.of(value);
            return this;
        }

        /** Where images of type {@code docker} come from; without it there are none. */
        public Builder images(ContainerImages value) {
            this.images = Optional.of(value);
            return this;
        }

        /** What jobs of images of type {@code host} run on; the host's own programs unless said. Needs {@link #images}. */
        public Builder stack(JobSpec.Image value) {
            this.stack = Optional.of(value);
            return this;
        }

        /** Gives jobs addresses of their own; without it all have the host's network. */
        public Builder network(ContainerNetwork value) {
            this.network = Optional.of(value);
            return this;
        }

        /** What is laid into each job. */
        public Builder files(JobFiles value) {
            this.files = requireNonNull(value, "files");
            return this;
        }

        /** Where jobs on the host's network are reachable; {@code 127.0.0.1} unless said. */
        public Builder address(String value) {
            this.address = requireNonNull(value, "address");
            return this;
        }

        /** The jobs' resolver; the host's own unless said. */
        public Builder nameserver(String value) {
            this.nameserver = Optional.of(value);
            return this;
        }

        /** Above those of the jobs; {@code /flynn} unless said. */
        public Builder controlGroup(String value) {
            this.controlGroup = requireNonNull(value, "controlGroup");
            return this;
        }

        /** How its jobs share processors; {@link Partitions#DEFAULTS} unless said. */
        public Builder partitions(Partitions value) {
            this.partitions = requireNonNull(value, "partitions");
            return this;
        }

        /** How many processes a job may have that says nothing; 4096 unless said. */
        public Builder defaultProcesses(long value) {
            this.defaultProcesses = value;
            return this;
        }

        /**
         * The user and group, by number, of all jobs of images of type {@code host}; unless said, each has a user of its own,
         * and one that may write to files of the host has that of its app.
         */
        public Builder user(long uid, long gid) {
            this.user = Optional.of(new User(uid, gid));
            return this;
        }

        public Builder clock(Clock value) {
            this.clock = requireNonNull(value, "clock");
            return this;
        }

        /**
         * Opens the backend. Jobs of an earlier one on the same directory are there; what they wrote meanwhile waits for the
         * first listener.
         *
         * @throws FlynnException {@code SERVICE_UNAVAILABLE} if this machine lacks something, naming it
         */
        public OciContainerBackend build() {
            if (stack.isPresent() && images.isEmpty()) {
                throw new IllegalStateException("a stack needs a place where images come from");
            }
            return new OciContainerBackend(this);
        }
    }
}
