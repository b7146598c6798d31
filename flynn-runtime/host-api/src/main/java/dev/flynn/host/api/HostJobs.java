package dev.flynn.host.api;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * The jobs of this host in the cluster store. A host that is cut off from the others still tells what it knows of its jobs.
 * Thread-safe; its methods may wait for the store.
 */
final class HostJobs {

    private final ClusterState state;
    private final String hostId;
    private final String prefix;

    HostJobs(ClusterState state, String hostId) {
        this.state = state;
        this.hostId = hostId;
        this.prefix = state.jobs().table().key(hostId + "-");
    }

    String hostId() {
        return hostId;
    }

    /** The keys of this host's jobs begin with it. */
    String prefix() {
        return prefix;
    }

    /** Empty also for an id that is none, or one of another host. */
    Optional<JobRecord> find(String id) {
        return find(
                id,
                consistency -> state.store()
                        .get(state.jobs().table().key(id), consistency)
                        .map(this::parse));
    }

    /** What this host's own copy of the store says; does not wait for others. */
    Optional<JobRecord> findHere(String id) {
        return belongs(id)
                ? state.store()
                        .get(state.jobs().table().key(id), Consistency.STALE)
                        .map(this::parse)
                : Optional.empty();
    }

    private <T> Optional<T> find(String id, Function<Consistency, Optional<T>> read) {
        return belongs(id) ? orStale(read) : Optional.empty();
    }

    private boolean belongs(String id) {
        return id.startsWith(hostId + "-");
    }

    /** All of them, by id. */
    TreeMap<String, JobRecord> all() {
        var all = new TreeMap<String, JobRecord>();
        snapshot().entries().forEach(entry -> {
            JobRecord job = parse(entry);
            all.put(job.id().value(), job);
        });
        return all;
    }

    StoreSnapshot snapshot() {
        return orStale(consistency -> state.store().list(prefix, consistency));
    }

    Subscription watch(long afterRevision, StoreWatcher watcher) {
        return state.store().watch(prefix, afterRevision, watcher);
    }

    private static <T> T orStale(Function<Consistency, T> read) {
        try {
            return read.apply(Consistency.LINEARIZABLE);
        } catch (FlynnException e) {
            if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                throw e;
            }
            return read.apply(Consistency.STALE);
        }
    }

    JobRecord parse(StoreEntry entry) {
        return json().read(entry.value(), JobRecord.class);
    }

    /** @throws FlynnException {@code CONFLICT} if the id is taken */
    void create(JobSpec spec) {
        try {
            state.jobs().create(JobRecord.pending(spec, 0, state.clock().instant()));
        } catch (FlynnException e) {
            throw e.code() == ErrorCode.OBJECT_EXISTS ? FlynnException.conflict("job already exists") : e;
        }
    }

    JobRecord requestStop(JobId id) {
        return state.jobs()
                .update(id, job -> job.withStopRequested(state.clock().instant()));
    }

    FlynnJson json() {
        return state.json();
    }
}
