package dev.flynn.tck.scheduler;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import dev.flynn.spi.scheduler.ClusterSnapshot.Load;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.spi.scheduler.ClusterSnapshot.VolumeView;
import dev.flynn.spi.scheduler.Plan;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A cluster on paper: it gives snapshots, and does at once what a plan says. */
final class ModelCluster {

    private final List<HostView> hosts = new ArrayList<>();
    private final List<FormationView> formations = new ArrayList<>();
    private final List<JobView> jobs = new ArrayList<>();
    private Instant now = Instant.parse("2030-01-01T00:00:00Z");
    private int nextJob = 1;

    Instant now() {
        return now;
    }

    ClusterSnapshot snapshot() {
        return new ClusterSnapshot(now, hosts, formations, jobs);
    }

    void pass(Duration time) {
        now = now.plus(time);
    }

    // ---- hosts and formations

    ModelCluster withHosts(String... ids) {
        Stream.of(ids).forEach(id -> withHost(id, Map.of()));
        return this;
    }

    ModelCluster withHost(String id, Map<String, String> tags) {
        hosts.add(new HostView(id, tags, true));
        return this;
    }

    /** A host that takes no new jobs. */
    ModelCluster withDrainedHost(String id) {
        hosts.add(new HostView(id, Map.of(), false));
        return this;
    }

    /** A host that has so much, some of which jobs have that the snapshot does not tell of. */
    ModelCluster withHost(String id, Map<String, String> tags, Capacity capacity, Load others) {
        hosts.add(new HostView(id, tags, true, capacity, others));
        return this;
    }

    ModelCluster withHost(String id, Capacity capacity) {
        return withHost(id, Map.of(), capacity, Load.NONE);
    }

    FormationView formation(TypeView... types) {
        var formation = new FormationView(AppId.random(), ReleaseId.random(), List.of(types));
        formations.add(formation);
        return formation;
    }

    /** Replaces what a formation wants. */
    FormationView want(FormationView formation, TypeView... types) {
        var changed = new FormationView(formation.app(), formation.release(), List.of(types));
        formations.set(formations.indexOf(formation), changed);
        return changed;
    }

    static TypeView type(String name, int count) {
        return new TypeView(name, count, false, Map.of());
    }

    static TypeView tagged(String name, int count, Map<String, String> tags) {
        return new TypeView(name, count, false, tags);
    }

    static TypeView omni(String name, int count) {
        return new TypeView(name, count, true, Map.of());
    }

    static TypeView keepingData(String name, int count, VolumeView... volumes) {
        return new TypeView(name, count, false, Map.of(), List.of(volumes));
    }

    static VolumeView volume(String id, String host, JobId... holder) {
        return new VolumeView(id, host, Stream.of(holder).findFirst());
    }

    // ---- jobs

    /** A job that is up since so many seconds. */
    JobId running(FormationView formation, String type, String host, int seconds) {
        return job(formation, type, host, JobState.UP, now.minusSeconds(seconds));
    }

    /** A job that waits for its restart, which is so many seconds away. */
    JobId waiting(FormationView formation, String type, String formerHost, int seconds) {
        JobId id = newJobId(formerHost);
        jobs.add(new JobView(
                id, "", formation.app(), formation.release(), type, JobState.PENDING, now.plusSeconds(seconds)));
        return id;
    }

    JobId job(FormationView formation, String type, String host, JobState state, Instant startedAt) {
        return job(formation, type, host, state, startedAt, reservedBy(formation.app(), formation.release(), type));
    }

    JobId job(FormationView formation, String type, String host, JobState state, Instant startedAt, Capacity reserved) {
        JobId id = newJobId(host);
        jobs.add(new JobView(id, host, formation.app(), formation.release(), type, state, startedAt, reserved));
        return id;
    }

    private Capacity reservedBy(AppId app, ReleaseId release, String name) {
        return formations.stream()
                .filter(formation ->
                        formation.app().equals(app) && formation.release().equals(release))
                .flatMap(formation -> formation.types().stream())
                .filter(type -> type.type().equals(name))
                .map(TypeView::reserved)
                .findFirst()
                .orElse(Capacity.NONE);
    }

