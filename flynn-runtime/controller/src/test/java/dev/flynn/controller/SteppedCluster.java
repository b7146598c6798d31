package dev.flynn.controller;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.event.EventType;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.base.DiskReserve;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.JobSpecs;
import dev.flynn.state.Versioned;
import dev.flynn.state.route.RouteCatalog;
import dev.flynn.store.MemoryClusterStore;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A real store, and a scheduler and a host that are played one step after the other, on a clock that a test sets: what happens
 * is the same each time.
 */
final class SteppedCluster implements AutoCloseable {

    /** What jobs of the new release do. */
    enum Behaviour {
        WORKS,
        EXITS,
        HANGS
    }

    private static final FlynnJson JSON = new FlynnJson();
    private static final Set<String> TOLD =
            Set.of(EventType.DEPLOYMENT.wireName(), EventType.SCALE.wireName(), EventType.APP_RELEASE.wireName());
    private static final Instant BEGINNING = Instant.parse("2015-12-14T09:00:00Z");

    final MemoryClusterStore store = new MemoryClusterStore();
    final ClusterState state = state(store);
    final SteppedDiscovery discovery = new SteppedDiscovery();
    final App app;
    final Release oldRelease;
    final Release newRelease;
    final DeploymentCatalog deployments;

    Behaviour behaviour = Behaviour.WORKS;

    /** New jobs of the type {@code postgres} join it; no replicated database unless a test says so. */
    ScriptedDatabase database = ScriptedDatabase.none();

    /** Whether new jobs are of the old release. */
    boolean restarts;

    private Instant now = BEGINNING;
    private int jobs;
    private final Set<String> endedByItself = new HashSet<>();

    SteppedCluster(
            Strategy strategy,
            Map<String, String> meta,
            Map<String, ProcessType> types,
            Map<String, Integer> processes,
            Path directory) {
        var tables = new ControllerTables(state);
        Transaction.Builder transaction = Transaction.builder();
        state.hosts().create(transaction, "host1", new Host("host1", "http://127.0.0.1:1113", Map.of()));
        var artifact = new Artifact(ArtifactId.random(), Artifact.HOST, "host:slugrunner", now);
        state.artifacts().create(transaction, artifact.id().toString(), artifact);
        this.oldRelease = release(transaction, artifact, types);
        this.newRelease = release(transaction, artifact, types);
        this.app = new App(AppId.random(), "ledger", meta, strategy, Optional.of(oldRelease.id()), 30, false, now, now);
        state.apps().create(transaction, app.id().toString(), app);
        transaction.put(ClusterState.appNameKey(app.name()), app.id().toString());
        var formation = new Formation(app.id(), oldRelease.id(), processes, Map.of(), now, now);
        state.formations().create(transaction, ClusterState.formationId(app.id(), oldRelease.id()), formation);
        var unused = state.commit(transaction);
        this.deployments = new DeploymentCatalog(
                state,
                tables,
                new AppCatalog(state, tables, new RouteCatalog(state), Optional.empty()),
                new DiskReserve(directory, 0));
        settle();
        now = now.plusSeconds(60);
    }

    private Release release(Transaction.Builder transaction, Artifact artifact, Map<String, ProcessType> types) {
        var release = new Release(
                ReleaseId.random(), Optional.empty(), List.of(artifact.id()), Map.of(), Map.of(), types, now);
        state.releases().create(transaction, release.id().toString(), release);
        return release;
    }

