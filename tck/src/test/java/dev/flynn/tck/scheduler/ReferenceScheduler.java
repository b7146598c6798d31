package dev.flynn.tck.scheduler;

import static java.util.Comparator.comparing;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.spi.scheduler.ClusterSnapshot.VolumeView;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerCapability;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** The promises in the simplest form, and slow; wrong schedulers override one of its decisions. */
class ReferenceScheduler implements Scheduler {

    @Override
    public Set<SchedulerCapability> capabilities() {
        return Set.of(SchedulerCapability.SPREADS);
    }

    @Override
    public Plan plan(ClusterSnapshot snapshot) {
        List<JobId> stopped = draft(snapshot, List.of()).stop;
        Draft draft = draft(snapshot, stopped);
        return new Plan(draft.stop, draft.start, draft.unplaceable, draft.lookAgainAt);
    }

    private record Wanted(FormationView formation, TypeView type) {}

    /** @param stopped what the plan stops, as far as it is known */
    private Draft draft(ClusterSnapshot snapshot, List<JobId> stopped) {
        Draft draft = new Draft();
        draft.stopped.addAll(stopped);
        draft.reserved.putAll(reserved(snapshot, stopped));
        List<Wanted> all = new ArrayList<>();
        for (FormationView formation : snapshot.formations()) {
            typesOf(snapshot, formation).forEach(type -> all.add(new Wanted(formation, type)));
        }
        all.sort(comparing(wanted -> rank(wanted.type())));
        for (Wanted wanted : all) {
            FormationView formation = wanted.formation();
            TypeView type = wanted.type();
            List<JobView> jobs = snapshot.jobs().stream()
                    .filter(job -> job.app().equals(formation.app())
                            && job.release().equals(formation.release())
                            && job.type().equals(type.type())
                            && counts(job))
                    .toList();
            if (type.omni()) {
                Stream.concat(
                                snapshot.hosts().stream().map(HostView::id),
                                jobs.stream().map(this::home))
                        .distinct()
                        .sorted()
                        .forEach(host -> planOmni(draft, snapshot, formation, type, jobs, host));
            } else {
                planType(draft, snapshot, formation, type, jobs, snapshot.hosts(), type.count());
            }
        }
        return draft;
    }

    /** A plan in the making. */
    static final class Draft {
        final List<JobId> stopped = new ArrayList<>();
        final List<JobId> stop = new ArrayList<>();
        final List<Plan.Start> start = new ArrayList<>();
        final List<Plan.Unplaceable> unplaceable = new ArrayList<>();
        final Set<String> volumes = new HashSet<>();
        final Map<String, Capacity> reserved = new HashMap<>();
        Optional<Instant> lookAgainAt = Optional.empty();
    }

    private void planOmni(
            Draft draft,
            ClusterSnapshot snapshot,
            FormationView formation,
            TypeView type,
            List<JobView> all,
            String host) {
        List<JobView> jobs = all.stream().filter(job -> home(job).equals(host)).toList();
        List<HostView> here =
                snapshot.hosts().stream().filter(view -> view.id().equals(host)).toList();
        if (here.stream().anyMatch(view -> mayRun(view, type))) {
            planType(draft, snapshot, formation, type, jobs, here, type.count());
        } else {
            long waiting = jobs.stream().filter(this::isWaiting).count();
            int keep = (int) Math.min(type.count(), jobs.size() - waiting);
            planType(draft, snapshot, formation, type, jobs, here, keep);
        }
    }

    void planType(
            Draft draft,
            ClusterSnapshot snapshot,
            FormationView formation,
            TypeView type,
            List<JobView> jobs,
            List<HostView> hosts,
            int count) {
        List<JobView> sorted = jobs.stream().sorted(stopOrder()).toList();
        int surplus = Math.max(0, sorted.size() - count);
        sorted.subList(0, surplus).forEach(job -> draft.stop.add(job.id()));
        List<JobView> kept = sorted.subList(surplus, sorted.size());
        List<String> placed = new ArrayList<>();
        kept.stream().filter(job -> !isWaiting(job)).forEach(job -> placed.add(job.hostId()));
        List<Optional<JobId>> wanted = new ArrayList<>();
        for (JobView job : kept.stream().filter(this::isWaiting).toList()) {
            if (isDue(job, snapshot.now())) {
                wanted.add(Optional.of(job.id()));
            } else if (draft.lookAgainAt.isEmpty() || job.startedAt().isBefore(draft.lookAgainAt.get())) {
                draft.lookAgainAt = Optional.of(job.startedAt());
            }
        }
        for (int i = kept.size(); i < count; i++) {
            wanted.add(Optional.empty());
        }
        List<VolumeView> volumes = type.volumes().stream()
                .filter(volume -> !isKept(volume, draft, snapshot) && draft.volumes.add(volume.id()))
                .limit(wanted.size())
                .toList();
        List<Optional<JobId>> withData = wanted.subList(0, volumes.size());
        for (int i = 0; i < volumes.size(); i++) {
            planWithData(draft, snapshot, formation, type, volumes.get(i), withData.get(i), placed);
        }
        for (Optional<JobId> replaced : wanted.subList(volumes.size(), wanted.size())) {
            Optional<HostView> host = hosts.stream()
                    .filter(view -> mayRun(view, type)
                            && hasRoom(draft, view, type)
                            && !sharesAPlace(view, type, placed, snapshot.hosts()))
                    .min(preference(placed));
            if (host.isPresent()) {
                String id = host.get().id();
                placed.add(id);
                draft.reserved.merge(id, type.reserved(), Capacity::plus);
                draft.start.add(new Plan.Start(formation.app(), formation.release(), type.type(), id, replaced));
            } else {
                draft.unplaceable.add(new Plan.Unplaceable(
                        formation.app(),
                        formation.release(),
                        type.type(),
                        "no host has the tags %s and the memory and cpu %s by the anti-affinity %s"
                                .formatted(type.tags(), type.reserved(), type.antiAffinity())));
            }
        }
    }

