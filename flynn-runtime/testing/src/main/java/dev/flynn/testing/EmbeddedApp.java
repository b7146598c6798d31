package dev.flynn.testing;

import static java.util.Comparator.comparing;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apiguardian.api.API;

/** An app of an {@link EmbeddedCluster} with its one release: scaled as an operator would, and seen as the records have it. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class EmbeddedApp {

    private final EmbeddedCluster cluster;
    private final AppId id;
    private final ReleaseId release;

    private EmbeddedApp(EmbeddedCluster cluster, AppId id, ReleaseId release) {
        this.cluster = cluster;
        this.id = id;
        this.release = release;
    }

    static EmbeddedApp create(EmbeddedCluster cluster, String name, Map<String, ProcessType> types) {
        ClusterState state = cluster.state();
        Instant now = cluster.clock().instant();
        var artifact = new Artifact(ArtifactId.random(), "host", "host:" + name, now);
        var id = AppId.random();
        var release = new Release(
                ReleaseId.random(), Optional.of(id), List.of(artifact.id()), Map.of(), Map.of(), types, now);
        var app = new App(
                id,
                name,
                Map.of(),
                Strategy.ALL_AT_ONCE,
                Optional.of(release.id()),
                App.DEFAULT_DEPLOY_TIMEOUT,
                false,
                now,
                now);
        Transaction.Builder transaction = Transaction.builder()
                .whenAbsent(ClusterState.appNameKey(name))
                .put(ClusterState.appNameKey(name), id.toString());
        state.artifacts().create(transaction, artifact.id().toString(), artifact);
        state.releases().create(transaction, release.id().toString(), release);
        state.apps().create(transaction, id.toString(), app);
        state.formations()
                .create(
                        transaction,
                        ClusterState.formationId(id, release.id()),
                        new Formation(id, release.id(), Map.of(), Map.of(), now, now));
        if (!state.commit(transaction).committed()) {
            throw FlynnException.exists("app \"%s\" already exists".formatted(name));
        }
        return new EmbeddedApp(cluster, id, release.id());
    }

    public AppId id() {
        return id;
    }

    public ReleaseId release() {
        return release;
    }

    /** Wants so many jobs of a type, and waits until the cluster is quiet: jobs that nothing delays are up then. */
    public void scale(String type, int count) {
        cluster.state().formations().update(ClusterState.formationId(id, release), formation -> {
            Map<String, Integer> processes = new HashMap<>(formation.processes());
            processes.put(type, count);
            return formation.withProcesses(processes, cluster.clock().instant());
        });
        cluster.settle();
    }

    /** All its jobs, the oldest first, those that are down included. */
    public List<JobRecord> jobs() {
        return cluster.state().jobs().table().list().stream()
                .sorted(comparing(Versioned::createRevision))
                .map(Versioned::value)
                .filter(job -> job.app().equals(Optional.of(id)))
                .toList();
    }

    public List<JobRecord> jobs(JobState state) {
        return jobs().stream().filter(job -> job.state() == state).toList();
    }

    /** The number of jobs that are up on each host that has any, as the cluster believes. */
    public Map<String, Long> upByHost() {
        return jobs(JobState.UP).stream()
                .collect(Collectors.groupingBy(JobRecord::hostId, TreeMap::new, Collectors.counting()));
    }
}
