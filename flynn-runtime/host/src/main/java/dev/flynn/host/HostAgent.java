package dev.flynn.host;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.app.App;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Port;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.base.TimeSource;
import dev.flynn.discovery.Heartbeats;
import dev.flynn.discovery.Registration;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.spi.log.LogSink;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent of one machine: a reconciler that runs the jobs which the cluster store assigns to this host, and writes back
 * what becomes of them.
 *
 * <p>It can be killed at any instruction. When it starts again, jobs that its backends still run go on, the others are
 * recorded as down, and those that are to be resurrected begin again under new ids. What cannot be written now, because the
 * store does not answer, is written later.
 */
public final class HostAgent implements HostConnections, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HostAgent.class);

    /** Between leaving discovery and SIGTERM, so that routers have stopped choosing the job. */
    private static final Duration DRAIN = Duration.ofMillis(300);

    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final Duration CLOSE_GRACE_OF_APPS = Duration.ofSeconds(8);
    private static final Duration CLOSE_GRACE_OF_BUILTINS = Duration.ofSeconds(4);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration PERIOD = Duration.ofSeconds(5);

    /** Of a host's API (contract: layer 0, Ports). */
    private static final int USUAL_PORT = 1113;

    private final String hostId;
    private final ClusterState state;
    private final Discovery discovery;
    private final ContainerBackend builtinBackend;
    private final ContainerBackend appBackend;
    private final LogSink logSink;
    private final String listenIp;
    private final String advertised;
    private final JobEnvironment environment;
    private final Clock clock;
    private final Supplier<Optional<String>> refusal;

    private final PortAllocator ports;
    private final Heartbeats heartbeats;
    private final Map<JobId, LocalJob> local = new ConcurrentHashMap<>();
    private final Attachments attachments;
    private final Pauses pauses;
    private final DrainWait drainWait;
    private final JobRecords jobRecords;
    private final JobServices services;
    private final Resurrector resurrector;

    /** Takes every decision and writes every record, one after the other. */
    private final ExecutorService decisions;

    private final AtomicBoolean reconcileQueued = new AtomicBoolean();
    private final List<Subscription> watches = new ArrayList<>();
    private final TableView<JobRecord> records;
    private final TableView<Host> hosts;
    private final HostPresence presence;

    /** How the other hosts know that this one lives; its metadata is written by {@link #decisions} alone. */
    private final Registration registration;

    private Host registered;
    private volatile boolean ready;
    private volatile boolean closing;

    private HostAgent(Builder builder) {
        this.hostId = builder.hostId;
        this.state = builder.state;
        this.discovery = builder.discovery;
        this.builtinBackend = requireNonNull(builder.builtinBackend, "builtinBackend");
        this.appBackend = requireNonNull(builder.appBackend, "appBackend");
        this.logSink = requireNonNull(builder.logSink, "logSink");
        this.listenIp = builder.listenIp;
        this.advertised = builder.advertised.isEmpty() ? listenIp + ":" + USUAL_PORT : builder.advertised;
        this.environment = new JobEnvironment(listenIp, builder.jobEnvironment, builder.builtinEnvironment);
        this.clock = state.clock();
        this.refusal = builder.refusal;
        this.ports = new PortAllocator(listenIp);
        this.heartbeats = new Heartbeats(discovery, builder.time);
        this.pauses = new Pauses("host-agent-task", builder.time);
        this.drainWait = new DrainWait(state, discovery, pauses);
        this.decisions = builder.time.newTimer(1, new NamedThreads("host-agent"));
        this.attachments = new Attachments(state.jobs(), local);
        this.jobRecords = new JobRecords(state, listenIp);
        this.services = new JobServices(discovery, heartbeats, pauses);
        Host host = announce(builder.tags, builder.capacity);
        forgetOldInstances();
        drainWait.forgetAll(hostId);
        recover();
        for (ContainerBackend backend : List.of(builtinBackend, appBackend)) {
            var events = new BackendEvents(backend);
            watches.add(backend.watch(events));
            backend.jobs().forEach(events::onStatus); // what was not told because nobody watched
        }
        this.records = state.jobs().table().view(this::reconcileSoon);
        this.hosts = state.hosts().view(this::reconcileSoon);
        this.presence = new HostPresence(discovery, this::reconcileSoon, builder.time::nanoTime);
        this.resurrector = new Resurrector(state, hostId, presence);
        this.registered = host;
        this.registration = heartbeats.keep(HostPresence.SERVICE, HostPresence.instance(host, advertised));
        ready = true;
        reconcileSoon();
        reconcileNowAndThen();
    }

    public static Builder builder(String hostId, ClusterState state, Discovery discovery) {
        return new Builder(hostId, state, discovery);
    }

    // starting

    /** Writes this host's record; what an operator said of the host before stays. */
    private Host announce(Map<String, String> firstTags, Optional<Capacity> capacity) {
        while (true) {
            Optional<Versioned<Host>> known = state.hosts().find(hostId);
            Map<String, String> tags = known.map(host -> host.value().tags()).orElse(firstTags);
            boolean draining = known.map(host -> host.value().draining()).orElse(false);
            var host = new Host(hostId, "http://" + advertised, tags, draining).withCapacity(capacity);
            if (known.map(Versioned::value).equals(Optional.of(host))) {
                return host;
            }
            Transaction.Builder transaction = Transaction.builder();
            known.ifPresentOrElse(
                    read -> state.hosts().replace(transaction, read, host),
                    () -> state.hosts().create(transaction, hostId, host));
            if (state.commit(transaction).committed()) {
                return host;
            }
        }
    }

    /** What an earlier run of this agent registered is registered again by the jobs that are still there. */
    private void forgetOldInstances() {
        for (String service : discovery.services()) {
            for (Instance instance : discovery.instances(service)) {
                String job = instance.meta().get("FLYNN_JOB_ID");
                if (job != null && job.startsWith(hostId + "-")) {
                    discovery.deregister(service, instance.id());
                }
            }
        }
    }

    /** Takes over the jobs that still run before their backend is watched, so that nothing it tells of them is lost. */
    private void recover() {
        for (Versioned<JobRecord> record : state.jobs().table().list(hostId + "-")) {
            JobRecord job = record.value();
            if (job.state() == JobState.DOWN || job.state() == JobState.PENDING) {
                continue;
            }
            Optional<JobStatus> status = backendFor(job.spec()).status(job.id());
            if (status.isPresent()) {
                continueWith(job, status.get());
            } else {
                jobRecords.giveUp(job.id(), "its host was restarted");
            }
        }
        for (ContainerBackend backend : List.of(appBackend, builtinBackend)) {
            backend.jobs().stream()
                    .map(JobStatus::id)
                    .filter(id -> !local.containsKey(id))
                    .forEach(id -> backend.stop(id, Duration.ZERO));
        }
    }

    private void continueWith(JobRecord job, JobStatus status) {
        job.spec().ports().forEach(port -> ports.reserve(port.port()));
        JobSpec spec = job.spec().withEnv(environment.of(job.spec(), hasOwnAddress(job.spec())));
        JobStatus before = JobStatus.starting(job.id(), status.createdAt());
        var here = new LocalJob(spec, backendFor(spec), new JobStreams(spec, logSink, clock), before);
        local.put(job.id(), here);
    }

    // deciding

    private void reconcileNowAndThen() {
        pauses.runAfter(PERIOD, () -> {
            reconcileSoon();
            reconcileNowAndThen();
        });
    }

    private void reconcileSoon() {
        if (ready && !closing && reconcileQueued.compareAndSet(false, true)) {
            try {
                decisions.execute(() -> {
                    reconcileQueued.set(false);
                    attempt("a look at all jobs", this::reconcile);
                });
            } catch (RejectedExecutionException closed) {
                log.atTrace().log("closed before a decision; the next agent takes it");
            }
        }
    }

    private void reconcile() {
        boolean complete = attempt("its tags", this::registerTags);
        Map<String, Versioned<JobRecord>> known = records.records();
        Collection<Versioned<JobRecord>> all = known.values();
        complete &= together(unrecorded(), job -> job.id(), this::record);
        for (LocalJob job : List.copyOf(local.values())) {
            if (!known.containsKey(job.id().value())) {
                complete &= attempt(job.id(), () -> stop(job));
            }
        }
        List<JobRecord> pending = new ArrayList<>();
        for (Versioned<JobRecord> record : all) {
            JobRecord job = record.value();
            if (job.id().isOn(hostId)) {
                complete &= attempt(job.id(), () -> follow(job, pending));
            }
        }
        complete &= together(pending, JobRecord::id, this::begin);
        jobRecords.forgetOld(known);
        complete &= attempt("what nobody else brings back", () -> resurrector.lookAt(all));
        if (!complete) {
            pauses.runAfter(RETRY, this::reconcileSoon);
        }
    }

    /** A step for many jobs at once, in as few transactions as they need; if it fails it is taken for each by itself. */
    private <T> boolean together(List<T> jobs, Function<T, JobId> id, Consumer<List<T>> step) {
        if (closing) {
            return true;
        }
        if (jobs.size() > 1) {
            try {
                step.accept(jobs);
                return true;
            } catch (RuntimeException e) {
                log.atDebug().addKeyValue("jobs", jobs.size()).setCause(e).log("a step failed; taking it one by one");
            }
        }
        boolean complete = true;
        for (T job : jobs) {
            complete &= attempt(id.apply(job), () -> step.accept(List.of(job)));
        }
        return complete;
    }

    /** One job's trouble is not that of the others. */
    private boolean attempt(JobId job, Runnable step) {
        return attempt(job.value(), step);
    }

    private boolean attempt(String what, Runnable step) {
        if (closing) {
            return true;
        }
        try {
            step.run();
            return true;
        } catch (RuntimeException e) {
            log.atWarn().addKeyValue("what", what).setCause(e).log("a step failed; trying again");
            return false;
        }
    }

    private List<LocalJob> unrecorded() {
        return local.values().stream().filter(job -> !job.isRecorded()).toList();
    }

    /** From what the backend told to the records. */
    private void record(List<LocalJob> jobs) {
        Map<LocalJob, JobStatus> news = new LinkedHashMap<>();
        jobs.forEach(job -> news.put(job, job.observed()));
        jobRecords.observed(news.values());
        news.forEach((job, status) -> {
            if (status.isDown()) {
                job.backend.forget(job.id());
                drop(job);
            }
            job.recorded(status.state());
        });
    }

    /**
     * From the record to what the backend is to do.
     *
     * @param pending gets the job if it is to begin
     */
    private void follow(JobRecord job, List<JobRecord> pending) {
        LocalJob here = local.get(job.id());
        if (here == null) {
            switch (job.state()) {
                case PENDING -> pending.add(job);
                case STARTING, UP, STOPPING -> jobRecords.giveUp(job.id(), "its host lost it");
                case DOWN, CRASHED, FAILED -> {}
            }
        } else if (job.state() == JobState.DOWN || job.stopRequested()) {
            stop(here);
        }
    }

    private void begin(List<JobRecord> jobs) {
        List<LocalJob> prepared = new ArrayList<>();
        List<JobSpec> assigned = new ArrayList<>();
        for (JobRecord job : jobs) {
            Optional<JobStatus> refused = refused(job);
            if (refused.isPresent()) {
                refuse(refused.get());
                continue;
            }
            try {
                JobSpec spec = job.spec().withPorts(assign(job.spec()));
                prepared.add(prepare(spec));
                assigned.add(spec);
            } catch (FlynnException e) {
                refuse(starting(job.id()).failed(e.getMessage(), clock.instant()));
            }
        }
        accept(prepared, assigned);
    }

    /** How a job is down that is not even begun; empty if it is to begin. */
    private Optional<JobStatus> refused(JobRecord job) {
        if (job.stopRequested()) {
            return Optional.of(starting(job.id()).exited(0, clock.instant()));
        }
        Optional<String> reason = isOfPlatform(job.spec()) ? Optional.empty() : refusal.get();
        return reason.map(text -> starting(job.id()).failed(text, clock.instant()));
    }

    private JobStatus starting(JobId id) {
        return JobStatus.starting(id, clock.instant());
    }

    private LocalJob prepare(JobSpec assigned) {
        JobSpec complete = assigned.withEnv(environment.of(assigned, hasOwnAddress(assigned)));
        return new LocalJob(
                complete, backendFor(complete), new JobStreams(complete, logSink, clock), starting(complete.id()));
    }

    /** @param assigned what is recorded: without what the host adds, which the next host adds anew */
    private void accept(List<LocalJob> jobs, List<JobSpec> assigned) {
        jobs.forEach(job -> local.put(job.id(), job));
        Set<JobId> accepted = Set.of();
        try {
            accepted = jobRecords.starting(assigned);
        } finally {
            for (LocalJob job : jobs) {
                if (!accepted.contains(job.id())) {
                    drop(job);
                    job.streams.end(job.observed().failed("the host could not accept the job", clock.instant()));
                }
            }
        }
        for (LocalJob job : jobs) {
            if (accepted.contains(job.id())) {
                var unused = attempt(job.id(), () -> launch(job));
            }
        }
    }

    private void launch(LocalJob here) {
        attachments.adopt(here);
        try {
            here.backend.start(withWantedSize(here));
        } catch (FlynnException e) {
            log.atWarn().addKeyValue("job", here.id()).setCause(e).log("job cannot be started");
            finished(here, here.observed().failed(e.getMessage(), clock.instant()));
        }
    }

    private static JobSpec withWantedSize(LocalJob job) {
        return job.spec.tty().isPresent()
                ? job.streams.wantedSize().map(job.spec::withTty).orElse(job.spec)
                : job.spec;
    }

    private List<Port> assign(JobSpec spec) {
        if (hasOwnAddress(spec)) {
            return PortAllocator.ofOwnAddress(spec.ports());
        }
        List<Port> assigned = new ArrayList<>();
        try {
            spec.ports().forEach(port -> assigned.add(port.withPort(ports.allot())));
        } catch (FlynnException e) {
            assigned.forEach(port -> ports.release(port.port()));
            throw e;
        }
        return assigned;
    }

    private boolean hasOwnAddress(JobSpec spec) {
        return !spec.hostNetwork() && backendFor(spec).capabilities().contains(Capability.OWN_ADDRESS);
    }

    private ContainerBackend backendFor(JobSpec spec) {
        return spec.image().type().equals(Artifact.BUILTIN) ? builtinBackend : appBackend;
    }

    private static boolean isOfPlatform(JobSpec spec) {
        return spec.image().type().equals(Artifact.BUILTIN)
                || "true".equals(spec.metadata().get(App.SYSTEM_APP));
    }

    private void refuse(JobStatus down) {
        jobRecords.observed(List.of(down));
        attachments.refuse(down);
    }

    private void stop(LocalJob job) {
        if (!job.beginStopping()) {
            return;
        }
        boolean served = job.closeServices();
        Runnable end = () -> job.backend.stop(job.id(), GRACE);
        pauses.runAfter(served ? DRAIN : Duration.ZERO, () -> drainWait.whenDrained(job.id(), job.served(), end));
        jobRecords.stopping(job.id());
    }

    private void registerTags() {
        Optional<Host> host = hosts.find(hostId);
        if (host.isPresent() && !host.get().equals(registered)) {
            registration.setMeta(HostPresence.instance(host.get(), advertised).meta());
            registered = host.get();
        }
    }

    // what backends tell

    private final class BackendEvents implements JobListener {

        private final ContainerBackend backend;
        private final boolean survives;

        BackendEvents(ContainerBackend backend) {
            this.backend = backend;
            this.survives = backend.capabilities().contains(Capability.SURVIVES_RESTART);
        }

        @Override
        public void onStatus(JobStatus status) {
            LocalJob job = local.get(status.id());
            if (job == null) {
                forgetIfDown(status); // stopped by recover(): no record knows it
                return;
            }
            switch (status.state()) {
                case STARTING -> {}
                case RUNNING -> running(job, status);
                case DOWN -> finished(job, status);
            }
        }

        private void forgetIfDown(JobStatus status) {
            if (status.isDown()) {
                backend.forget(status.id());
            }
        }

        @Override
        public void onOutput(JobId id, OutputStreamKind stream, byte[] bytes) {
            LocalJob job = local.get(id);
            if (job != null) {
                job.streams.output(stream, bytes);
                if (survives) {
                    // what was delivered does not come again after the death of this process
                    job.streams.flush();
                }
            }
        }
    }

    private void running(LocalJob job, JobStatus status) {
        if (!job.observe(status)) {
            return;
        }
        job.streams.running();
        services.start(job, status.address().orElse(listenIp));
        reconcileSoon();
    }

    private void finished(LocalJob job, JobStatus status) {
        job.closeServices();
        job.streams.end(status);
        if (job.observe(status)) {
            reconcileSoon();
        }
    }

    private void drop(LocalJob job) {
        local.remove(job.id());
        job.spec.ports().forEach(port -> ports.release(port.port()));
    }

    // attaching

    /** This host itself; others cannot be reached through an agent. */
    @Override
    public HostConnection connect(String id) {
        if (!id.equals(hostId)) {
            throw FlynnException.unavailable("host \"%s\" cannot be reached from %s".formatted(id, hostId), null);
        }
        return attachments;
    }

    // discovery

    /**
     * Takes the services of a job out of discovery, for good; the job goes on.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if the job does not run here
     */
    public void leaveDiscovery(JobId id) {
        LocalJob job = local.get(id);
        if (job == null) {
            throw FlynnException.notFound("running job", id);
        }
        job.closeServices();
    }

    // ending

    /**
     * Leaves discovery and ends all jobs: those of apps first, then the platform's own. Their records stay as they are, so that the next start
     * finds what ran and brings it back: a clean end and a sudden one are recovered from in the same way.
     */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        pauses.runAfter(Duration.ZERO, registration::close);
        records.close();
        hosts.close();
        presence.close();
        endJobs(appBackend, CLOSE_GRACE_OF_APPS);
        endJobs(builtinBackend, CLOSE_GRACE_OF_BUILTINS);
        watches.forEach(Subscription::close);
        heartbeats.close();
        pauses.close();
        Executors.stop(decisions, "host-agent", Duration.ofSeconds(3));
    }

    private void endJobs(ContainerBackend backend, Duration grace) {
        List<LocalJob> jobs =
                local.values().stream().filter(job -> job.backend == backend).toList();
        jobs.forEach(LocalJob::closeServices);
        jobs.forEach(job -> backend.stop(job.id(), grace));
        long deadline = System.nanoTime() + grace.plusSeconds(1).toNanos();
        for (LocalJob job : jobs) {
            job.streams.awaitEnd(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
        }
    }

    /** Collects what an agent needs. */
    public static final class Builder {

        private final String hostId;
        private final ClusterState state;
        private final Discovery discovery;
        private @Nullable ContainerBackend builtinBackend;
        private @Nullable ContainerBackend appBackend;
        private @Nullable LogSink logSink;
        private TimeSource time = TimeSource.SYSTEM;
        private String listenIp = "127.0.0.1";
        private String advertised = "";
        private Map<String, String> tags = Map.of();
        private Optional<Capacity> capacity = Optional.empty();
        private Map<String, String> jobEnvironment = Map.of();
        private Map<String, String> builtinEnvironment = Map.of();
        private Supplier<Optional<String>> refusal = Optional::empty;

        private Builder(String hostId, ClusterState state, Discovery discovery) {
            this.hostId = requireNonNull(hostId, "hostId");
            this.state = requireNonNull(state, "state");
            this.discovery = requireNonNull(discovery, "discovery");
        }

        /** Runs images of type {@code builtin}; required. The agent stops its jobs and does not close it. */
        public Builder builtinBackend(ContainerBackend value) {
            this.builtinBackend = value;
            return this;
        }

        /** Runs all other images; required. The agent stops its jobs and does not close it. */
        public Builder appBackend(ContainerBackend value) {
            this.appBackend = value;
            return this;
        }

        /** Where the lines of jobs go; required. */
        public Builder logSink(LogSink value) {
            this.logSink = value;
            return this;
        }

        /** By what its periods and pauses go; the machine's time unless said. What it writes has the time of the state's clock. */
        public Builder time(TimeSource value) {
            this.time = requireNonNull(value, "time");
            return this;
        }

        /** Where jobs listen; {@code 127.0.0.1} unless said. */
        public Builder listenIp(String value) {
            this.listenIp = requireNonNull(value, "listenIp");
            return this;
        }

        /** Under which address other hosts know this one, {@code ip:port}; port 1113 of where jobs listen unless said. */
        public Builder advertise(String value) {
            this.advertised = requireNonNull(value, "advertised");
            return this;
        }

        /** What jobs may reserve together on this host; without it they may reserve as much as they like. */
        public Builder capacity(Capacity value) {
            this.capacity = Optional.of(value);
            return this;
        }

        /** Tags that the host has from its first start on; later ones are written to its record. */
        public Builder tags(Map<String, String> value) {
            this.tags = Map.copyOf(value);
            return this;
        }

        /** What the environment of every job begins with, such as {@code DISCOVERD}. */
        public Builder jobEnvironment(Map<String, String> value) {
            this.jobEnvironment = requireNonNull(value, "jobEnvironment");
            return this;
        }

        /** What the environment of the platform's own jobs begins with; releases override it. */
        public Builder builtinEnvironment(Map<String, String> value) {
            this.builtinEnvironment = requireNonNull(value, "builtinEnvironment");
            return this;
        }

        /** Asked before each job of an app begins: why it may not, if so. It is asked often and must be quick. */
        public Builder refusal(Supplier<Optional<String>> value) {
            this.refusal = requireNonNull(value, "refusal");
            return this;
        }

        /** Starts the agent: announces the host, recovers, and begins to run jobs. */
        public HostAgent build() {
            return new HostAgent(this);
        }
    }
}
