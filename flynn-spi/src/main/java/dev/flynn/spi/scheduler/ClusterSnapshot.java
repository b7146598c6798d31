package dev.flynn.spi.scheduler;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What a scheduler decides upon: hosts, wanted formations, and jobs, as they all were at one moment.
 *
 * @param now the moment; restart delays are compared with it
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ClusterSnapshot(Instant now, List<HostView> hosts, List<FormationView> formations, List<JobView> jobs) {

    public ClusterSnapshot {
        hosts = List.copyOf(hosts);
        formations = List.copyOf(formations);
        jobs = List.copyOf(jobs);
    }

    /** A host; one that is not healthy, drains, or has no room on its disk keeps its jobs and gets no new ones. */
    public record HostView(String id, Map<String, String> tags, boolean schedulable) {
        public HostView {
            tags = Map.copyOf(tags);
        }
    }

    /**
     * The jobs that one release of an app wants.
     *
     * @param types those that the release has, also with a count of zero; none at all for a formation that was deleted, so
     *     that all its jobs are stopped but one-off jobs
     */
    public record FormationView(AppId app, ReleaseId release, List<TypeView> types) {
        public FormationView {
            types = List.copyOf(types);
        }
    }

    /**
     * One process type of the release.
     *
     * @param count wanted jobs; per host for an omni type
     * @param tags what a host must have
     * @param volumes with what jobs of this app and type, of whatever release, have written; the next job is to have the
     *     first of them that it can have. None if the type keeps no data, or runs on every host
     */
    public record TypeView(String type, int count, boolean omni, Map<String, String> tags, List<VolumeView> volumes) {
        public TypeView {
            tags = Map.copyOf(tags);
            volumes = List.copyOf(volumes);
        }

        /** Of a type that keeps no data. */
        public TypeView(String type, int count, boolean omni, Map<String, String> tags) {
            this(type, count, omni, tags, List.of());
        }
    }

    /**
     * A volume, which one job at a time can have, on its host.
     *
     * @param hostId may be a host that is not healthy
     * @param holder the job that has it, which may be one that the snapshot does not tell of; empty if it is free
     */
    public record VolumeView(String id, String hostId, Optional<JobId> holder) {}

    /**
     * A job that is not down, or that waits to be restarted.
     *
     * @param hostId where it is; empty for one that waits for its restart, and if it is of an omni type, waits for it on
     *     the host that its id names
     * @param type empty for one-off jobs
     * @param state stopping, if it was asked to stop; it counts no more then
     * @param startedAt when it was last started; for one that waits, when it may start
     */
    public record JobView(
            JobId id, String hostId, AppId app, ReleaseId release, String type, JobState state, Instant startedAt) {}
}