    /** The facts as somebody sees them whose store this is. */
    ClusterState state(ClusterStore seen) {
        return new ClusterState(seen, JSON, new Clock() {
            @Override
            public Instant instant() {
                return now;
            }

            @Override
            public ZoneOffset getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }
        });
    }

    /** A worker that has not done anything yet. */
    DeploymentExecutor worker(ClusterStore seen) {
        ClusterState its = state(seen);
        return new DeploymentExecutor(its, new ControllerTables(its), discovery, new NoLogs(), release -> database);
    }

    Instant now() {
        return now;
    }

    void passUntil(Instant time) {
        if (time.isAfter(now)) {
            now = time;
        }
    }

    /** Scheduler and host do all that there is to do; what ended by itself is restarted the next time. */
    void settle() {
        endedByItself.clear();
        boolean more = true;
        while (more) {
            List<JobRecord> all =
                    state.jobs().table().list().stream().map(Versioned::value).toList();
            more = schedule(all) || play(all);
            now = more ? now.plus(Duration.ofMillis(1)) : now;
        }
    }

    private boolean schedule(List<JobRecord> all) {
        for (Release release : List.of(oldRelease, newRelease)) {
            Map<String, Integer> formation = formation(release);
            for (String type : release.processes().keySet().stream().sorted().toList()) {
                int wanted = formation.getOrDefault(type, 0);
                List<JobRecord> live = live(all, release, type);
                if (live.size() < wanted && !endedByItself.contains(release.id() + type)) {
                    start(release, type);
                    return true;
                }
                if (live.size() > wanted) {
                    stop(live.get(live.size() - 1));
                    return true;
                }
            }
        }
        return false;
    }

    private void start(Release release, String type) {
        Artifact artifact = state.artifacts().list().get(0).value();
        var id = new JobId("host1-%08d-0000-1000-8000-000000000000".formatted(++jobs));
        JobSpec spec = JobSpecs.ofProcessType(
                id, app, release, artifact, type, release.processes().get(type));
        state.jobs().create(JobRecord.pending(spec, 0, now));
    }

    private void stop(JobRecord job) {
        var unused = state.jobs().update(job.id(), read -> read.withStopRequested(now));
    }

    private boolean play(List<JobRecord> all) {
        return all.stream().anyMatch(this::play);
    }

    private boolean play(JobRecord job) {
        boolean isNew = job.release().equals(Optional.of(newRelease.id()))
                || (restarts && !job.createdAt().isBefore(BEGINNING.plusSeconds(60)));
        Behaviour does = isNew ? behaviour : Behaviour.WORKS;
        if (job.stopRequested() && job.state().isLive()) {
            service(job)
                    .ifPresent(service ->
                            discovery.deregister(service, instance(job).id()));
            end(job, JobStatus.starting(job.id(), now).signalled(15, now));
            return true;
        }
        switch (job.state()) {
            case PENDING -> update(job, job.starting(job.spec(), now));
            case STARTING -> update(job, job.up("127.0.0.1", now));
            case UP -> {
                return isNew && does != Behaviour.WORKS ? misbehave(job, does) : register(job);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean misbehave(JobRecord job, Behaviour does) {
        if (does == Behaviour.EXITS) {
            end(job, JobStatus.starting(job.id(), now).exited(1, now));
            endedByItself.add(job.release().orElseThrow() + job.type().orElseThrow());
        }
        return does == Behaviour.EXITS;
    }

    /** @return whether it was not registered, or not done, before */
    private boolean register(JobRecord job) {
        Optional<String> service = service(job);
        if (service.isEmpty() || discovery.instances(service.get()).contains(instance(job))) {
            return false;
        }
        discovery.register(service.get(), instance(job));
        database.joins(job.type().orElseThrow(), job.release().orElseThrow(), job.id());
        ServiceMeta meta = discovery.meta(service.get()).orElse(new ServiceMeta("{}", 0));
        ObjectNode marks = (ObjectNode) JSON.readTree(meta.data());
        marks.put(instance(job).addr(), "done");
        discovery.setMeta(service.get(), new ServiceMeta(marks.toString(), meta.index()));
        return true;
    }

    private static Instance instance(JobRecord job) {
        Map<String, String> env = job.spec().env();
        int port = 10_000 + Integer.parseInt(job.id().value().substring(6, 14));
        return Instance.of(
                "tcp",
                "127.0.0.1:" + port,
                Map.of(
                        "FLYNN_APP_ID", env.getOrDefault("FLYNN_APP_ID", ""),
                        "FLYNN_RELEASE_ID", env.getOrDefault("FLYNN_RELEASE_ID", ""),
                        "FLYNN_PROCESS_TYPE", env.getOrDefault("FLYNN_PROCESS_TYPE", ""),
                        "FLYNN_JOB_ID", job.id().value()));
    }

    private Optional<String> service(JobRecord job) {
        return oldRelease.processes().get(job.type().orElseThrow()).service();
    }

    private void update(JobRecord job, JobRecord changed) {
        var unused = state.jobs().update(job.id(), read -> changed);
    }

    private void end(JobRecord job, JobStatus status) {
        update(job, job.down(status, now));
    }

    private Map<String, Integer> formation(Release release) {
        return state.formations()
                .find(ClusterState.formationId(app.id(), release.id()))
                .map(read -> read.value().processes())
                .orElse(Map.of());
    }

    private static List<JobRecord> live(List<JobRecord> all, Release release, String type) {
        return all.stream()
                .filter(job -> job.state().isLive() && !job.stopRequested())
                .filter(job -> job.release().equals(Optional.of(release.id()))
                        && job.type().equals(Optional.of(type)))
                .sorted(Comparator.comparing((JobRecord job) -> job.id().value()))
                .toList();
    }

    /** All that is to be the same, whoever is killed on the way: what was told, in its order, and what is left. */
    List<String> facts() {
        List<String> facts = new ArrayList<>();
        state.events().history().events().stream()
                .filter(event -> TOLD.contains(event.objectType()))
                .forEach(event -> facts.add(named(event.objectType() + " " + event.data())));
        List<String> left = new ArrayList<>();
        state.formations()
                .list()
                .forEach(formation -> left.add("wanted " + formation.value().release() + " "
                        + new TreeMap<>(formation.value().processes())));
        state.apps().list().forEach(read -> left.add("current " + read.value().release()));
        state.deployments()
                .list()
                .forEach(read -> left.add("deployment " + read.value().status()));
        state.jobs().table().list().stream()
                .map(Versioned::value)
                .filter(job -> job.state() != JobState.DOWN)
                .forEach(job -> left.add("runs " + job.release().orElseThrow() + " " + job.id()));
        left.stream().map(this::named).sorted().forEach(facts::add);
        return facts;
    }

    private String named(String fact) {
        return fact.replace(oldRelease.id().toString(), "old")
                .replace(newRelease.id().toString(), "new")
                .replaceAll("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "id");
    }

    @Override
    public void close() {
        store.close();
    }

    private static final class NoLogs implements AppLogs {

        @Override
        public List<LogMessage> read(AppId app, Query query) {
            return List.of();
        }

        @Override
        public Subscription follow(AppId app, Query query, Follower follower) {
            throw new UnsupportedOperationException();
        }
    }
}