    /** Ids ascend, so that a model is the same whenever it is made. */
    private JobId newJobId(String host) {
        return new JobId("%s-%08d".formatted(host, nextJob++));
    }

    JobView job(JobId id) {
        return jobs.stream()
                .filter(job -> job.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError("the plan names job " + id + ", which is not in the snapshot"));
    }

    List<JobView> jobs(Predicate<JobView> which) {
        return jobs.stream().filter(which).toList();
    }

    List<JobView> jobsOf(FormationView formation, String type) {
        return jobs(job -> job.app().equals(formation.app())
                && job.release().equals(formation.release())
                && job.type().equals(type));
    }

    // ---- plans

    /** Stopped jobs are gone at once, started ones are up at once. */
    ModelCluster apply(Plan plan) {
        plan.stop().forEach(this::remove);
        for (Plan.Start start : plan.start()) {
            start.replaces().ifPresent(this::remove);
            jobs.add(new JobView(
                    newJobId(start.hostId()),
                    start.hostId(),
                    start.app(),
                    start.release(),
                    start.type(),
                    JobState.UP,
                    now,
                    reservedBy(start.app(), start.release(), start.type())));
        }
        return this;
    }

    void remove(JobId id) {
        jobs.removeIf(job -> job.id().equals(id));
    }

    Optional<HostView> host(String id) {
        return hosts.stream().filter(host -> host.id().equals(id)).findFirst();
    }

    List<HostView> hostsFor(TypeView type) {
        return hosts.stream().filter(host -> mayRun(host, type)).toList();
    }

    static boolean mayRun(HostView host, TypeView type) {
        return host.schedulable()
                && host.tags().entrySet().containsAll(type.tags().entrySet());
    }

    // ---- room and places

    /** What is reserved of each host, by the jobs of a snapshot and by those that it leaves out. */
    static Map<String, Capacity> reserved(ClusterSnapshot snapshot) {
        Map<String, Capacity> reserved = new HashMap<>();
        snapshot.hosts().forEach(host -> reserved.put(host.id(), host.others().reserved()));
        snapshot.jobs().stream()
                .filter(job -> !job.hostId().isEmpty() && job.state().isLive())
                .forEach(job -> reserved.merge(job.hostId(), job.reserved(), Capacity::plus));
        return reserved;
    }

    /** Where a host is by an anti-affinity; empty if it is nowhere. */
    static Optional<String> placeOf(HostView host, String antiAffinity) {
        return antiAffinity.equals(TypeView.HOST)
                ? Optional.of(host.id())
                : Optional.ofNullable(host.tags().get(antiAffinity));
    }

    /** The same as a snapshot that tells of one app only. */
    ClusterSnapshot onlyOf(AppId app) {
        List<JobView> left = jobs(job -> job.app().equals(app));
        List<HostView> filled = hosts.stream()
                .map(host -> {
                    Load others = jobs.stream()
                            .filter(job -> !job.app().equals(app)
                                    && job.hostId().equals(host.id())
                                    && job.state().isLive())
                            .map(ModelCluster::loadOf)
                            .reduce(host.others(), ModelCluster::sum);
                    return new HostView(host.id(), host.tags(), host.schedulable(), host.capacity(), others);
                })
                .toList();
        return new ClusterSnapshot(
                now,
                filled,
                formations.stream()
                        .filter(formation -> formation.app().equals(app))
                        .toList(),
                left);
    }

    private static Load loadOf(JobView job) {
        boolean stays = job.state() != JobState.STOPPING;
        return new Load(stays ? 1 : 0, stays && job.reserved().isNone() ? 1 : 0, job.reserved());
    }

    private static Load sum(Load a, Load b) {
        return new Load(
                a.jobs() + b.jobs(),
                a.unreserved() + b.unreserved(),
                a.reserved().plus(b.reserved()));
    }
}
