package dev.flynn.spi.scheduler;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.job.Priority;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What a scheduler decides upon: hosts, wanted formations, and jobs, as they all were at one moment.
 *
 * <p>It tells of all hosts. It may leave out apps that nothing has to be decided for: neither their formations are there then
 * nor their jobs, and what these jobs use of a host is in its {@link HostView#others}. Of an app that it tells of it tells
 * everything.
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

    /**
     * A host.
     *
     * @param schedulable whether it takes new jobs; one that is not healthy, drains, or has no room on its disk keeps its jobs
     *     and gets no new ones
     * @param capacity what it has for jobs
     * @param others what jobs that the snapshot does not tell of have of it
     */
    public record HostView(String id, Map<String, String> tags, boolean schedulable, Capacity capacity, Load others) {
        public HostView {
            requireNonNull(capacity, "capacity");
            requireNonNull(others, "others");
            tags = Map.copyOf(tags);
        }

        /** Of a host that does not say what it has, and has no other jobs. */
        public HostView(String id, Map<String, String> tags, boolean schedulable) {
            this(id, tags, schedulable, Capacity.UNLIMITED, Load.NONE);
        }
    }

    /**
     * Jobs together.
     *
     * @param jobs how many; those that are stopping do not count
     * @param unreserved how many of them reserve nothing
     * @param reserved what all reserve together, those that are stopping included
     */
    public record Load(int jobs, int unreserved, Capacity reserved) {
        public static final Load NONE = new Load(0, 0, Capacity.NONE);

        public Load {
            requireNonNull(reserved, "reserved");
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
     * @param reserved what each job has to itself of its host
     * @param antiAffinity no two jobs of the type in one place: {@link #HOST} for a host, otherwise the name of a tag, whose
     *     values are places; empty if they may be anywhere. Without a meaning for omni types
     */
    public record TypeView(
            String type,
            int count,
            boolean omni,
            Map<String, String> tags,
            List<VolumeView> volumes,
            Capacity reserved,
            Priority priority,
            Optional<String> antiAffinity) {

        /** The anti-affinity of jobs that must not share a host. */
        public static final String HOST = "host";

        public TypeView {
            requireNonNull(reserved, "reserved");
            requireNonNull(priority, "priority");
            requireNonNull(antiAffinity, "antiAffinity");
            tags = Map.copyOf(tags);
            volumes = List.copyOf(volumes);
        }

        /** Of an app's type that reserves nothing. */
        public TypeView(String type, int count, boolean omni, Map<String, String> tags, List<VolumeView> volumes) {
            this(type, count, omni, tags, volumes, Capacity.NONE, Priority.USER, Optional.empty());
        }

        /** Of an app's type that reserves nothing and keeps no data. */
        public TypeView(String type, int count, boolean omni, Map<String, String> tags) {
            this(type, count, omni, tags, List.of());
        }

        public TypeView withReserved(Capacity value) {
            return new TypeView(type, count, omni, tags, volumes, value, priority, antiAffinity);
        }

        public TypeView withPriority(Priority value) {
            return new TypeView(type, count, omni, tags, volumes, reserved, value, antiAffinity);
        }

        public TypeView withAntiAffinity(String place) {
            return new TypeView(type, count, omni, tags, volumes, reserved, priority, Optional.of(place));
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
     * @param reserved what it has to itself of its host until it is down, also while it stops; nothing of any while it waits
     */
    public record JobView(
            JobId id,
            String hostId,
            AppId app,
            ReleaseId release,
            String type,
            JobState state,
            Instant startedAt,
            Capacity reserved) {

        public JobView {
            requireNonNull(reserved, "reserved");
        }

        /** Of a job that reserves nothing. */
        public JobView(
                JobId id, String hostId, AppId app, ReleaseId release, String type, JobState state, Instant startedAt) {
            this(id, hostId, app, release, type, state, startedAt, Capacity.NONE);
        }
    }
}
