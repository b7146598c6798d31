package dev.flynn.host;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.discovery.Heartbeats;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.spi.log.LogSink;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent of one machine: a reconciler that runs the jobs which the cluster store assigns to this host, and writes back
 * what becomes of them.
 *
 * <p>It can be killed at any instruction. When it starts again, jobs that its backends have no more are recorded as down,
 * and those that are to be resurrected begin again under new ids.
 */
public final class HostAgent implements HostConnections, HostConnection, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HostAgent.class);

    /** Between leaving discovery and SIGTERM, so that routers have stopped choosing the job. */
    private static final Duration DRAIN = Duration.ofMillis(300);

    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final int KEPT_DOWN_JOBS = 100;

    private final String hostId;
    private final ClusterState state;
    private final Discovery discovery;
    private final ContainerBackend builtinBackend;
    private final ContainerBackend appBackend;
    private final LogSink logSink;
    private final String listenIp;
    private final Map<String, String> hostEnvironment;
    private final Clock clock;

    private final PortAllocator ports;
    private final Heartbeats heartbeats;
    private final Map<JobId, LocalJob> local = new ConcurrentHashMap<>();
    private final Map<JobId, List<AttachSession>> waiting = new HashMap<>();

    /** Takes every decision, one after the other. */
    private final ExecutorService decisions =
            java.util.concurrent.Executors.newSingleThreadExecutor(new NamedThreads("host-agent"));

    private final ScheduledExecutorService checks =
            java.util.concurrent.Executors.newScheduledThreadPool(4, new NamedThreads("host-checks"));

    private final AtomicBoolean reconcileQueued = new AtomicBoolean();
    private final TableView<JobRecord> records;
    private volatile boolean closing;

    private HostAgent(Builder builder) {
        this.hostId = builder.hostId;
        this.state = builder.state;
        this.discovery = builder.discovery;
        this.builtinBackend = requireNonNull(builder.builtinBackend, "builtinBackend");
        this.appBackend = requireNonNull(builder.appBackend, "appBackend");
        this.logSink = requireNonNull(builder.logSink, "logSink");
        this.listenIp = builder.listenIp;
        this.hostEnvironment = Map.copyOf(builder.environment);
        this.clock = state.clock();
        this.ports = new PortAllocator(listenIp);
        this.heartbeats = new Heartbeats(discovery);
        announce();
        forgetOldInstances();
        recover();
        var backendEvents = new BackendEvents();
        var unusedBuiltin = builtinBackend.watch(backendEvents);
        var unusedApps = appBackend.watch(backendEvents);
        this.records = state.jobs().table().view(this::reconcileSoon);
        reconcileSoon();
    }

    public static Builder builder(String hostId, ClusterState state, Discovery discovery) {
        return new Builder(hostId, state, discovery);
    }

    // starting

    private void announce() {
        Transaction.Builder transaction = Transaction.builder();
        String key = state.hosts().key(hostId);
        transaction.put(key, state.json().write(new Host(hostId, "http://" + listenIp, Map.of())));
        state.commit(transaction);
    }

    /** What an earlier run of this agent registered is gone with its jobs. */
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

    private void recover() {
        for (Versioned<JobRecord> record : state.jobs().table().list(hostId + "-")) {
            JobRecord job = record.value();
            boolean here = appBackend.status(job.id()).isPresent();
            if (job.state() == JobState.DOWN || job.state() == JobState.PENDING || here) {
                continue;
            }
            Transaction.Builder transaction = Transaction.builder();
            state.jobs().replace(transaction, record, job.lost("its host was restarted", clock.instant()));
            if (job.spec().resurrect() && !job.stopRequested()) {
                state.jobs().create(transaction, resurrected(job));
            }
            state.commit(transaction);
        }
    }

    private JobRecord resurrected(JobRecord job) {
        JobId id = JobId.random(hostId);
        Map<String, String> env = new HashMap<>(job.spec().env());
        env.computeIfPresent("FLYNN_JOB_ID", (name, old) -> id.value());
        JobSpec spec = job.spec()
                .withId(id)
                .withEnv(env)
                .withPorts(job.spec().ports().stream()
                        .map(port -> port.withPort(0))
                        .toList());
        return JobRecord.pending(spec, job.restarts(), clock.instant());
    }

    // deciding

    private void reconcileSoon() {
        if (!closing && reconcileQueued.compareAndSet(false, true)) {
            decide(() -> {
                reconcileQueued.set(false);
                reconcile();
            });
        }
    }

    private void decide(Runnable decision) {
        try {
            decisions.execute(() -> {
                try {
                    decision.run();
                } catch (RuntimeException e) {
                    log.atError().setCause(e).log("host agent's decision failed");
                }
            });
        } catch (RejectedExecutionException closed) {
            // the agent ends; what is left is found by the next one
        }
    }

    private void reconcile() {
        for (Versioned<JobRecord> record : records.records().values()) {
            JobRecord job = record.value();
            if (closing || !job.hostId().equals(hostId) || job.state() == JobState.DOWN) {
                continue;
            }
            LocalJob here = local.get(job.id());
            if (here == null && job.state() == JobState.PENDING) {
                if (job.stopRequested()) {
                    recordDown(
                            job.id(),
                            JobStatus.starting(job.id(), clock.instant()).exited(0, clock.instant()));
                } else {
                    accept(job);
                }
            } else if (here != null && job.stopRequested() && !here.stopping()) {
                stop(here);
            }
        }
    }

    private void accept(JobRecord job) {
        LocalJob here = null;
        try {
            JobSpec resolved = resolve(job.spec());
            here = new LocalJob(resolved, backendFor(resolved), new JobStreams(resolved, logSink, clock));
            local.put(job.id(), here);
            adoptWaiting(here);
            JobRecord started = state.jobs().update(job.id(), record -> record.starting(resolved, clock.instant()));
            if (started.state() != JobState.STARTING) {
                drop(here);
                return;
            }
            here.backend.start(resolved);
        } catch (FlynnException e) {
            log.atWarn().addKeyValue("job", job.id()).setCause(e).log("job cannot be started");
            JobStatus failed = JobStatus.starting(job.id(), clock.instant()).failed(e.getMessage(), clock.instant());
            if (here == null) {
                recordDown(job.id(), failed);
            } else {
                finished(here, failed);
            }
        }
    }

    private ContainerBackend backendFor(JobSpec spec) {
        return spec.image().type().equals(Artifact.BUILTIN) ? builtinBackend : appBackend;
    }

    /** The spec with its ports assigned and the environment that the host adds (contract: controller, Environment). */
    private JobSpec resolve(JobSpec spec) {
        List<dev.flynn.api.release.Port> assigned = new ArrayList<>();
        Map<String, String> env = new HashMap<>(hostEnvironment);
        env.put("EXTERNAL_IP", listenIp);
        env.put("LISTEN_IP", listenIp);
        env.putAll(spec.env());
        for (int i = 0; i < spec.ports().size(); i++) {
            int port = ports.allot();
            assigned.add(spec.ports().get(i).withPort(port));
            env.put("PORT_" + i, String.valueOf(port));
            if (i == 0) {
                env.put("PORT", String.valueOf(port));
            }
        }
        env.put("EXTERNAL_IP", listenIp);
        String hostname = spec.id().uuid();
        env.put("HOSTNAME", hostname.length() > 64 ? hostname.substring(0, 64) : hostname);
        return spec.withPorts(assigned).withEnv(env);
    }

    private void stop(LocalJob job) {
        if (!job.beginStopping()) {
            return;
        }
        boolean served = job.closeServices();
        state.jobs().update(job.id(), record -> record.stopping(clock.instant()));
        long drain = served ? DRAIN.toMillis() : 0;
        var unused = checks.schedule(() -> job.backend.stop(job.id(), GRACE), drain, TimeUnit.MILLISECONDS);
    }

    // what backends tell

    private final class BackendEvents implements JobListener {

        @Override
        public void onStatus(JobStatus status) {
            LocalJob job = local.get(status.id());
            if (job == null) {
                return;
            }
            switch (status.state()) {
                case STARTING -> {}
                case RUNNING -> running(job, status);
                case DOWN -> finished(job, status);
            }
        }

        @Override
        public void onOutput(JobId id, OutputStreamKind stream, byte[] bytes) {
            LocalJob job = local.get(id);
            if (job != null) {
                job.streams.output(stream, bytes);
            }
        }
    }

    private void running(LocalJob job, JobStatus status) {
        String address = status.address().orElse(listenIp);
        job.markRunning();
        job.streams.running();
        if (!closing) {
            state.jobs().update(job.id(), record -> record.up(address, clock.instant()));
        }
        for (dev.flynn.api.release.Port port : job.spec.ports()) {
            port.service().ifPresent(service -> {
                Instance instance = Instance.of(port.proto(), address + ":" + port.port(), serviceMeta(job.spec.env()));
                var registered = new ServicePort(
                        service,
                        instance,
                        discovery,
                        heartbeats,
                        checks,
                        () -> job.backend.stop(job.id(), Duration.ZERO));
                if (job.addService(registered)) {
                    registered.start();
                }
            });
        }
        reconcileSoon();
    }

    private static Map<String, String> serviceMeta(Map<String, String> env) {
        Map<String, String> meta = new HashMap<>();
        for (String name :
                List.of("FLYNN_APP_ID", "FLYNN_APP_NAME", "FLYNN_RELEASE_ID", "FLYNN_PROCESS_TYPE", "FLYNN_JOB_ID")) {
            String value = env.get(name);
            if (value != null) {
                meta.put(name, value);
            }
        }
        return meta;
    }

    private void finished(LocalJob job, JobStatus status) {
        job.closeServices();
        job.streams.end(status);
        drop(job);
        if (!closing) {
            recordDown(job.id(), status);
        }
        job.backend.forget(job.id());
    }

    private void drop(LocalJob job) {
        local.remove(job.id());
        job.spec.ports().forEach(port -> ports.release(port.port()));
    }

    private void recordDown(JobId id, JobStatus status) {
        try {
            JobRecord down = state.jobs().update(id, record -> record.down(status, clock.instant()));
            down.app().ifPresent(app -> decide(() -> forgetOldJobs(app)));
        } catch (FlynnException | IllegalStateException e) {
            log.atError().addKeyValue("job", id).setCause(e).log("cannot record that a job is down");
        }
    }

    /** Lists stay short: of the jobs of an app that are down, the newest are kept. */
    private void forgetOldJobs(AppId app) {
        List<Versioned<JobRecord>> down = records.records().values().stream()
                .filter(record -> record.value().state() == JobState.DOWN)
                .filter(record -> record.value().app().equals(Optional.of(app)))
                .sorted(Comparator.comparingLong((Versioned<JobRecord> record) -> record.createRevision())
                        .reversed())
                .skip(KEPT_DOWN_JOBS)
                .filter(record -> record.value().restartAt().isEmpty())
                .toList();
        for (Versioned<JobRecord> record : down) {
            Transaction.Builder transaction = Transaction.builder();
            state.jobs().table().remove(transaction, record);
            state.commit(transaction);
        }
    }

    // attaching

    @Override
    public HostConnection connect(String id) {
        if (!id.equals(hostId)) {
            throw FlynnException.unavailable("host \"%s\" cannot be reached from %s".formatted(id, hostId), null);
        }
        return this;
    }

    @Override
    public Attachment attach(JobId job, boolean stdin, Optional<TerminalSize> size, AttachListener listener) {
        var session = new AttachSession(job, stdin, listener, () -> backendOf(job), closed -> detach(job, closed));
        LocalJob here;
        synchronized (waiting) {
            here = local.get(job);
            if (here == null && !wasHere(job)) {
                waiting.computeIfAbsent(job, id -> new ArrayList<>()).add(session);
                return session;
            }
        }
        if (here == null) {
            session.error(AttachSession.NOT_RUNNING);
        } else {
            here.streams.attach(session, here.isRunning());
            size.ifPresent(wanted -> resizeIfItCan(session, wanted));
        }
        return session;
    }

    private static void resizeIfItCan(AttachSession session, TerminalSize size) {
        try {
            session.resize(size);
        } catch (FlynnException noTerminal) {
            // only jobs with a terminal have a size
        }
    }

    private boolean wasHere(JobId job) {
        return state.jobs()
                .find(job)
                .map(record -> record.state() != JobState.PENDING)
                .orElse(false);
    }

    private void adoptWaiting(LocalJob job) {
        synchronized (waiting) {
            List<AttachSession> sessions = waiting.remove(job.id());
            if (sessions != null) {
                sessions.forEach(session -> job.streams.attach(session, false));
            }
        }
    }

    private void detach(JobId job, AttachSession session) {
        synchronized (waiting) {
            List<AttachSession> sessions = waiting.get(job);
            if (sessions != null && sessions.remove(session) && sessions.isEmpty()) {
                waiting.remove(job);
            }
        }
        LocalJob here = local.get(job);
        if (here != null) {
            here.streams.detach(session);
        }
    }

    private ContainerBackend backendOf(JobId job) {
        return runningJob(job).backend;
    }

    private LocalJob runningJob(JobId job) {
        LocalJob here = local.get(job);
        if (here == null) {
            throw new FlynnException(
                    dev.flynn.api.error.ErrorCode.OBJECT_NOT_FOUND, "job " + job + " does not run on " + hostId);
        }
        return here;
    }

    @Override
    public void signal(JobId job, int number) {
        backendOf(job).signal(job, number);
    }

    // ending

    /**
     * Ends all jobs: those of apps first, then the platform's own. Their records stay as they are, so that the next start
     * finds what ran and brings it back.
     */
    @Override
    public void close() {
        if (closing) {
            return;
        }
        closing = true;
        records.close();
        endJobs(appBackend);
        endJobs(builtinBackend);
        heartbeats.close();
        Executors.stop(decisions, "host-agent", Duration.ofSeconds(5));
        Executors.stop(checks, "host-checks", Duration.ofSeconds(5));
    }

    private void endJobs(ContainerBackend backend) {
        List<LocalJob> jobs =
                local.values().stream().filter(job -> job.backend == backend).toList();
        jobs.forEach(LocalJob::closeServices);
        jobs.forEach(job -> backend.stop(job.id(), GRACE));
        long deadline = System.nanoTime() + GRACE.plusSeconds(2).toNanos();
        for (LocalJob job : jobs) {
            job.awaitDown(
                    deadline - System.nanoTime(),
                    () -> backend.status(job.id()).map(JobStatus::isDown).orElse(true));
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
        private String listenIp = "127.0.0.1";
        private Map<String, String> environment = Map.of();

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

        /** Where jobs listen; {@code 127.0.0.1} unless said. */
        public Builder listenIp(String value) {
            this.listenIp = requireNonNull(value, "listenIp");
            return this;
        }

        /** What every job's environment begins with; releases override it. */
        public Builder environment(Map<String, String> value) {
            this.environment = requireNonNull(value, "environment");
            return this;
        }

        /** Starts the agent: announces the host, recovers, and begins to run jobs. */
        public HostAgent build() {
            return new HostAgent(this);
        }
    }
}
