package dev.flynn.scheduler;

import static java.util.stream.Collectors.groupingBy;

import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Placement;
import dev.flynn.state.Versioned;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What the records of a cluster call for: the scheduler's plan in terms of records. A pure function of a
 * {@link ClusterPicture} and the time.
 *
 * @param changes what to write, by formation
 * @param alarms when to look at apps again even if nothing changes; {@code lookAgainAt} is the first of them
 * @param oddities what is wrong with a formation and makes it be ignored in part or whole, for the log
 */
record Decision(
        List<Change> changes,
        List<Plan.Unplaceable> unplaceable,
        Optional<Instant> lookAgainAt,
        Map<AppId, Instant> alarms,
        Set<String> oddities) {

    /**
     * What to write for one formation.
     *
     * @param formation absent if it was deleted
     * @param stop jobs to stop, or to let wait no longer
     * @param delay jobs that are down and will be started again at that time
     */
    record Change(
            AppId app,
            ReleaseId release,
            Optional<Versioned<Formation>> formation,
            List<Versioned<JobRecord>> stop,
            List<Delay> delay,
            List<Start> start) {

        boolean isEmpty() {
            return stop.isEmpty() && delay.isEmpty() && start.isEmpty();
        }
    }

    record Delay(Versioned<JobRecord> job, Instant until) {}

    record Start(String type, String hostId, Optional<Versioned<JobRecord>> replaces) {}

    /** How soon a job that is up is looked for in discovery again. */
    private static final Duration SERVICE_PAUSE = Duration.ofMillis(250);

    boolean isEmpty() {
        return changes.isEmpty();
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }

    static Decision of(ClusterPicture picture, Scheduler scheduler, Restarts restarts, Waits waits, Instant now) {
        return new Making(picture, restarts, waits).decide(scheduler, now);
    }

    private record Owner(AppId app, ReleaseId release) {}

    /** One decision in the making. */
    private static final class Making {

        private final ClusterPicture picture;
        private final Restarts restarts;
        private final Waits waits;
        private final Draining draining;
        private final DataVolumes volumes;

        /** Jobs of process types; one-off jobs are not here. */
        private final Map<Owner, List<Versioned<JobRecord>>> jobs;

        private final Map<Owner, Versioned<Formation>> formations = new HashMap<>();
        private final Map<JobId, Versioned<JobRecord>> jobsById = new HashMap<>();
        private final Map<JobId, Instant> newlyDown = new HashMap<>();
        private final Set<String> replaced = new HashSet<>();
        private final Set<String> oddities = new HashSet<>();
        private final Map<AppId, Instant> alarms = new HashMap<>();

        Making(ClusterPicture picture, Restarts restarts, Waits waits) {
            this.picture = picture;
            this.restarts = restarts;
            this.waits = waits;
            this.draining = new Draining(picture.hosts(), picture.roll().alive(), picture.isServed());
            for (Versioned<JobRecord> job : picture.jobs()) {
                jobsById.put(job.value().id(), job);
                Optional.ofNullable(job.value().spec().metadata().get(Restarts.META_REPLACES))
                        .ifPresent(replaced::add);
            }
            this.volumes = new DataVolumes(
                    picture, id -> Optional.ofNullable(jobsById.get(id)).map(Versioned::value));
            this.jobs = picture.jobs().stream()
                    .filter(job -> job.value().app().isPresent()
                            && job.value().release().isPresent()
                            && job.value().type().isPresent())
                    .collect(groupingBy(job -> ownerOf(job.value())));
            picture.formations()
                    .forEach(formation -> formations.put(
                            new Owner(formation.value().app(), formation.value().release()), formation));
        }

        Decision decide(Scheduler scheduler, Instant now) {
            List<FormationView> views = new ArrayList<>();
            formations.values().forEach(formation -> view(formation.value()).ifPresent(views::add));
            jobs.keySet().stream()
                    .filter(owner -> !formations.containsKey(owner))
                    .forEach(owner -> views.add(new FormationView(owner.app(), owner.release(), List.of())));
            findLeaving();
            views.forEach(this::findNewlyDown);
            Plan plan = scheduler.plan(new ClusterSnapshot(now, hostViews(), views, jobViews(now)));
            oddities.addAll(draining.staying());
            List<Change> changes = changes(plan, now);
            Optional<Instant> lookAgainAt = plan.lookAgainAt();
            lookAgainAt.ifPresentOrElse(this::setAlarms, alarms::clear);
            if (draining.waitsForServices()) {
                Instant soon = now.plus(SERVICE_PAUSE);
                setAlarmsOfAll(soon);
                lookAgainAt = Optional.of(lookAgainAt.filter(soon::isAfter).orElse(soon));
            }
            return new Decision(changes, plan.unplaceable(), lookAgainAt, alarms, oddities);
        }

        /** If none of the jobs that wait are what it is for it is for all. */
        private void setAlarms(Instant first) {
            if (alarms.values().stream().noneMatch(alarm -> !alarm.isAfter(first))) {
                setAlarmsOfAll(first);
            }
        }

        private void setAlarmsOfAll(Instant when) {
            Stream.concat(formations.keySet().stream(), jobs.keySet().stream())
                    .forEach(owner -> alarms.merge(owner.app(), when, Decision::earlier));
        }

        private void findLeaving() {
            formations.forEach((owner, formation) -> picture.releases()
                    .apply(owner.release())
                    .ifPresent(
                            release -> draining.add(formation.value(), release, jobs.getOrDefault(owner, List.of()))));
        }

        // ---- records to views

        private Optional<FormationView> view(Formation formation) {
            Optional<Release> release = picture.releases().apply(formation.release());
            if (release.isEmpty() || release.get().artifact().isEmpty()) {
                if (formation.total() > 0) {
                    oddities.add("formation %s of app %s: its release %s"
                            .formatted(
                                    formation.release(),
                                    formation.app(),
                                    release.isEmpty()
                                            ? "does not exist"
                                            : "has no artifact, so there is nothing to run"));
                }
                return Optional.empty();
            }
            formation.processes().forEach((type, count) -> {
                if (count > 0 && !release.get().processes().containsKey(type)) {
                    oddities.add("formation %s of app %s: its release has no process type \"%s\""
                            .formatted(formation.release(), formation.app(), type));
                }
            });
            List<TypeView> types = release.get().processes().entrySet().stream()
                    .map(type -> view(formation, release.get(), type.getKey(), type.getValue()))
                    .toList();
            return types.isEmpty()
                    ? Optional.empty()
                    : Optional.of(new FormationView(formation.app(), formation.release(), types));
        }

        private TypeView view(Formation formation, Release release, String name, ProcessType type) {
            Placement placement = Placement.of(picture.apps().apply(formation.app()), release, name);
            return new TypeView(
                    name,
                    formation.processes().getOrDefault(name, 0),
                    type.omni(),
                    formation.tags().getOrDefault(name, Map.of()),
                    type.data() && !type.omni() ? volumes.of(formation.app(), name) : List.of(),
                    Capacity.reservedBy(type.resources()),
                    placement.priority(),
                    placement.antiAffinity());
        }

        private void findNewlyDown(FormationView formation) {
            Map<String, List<JobRecord>> byType =
                    jobs.getOrDefault(new Owner(formation.app(), formation.release()), List.of()).stream()
                            .map(Versioned::value)
                            .filter(job -> !replaced.contains(job.id().value()))
                            .filter(job -> !draining.isLeaving(job.id()))
                            .collect(groupingBy(job -> job.type().orElseThrow()));
            for (TypeView type : formation.types()) {
                newlyDown.putAll(restarts.due(type, byType.getOrDefault(type.type(), List.of())));
            }
        }

        private List<HostView> hostViews() {
            return picture.hosts().stream()
                    .map(Versioned::value)
                    .map((Host host) -> new HostView(
                            host.id(),
                            host.tags(),
                            !host.draining()
                                    && !host.full()
                                    && picture.roll().alive().contains(host.id()),
                            host.capacity().orElse(Capacity.UNLIMITED),
                            picture.others().apply(host.id())))
                    .toList();
        }

        private List<JobView> jobViews(Instant now) {
            List<JobView> views = new ArrayList<>();
            List<JobId> waiting = new ArrayList<>();
            for (Versioned<JobRecord> versioned : picture.jobs()) {
                JobRecord job = versioned.value();
                if (job.app().isEmpty() || job.release().isEmpty() || draining.isLeaving(job.id())) {
                    continue;
                }
                if (job.state() != JobState.DOWN) {
                    views.add(view(
                            job, job.hostId(), shownState(job), job.startedAt().orElse(job.createdAt())));
                } else {
                    job.restartAt()
                            .or(() -> Optional.ofNullable(newlyDown.get(job.id())))
                            .map(recorded -> waits.due(job, recorded, restarts.delayOf(job), now))
                            .ifPresent(due -> {
                                waiting.add(job.id());
                                if (due.isAfter(now)) {
                                    alarms.merge(ownerOf(job).app(), due, Decision::earlier);
                                }
                                views.add(view(job, "", JobState.PENDING, due));
                            });
                }
            }
            waits.looked(jobsById.keySet(), waiting);
            return views;
        }

        private static JobView view(JobRecord job, String hostId, JobState state, Instant startedAt) {
            Owner owner = ownerOf(job);
            return new JobView(
                    job.id(),
                    hostId,
                    owner.app(),
                    owner.release(),
                    job.type().orElse(""),
                    state,
                    startedAt,
                    Capacity.reservedBy(job.spec().resources()));
        }

        private static JobState shownState(JobRecord job) {
            return job.stopRequested() ? JobState.STOPPING : job.state();
        }

        private static Owner ownerOf(JobRecord job) {
            return new Owner(job.app().orElseThrow(), job.release().orElseThrow());
        }

        // ---- the plan to changes

        private List<Change> changes(Plan plan, Instant now) {
            Set<JobId> stopped = new HashSet<>(plan.stop());
            Stream<Versioned<JobRecord>> surplus = plan.stop().stream()
                    .map(this::job)
                    .filter(job -> !newlyDown.containsKey(job.value().id()));
            Map<Owner, List<Versioned<JobRecord>>> stop = Stream.concat(surplus, draining.released(stopped).stream())
                    .collect(groupingBy(job -> ownerOf(job.value())));
            Map<Owner, List<Plan.Start>> start =
                    plan.start().stream().collect(groupingBy(s -> new Owner(s.app(), s.release())));
            Map<Owner, List<Delay>> delay = newlyDown.entrySet().stream()
                    .filter(down -> down.getValue().isAfter(now) && !stopped.contains(down.getKey()))
                    .map(down -> new Delay(job(down.getKey()), down.getValue()))
                    .collect(groupingBy(d -> ownerOf(d.job().value())));

            Set<Owner> owners = new HashSet<>(stop.keySet());
            owners.addAll(start.keySet());
            owners.addAll(delay.keySet());
            return owners.stream()
                    .map(owner -> new Change(
                            owner.app(),
                            owner.release(),
                            Optional.ofNullable(formations.get(owner)),
                            stop.getOrDefault(owner, List.of()),
                            delay.getOrDefault(owner, List.of()),
                            start.getOrDefault(owner, List.of()).stream()
                                    .map(s -> new Start(
                                            s.type(), s.hostId(), s.replaces().map(this::job)))
                                    .toList()))
                    .toList();
        }

        private Versioned<JobRecord> job(JobId id) {
            Versioned<JobRecord> job = jobsById.get(id);
            if (job == null) {
                throw new IllegalStateException(
                        "the scheduler's plan names job " + id + ", which is not in the snapshot");
            }
            return job;
        }
    }
}
