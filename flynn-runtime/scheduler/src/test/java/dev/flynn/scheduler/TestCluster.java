package dev.flynn.scheduler;

import static java.util.Comparator.comparing;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A cluster's records, with hosts that do at once what the records ask them to when they are told to look. */
final class TestCluster {

    final ClusterState state;
    private final Clock clock;

    TestCluster(ClusterStore store, Clock clock) {
        this.state = new ClusterState(store, new FlynnJson(), clock);
        this.clock = clock;
    }

    TestCluster withHosts(String... ids) {
        for (String id : ids) {
            create(state.hosts(), id, new Host(id, "http://" + id, Map.of()));
        }
        return this;
    }

    TestCluster withHost(String id, Capacity capacity) {
        create(state.hosts(), id, new Host(id, "http://" + id, Map.of()).withCapacity(Optional.of(capacity)));
        return this;
    }

    void drain(String host, boolean draining) {
        state.hosts().update(host, read -> read.withDraining(draining));
    }

    void tag(String host, Map<String, String> tags) {
        state.hosts().update(host, read -> read.withTags(tags));
    }

    // ---- apps

    /** An app whose release has these types, and wants nothing yet. */
    Formation app(String... types) {
        return app(Stream.of(types).collect(Collectors.toMap(type -> type, type -> command(type))));
    }

    Formation app(Map<String, ProcessType> types) {
        var artifact = new Artifact(ArtifactId.random(), "host", "host:slugrunner", now());
        create(state.artifacts(), artifact.id().toString(), artifact);
        return app(types, List.of(artifact.id()));
    }

    Formation app(Map<String, ProcessType> types, List<ArtifactId> artifacts) {
        var release = new Release(
                ReleaseId.random(), Optional.empty(), artifacts, Map.of("COLOR", "blue"), Map.of(), types, now());
        create(state.releases(), release.id().toString(), release);
        return app(release.id());
    }

    Formation app(ReleaseId release) {
        AppId id = AppId.random();
        var app = new App(
                id,
                "app-" + id.toString().substring(0, 8),
                Map.of("team", "ledger"),
                Strategy.ALL_AT_ONCE,
                Optional.of(release),
                30,
                false,
                now(),
                now());
        create(state.apps(), id.toString(), app);
        var formation = new Formation(id, release, Map.of(), Map.of(), now(), now());
        create(state.formations(), key(formation), formation);
        return formation;
    }

    /** Another release of the same app, which wants nothing yet. */
    Formation nextRelease(Formation formation, Map<String, ProcessType> types) {
        List<ArtifactId> artifacts =
                state.releases().get(formation.release().toString()).value().artifacts();
        var release = new Release(ReleaseId.random(), Optional.empty(), artifacts, Map.of(), Map.of(), types, now());
        create(state.releases(), release.id().toString(), release);
        var next = new Formation(formation.app(), release.id(), Map.of(), Map.of(), now(), now());
        create(state.formations(), key(next), next);
        return next;
    }

    static ProcessType command(String... cmd) {
        return ProcessType.ofCommand(List.of(cmd));
    }

    /** A type whose jobs have so much memory to themselves. */
    static ProcessType reserving(long megabytes) {
        return command("sleep").withResources(Map.of(ResourceLimit.MEMORY, ResourceLimit.of(megabytes << 20)));
    }

    static ProcessType omni(String... cmd) {
        return new ProcessType(
                List.of(cmd), List.of(), Map.of(), List.of(), false, true, false, Optional.empty(), false, Map.of());
    }

    void scale(Formation formation, String type, int count) {
        state.formations().update(key(formation), read -> {
            Map<String, Integer> processes = new HashMap<>(read.processes());
            processes.put(type, count);
            return read.withProcesses(processes, now());
        });
    }

    void wantTags(Formation formation, String type, Map<String, String> tags) {
        state.formations()
                .update(
                        key(formation),
                        read -> new Formation(
                                read.app(),
                                read.release(),
                                read.processes(),
                                Map.of(type, tags),
                                read.createdAt(),
                                now()));
    }

    void delete(Formation formation) {
        Transaction.Builder transaction = Transaction.builder();
        state.formations().remove(transaction, state.formations().get(key(formation)));
        state.commit(transaction);
    }

    private static String key(Formation formation) {
        return ClusterState.formationId(formation.app(), formation.release());
    }

    // ---- jobs

    /** All jobs of a formation's type, the oldest first. */
    List<JobRecord> jobs(Formation formation, String type) {
        return state.jobs().table().list().stream()
                .sorted(comparing(Versioned::createRevision))
                .map(Versioned::value)
                .filter(job -> job.app().equals(Optional.of(formation.app()))
                        && job.release().equals(Optional.of(formation.release()))
                        && job.type().equals(Optional.of(type)))
                .toList();
    }

    /** Those that are wanted. */
    List<JobRecord> live(Formation formation, String type) {
        return jobs(formation, type).stream()
                .filter(job -> job.state().isLive() && !job.stopRequested())
                .toList();
    }

    JobRecord onlyLive(Formation formation, String type) {
        List<JobRecord> live = live(formation, type);
        if (live.size() != 1) {
            throw new AssertionError("expected one job, found " + live);
        }
        return live.get(0);
    }

    JobRecord job(JobId id) {
        return state.jobs().find(id).orElseThrow();
    }

    JobRecord oneOff(Formation formation, String host) {
        JobSpec command = JobSpec.ofCommand(JobId.random(host), new JobSpec.Image("host", "host:x"), List.of("sh"));
        JobSpec spec = command.toBuilder()
                .metadata(Map.of(
                        JobSpec.META_APP, formation.app().toString(),
                        JobSpec.META_RELEASE, formation.release().toString()))
                .build();
        JobRecord job = JobRecord.pending(spec, 0, now());
        state.jobs().create(job);
        return job;
    }

    // ---- what hosts do

    /** Every host starts what is pending and stops what it is asked to. */
    void hostsAct() {
        hostsAct(host -> true);
    }

    /** These hosts do. */
    void hostsAct(Predicate<String> which) {
        for (Versioned<JobRecord> job : state.jobs().table().list()) {
            JobId id = job.value().id();
            if (!which.test(job.value().hostId())) {
                continue;
            }
            if (job.value().state().isLive() && job.value().stopRequested()) {
                exit(id, 0);
            } else if (job.value().state() == JobState.PENDING) {
                state.jobs().update(id, read -> read.starting(read.spec(), now()));
                state.jobs().update(id, read -> read.up("127.0.0.1", now()));
            }
        }
    }

    /** The job's process ends. */
    void exit(JobId id, int status) {
        state.jobs().update(id, read -> read.down(JobStatus.starting(id, now()).exited(status, now()), now()));
    }

    /** The job's process ends as soon as it runs, by the clock of its host. */
    void exit(JobId id, int status, Instant at) {
        state.jobs().update(id, read -> read.starting(read.spec(), at).up("127.0.0.1", at));
        state.jobs().update(id, read -> read.down(JobStatus.starting(id, at).exited(status, at), at));
    }

    <T> void create(Table<T> table, String id, T value) {
        Transaction.Builder transaction = Transaction.builder();
        table.create(transaction, id, value);
        if (!state.commit(transaction).committed()) {
            throw new AssertionError(id + " exists already");
        }
    }

    private Instant now() {
        return clock.instant();
    }
}