    private void planWithData(
            Draft draft,
            ClusterSnapshot snapshot,
            FormationView formation,
            TypeView type,
            VolumeView volume,
            Optional<JobId> replaced,
            List<String> placed) {
        Optional<HostView> home = snapshot.hosts().stream()
                .filter(host -> host.id().equals(volume.hostId())
                        && mayRun(host, type)
                        && hasRoom(draft, host, type)
                        && !sharesAPlace(host, type, placed, snapshot.hosts()))
                .findFirst();
        boolean known = volume.holder()
                .map(holder -> snapshot.jobs().stream().anyMatch(job -> job.id().equals(holder)))
                .orElse(true);
        if (home.isEmpty() || !known) {
            draft.unplaceable.add(new Plan.Unplaceable(
                    formation.app(),
                    formation.release(),
                    type.type(),
                    "volume %s on %s is not to be had; its job: %s"
                            .formatted(volume.id(), volume.hostId(), volume.holder())));
        } else if (volume.holder().isEmpty() || !waitsFor(volume)) {
            placed.add(volume.hostId());
            draft.reserved.merge(volume.hostId(), type.reserved(), Capacity::plus);
            draft.start.add(
                    new Plan.Start(formation.app(), formation.release(), type.type(), volume.hostId(), replaced));
        }
    }

    /** Whether a job has it that stays. */
    private static boolean isKept(VolumeView volume, Draft draft, ClusterSnapshot snapshot) {
        return snapshot.jobs().stream()
                .anyMatch(job -> volume.holder().equals(Optional.of(job.id()))
                        && job.state() != JobState.STOPPING
                        && !draft.stopped.contains(job.id()));
    }

    // ---- the decisions

    /** What comes first has the lowest. */
    int rank(TypeView type) {
        return type.priority().ordinal();
    }

    /** What hosts have given away before anything is placed. */
    Map<String, Capacity> reserved(ClusterSnapshot snapshot, List<JobId> stopped) {
        return ModelCluster.reserved(snapshot);
    }

    boolean hasRoom(Draft draft, HostView host, TypeView type) {
        Capacity taken = draft.reserved.getOrDefault(host.id(), Capacity.NONE);
        return host.capacity().minus(taken).holds(type.reserved());
    }

    boolean sharesAPlace(HostView host, TypeView type, List<String> placed, List<HostView> hosts) {
        if (type.omni() || type.antiAffinity().isEmpty()) {
            return false;
        }
        String antiAffinity = type.antiAffinity().get();
        Optional<String> place = ModelCluster.placeOf(host, antiAffinity);
        return place.isEmpty()
                || hosts.stream()
                        .filter(other -> placed.contains(other.id()))
                        .anyMatch(other ->
                                ModelCluster.placeOf(other, antiAffinity).equals(place));
    }

    /** Whether a job waits for a volume until its job has stopped. */
    boolean waitsFor(VolumeView volume) {
        return true;
    }

    List<TypeView> typesOf(ClusterSnapshot snapshot, FormationView formation) {
        if (!formation.types().isEmpty()) {
            return formation.types();
        }
        return snapshot.jobs().stream()
                .filter(job -> job.release().equals(formation.release()))
                .map(JobView::type)
                .filter(type -> !type.isEmpty())
                .distinct()
                .map(type -> ModelCluster.type(type, 0))
                .toList();
    }

    boolean counts(JobView job) {
        return job.state() != JobState.STOPPING;
    }

    boolean mayRun(HostView host, TypeView type) {
        return ModelCluster.mayRun(host, type);
    }

    boolean isDue(JobView job, Instant now) {
        return !job.startedAt().isAfter(now);
    }

    String home(JobView job) {
        return isWaiting(job) ? job.id().hostId() : job.hostId();
    }

    final boolean isWaiting(JobView job) {
        return job.hostId().isEmpty();
    }

    Comparator<JobView> stopOrder() {
        Comparator<JobView> runningLast =
                comparing(job -> isWaiting(job) ? 0 : job.state() == JobState.PENDING ? 1 : 2);
        return runningLast
                .thenComparing(comparing(JobView::startedAt).reversed())
                .thenComparing(job -> job.id().value());
    }

    Comparator<HostView> preference(List<String> placed) {
        Comparator<HostView> fewest =
                comparing(host -> placed.stream().filter(host.id()::equals).count());
        return fewest.thenComparing(HostView::id);
    }
}
