package dev.flynn.scheduler;

import static java.util.Comparator.comparing;
import static java.util.Comparator.reverseOrder;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.scheduler.HostPool.Node;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.JobView;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.spi.scheduler.ClusterSnapshot.VolumeView;
import dev.flynn.spi.scheduler.Plan;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** One plan in the making: first what is too much in the whole cluster, then what is missing. Used once. */
final class SpreadPlanning {

    /** What goes first when there are too many: jobs that wait, then those no host has seen, then the youngest. */
    private static final Comparator<JobView> STOPPED_FIRST = comparing(SpreadPlanning::progress)
            .thenComparing(JobView::startedAt, reverseOrder())
            .thenComparing(job -> job.id().value(), reverseOrder());

    private static final Comparator<JobView> RESTARTED_FIRST =
            comparing(JobView::startedAt).thenComparing(job -> job.id().value());

    private static final Comparator<FormationView> BY_ID = comparing(
                    (FormationView formation) -> formation.app().value())
            .thenComparing(formation -> formation.release().value());

    private final ClusterSnapshot snapshot;
    private final Map<Owner, Map<String, List<JobView>>> jobs;
    private final Hosts hosts;

    /** Volumes that a job is started for, or waits for. */
    private final Set<String> claimed = new HashSet<>();

    private final Set<JobId> stops = new HashSet<>();
    private final List<JobId> stopOrder = new ArrayList<>();
    private final List<Plan.Start> starts = new ArrayList<>();
    private final List<Plan.Unplaceable> unplaceable = new ArrayList<>();
    private Optional<Instant> lookAgainAt = Optional.empty();

    /** Whose jobs they are. */
    private record Owner(AppId app, ReleaseId release) {}

    /** The jobs of one type that stay. */
    private record Kept(FormationView formation, TypeView type, List<JobView> jobs) {}

    SpreadPlanning(ClusterSnapshot snapshot) {
        this.snapshot = snapshot;
        this.hosts = new Hosts(snapshot.hosts());
        this.jobs = snapshot.jobs().stream()
                .filter(job -> !job.type().isEmpty()
                        && job.state() != JobState.STOPPING
                        && job.state().isLive())
                .collect(groupingBy(job -> new Owner(job.app(), job.release()), groupingBy(JobView::type)));
    }

    Plan plan() {
        List<Kept> kept = new ArrayList<>();
        snapshot.formations().stream().sorted(BY_ID).forEach(formation -> kept.addAll(reduce(formation)));
        countLoads();
        kept.forEach(this::fillUp);
        return new Plan(stopOrder, starts, unplaceable, lookAgainAt);
    }

    // ---- what is too much

    private List<Kept> reduce(FormationView formation) {
        Map<String, List<JobView>> byType =
                jobs.getOrDefault(new Owner(formation.app(), formation.release()), Map.of());
        if (formation.types().isEmpty()) {
            new TreeMap<>(byType).values().forEach(all -> keep(all, 0));
            return List.of();
        }
        return formation.types().stream()
                .sorted(comparing(TypeView::type))
                .map(type -> new Kept(formation, type, reduce(type, byType.getOrDefault(type.type(), List.of()))))
                .toList();
    }

    private List<JobView> reduce(TypeView type, List<JobView> all) {
        if (!type.omni()) {
            return keep(all, type.count());
        }
        List<JobView> kept = new ArrayList<>();
        byHost(all).forEach((host, there) -> {
            if (hosts.mayRun(host, type.tags())) {
                kept.addAll(keep(there, type.count()));
            } else {
                List<JobView> running =
                        there.stream().filter(job -> !isWaiting(job)).toList();
                there.stream()
                        .filter(SpreadPlanning::isWaiting)
                        .sorted(STOPPED_FIRST)
                        .forEach(this::stop);
                kept.addAll(keep(running, type.count()));
            }
        });
        return kept;
    }

    private List<JobView> keep(List<JobView> all, int count) {
        int surplus = all.size() - count;
        if (surplus <= 0) {
            return all;
        }
        List<JobView> sorted = all.stream().sorted(STOPPED_FIRST).toList();
        sorted.subList(0, surplus).forEach(this::stop);
        return sorted.subList(surplus, sorted.size());
    }

    private void stop(JobView job) {
        stops.add(job.id());
        stopOrder.add(job.id());
    }

    // ---- what is missing

    private void countLoads() {
        for (JobView job : snapshot.jobs()) {
            if (!isWaiting(job) && job.state() != JobState.STOPPING && !stops.contains(job.id())) {
                hosts.addLoad(job.hostId());
            }
        }
    }

    private void fillUp(Kept kept) {
        if (kept.type().omni()) {
            fillUpEveryHost(kept);
        } else {
            fillUpSomewhere(kept);
        }
    }

    private void fillUpSomewhere(Kept kept) {
        List<Optional<JobId>> wanted = toStart(kept.jobs(), kept.type().count());
        if (wanted.isEmpty()) {
            return;
        }
        List<Optional<JobId>> withoutData = startWithData(kept, wanted);
        if (withoutData.isEmpty()) {
            return;
        }
        Map<String, Integer> perHost = new HashMap<>();
        kept.jobs().stream()
                .filter(job -> !isWaiting(job))
                .forEach(job -> perHost.merge(job.hostId(), 1, Integer::sum));
        HostPool pool = hosts.thatMayRun(kept.type().tags());
        var spreading = new Spreading(pool, perHost);
        for (Optional<JobId> replaced : withoutData) {
            spreading.next().ifPresentOrElse(node -> start(kept, node.id(), replaced), () -> reportUnplaceable(kept));
        }
        spreading.chosen().forEach(hosts::addLoad);
    }

    /**
     * Starts jobs where volumes are, or lets them wait for these.
     *
     * @return those of the wanted for which there is no volume
     */
    private List<Optional<JobId>> startWithData(Kept kept, List<Optional<JobId>> wanted) {
        Iterator<Optional<JobId>> missing = wanted.iterator();
        for (VolumeView volume : kept.type().volumes()) {
            if (!missing.hasNext()) {
                return List.of();
            }
            Optional<Holder> holder = volume.holder().map(this::holder);
            if (holder.equals(Optional.of(Holder.STAYS)) || !claimed.add(volume.id())) {
                continue;
            }
            Optional<JobId> replaced = missing.next();
            if (holder.equals(Optional.of(Holder.UNKNOWN))) {
                reportUnplaceable(
                        kept,
                        "its data is in volume %s on host \"%s\", which job %s has"
                                .formatted(
                                        volume.id(),
                                        volume.hostId(),
                                        volume.holder().orElseThrow()));
            } else if (!hosts.mayRun(volume.hostId(), kept.type().tags())) {
                reportUnplaceable(
                        kept,
                        ("its data is in volume %s on host \"%s\", which does not take it now: bring that host back, or give "
                                        + "the data up with: flynn-host volume delete --abandon %s")
                                .formatted(volume.id(), volume.hostId(), volume.id()));
            } else if (holder.isEmpty()) {
                start(kept, volume.hostId(), replaced);
                hosts.addLoad(volume.hostId());
            }
        }
        List<Optional<JobId>> rest = new ArrayList<>();
        missing.forEachRemaining(rest::add);
        return rest;
    }

    /** What becomes of the job that has a volume. */
    private enum Holder {
        STAYS,
        STOPS,
        UNKNOWN
    }

    private Holder holder(JobId id) {
        if (stops.contains(id)) {
            return Holder.STOPS;
        }
        return snapshot.jobs().stream()
                .filter(job -> job.id().equals(id))
                .findFirst()
                .map(job -> job.state() == JobState.STOPPING ? Holder.STOPS : Holder.STAYS)
                .orElse(Holder.UNKNOWN);
    }

    private void fillUpEveryHost(Kept kept) {
        Map<String, List<JobView>> there = byHost(kept.jobs());
        for (Node node : hosts.thatMayRun(kept.type().tags()).byId()) {
            List<Optional<JobId>> wanted = toStart(
                    there.getOrDefault(node.id(), List.of()), kept.type().count());
            wanted.forEach(replaced -> start(kept, node.id(), replaced));
            wanted.forEach(replaced -> hosts.addLoad(node.id()));
        }
    }

    /** One element per job to start: the waiting job that it replaces, if it is one. */
    private List<Optional<JobId>> toStart(List<JobView> kept, int count) {
        List<Optional<JobId>> wanted = new ArrayList<>();
        kept.stream().filter(SpreadPlanning::isWaiting).sorted(RESTARTED_FIRST).forEach(job -> {
            if (job.startedAt().isAfter(snapshot.now())) {
                lookAgain(job.startedAt());
            } else {
                wanted.add(Optional.of(job.id()));
            }
        });
        for (int missing = count - kept.size(); missing > 0; missing--) {
            wanted.add(Optional.empty());
        }
        return wanted;
    }

    private void start(Kept kept, String hostId, Optional<JobId> replaced) {
        starts.add(new Plan.Start(
                kept.formation().app(), kept.formation().release(), kept.type().type(), hostId, replaced));
    }

    private void reportUnplaceable(Kept kept) {
        reportUnplaceable(
                kept,
                kept.type().tags().isEmpty()
                        ? "no host takes new jobs"
                        : "no host that takes new jobs has the tags "
                                + new TreeMap<>(kept.type().tags()));
    }

    private void reportUnplaceable(Kept kept, String reason) {
        unplaceable.add(new Plan.Unplaceable(
                kept.formation().app(), kept.formation().release(), kept.type().type(), reason));
    }

    private void lookAgain(Instant when) {
        lookAgainAt = Optional.of(lookAgainAt.filter(when::isAfter).orElse(when));
    }

    // ---- jobs

    private static Map<String, List<JobView>> byHost(List<JobView> jobs) {
        return jobs.stream().collect(groupingBy(SpreadPlanning::home, TreeMap::new, toList()));
    }

    /** The host that an omni job belongs to, also while it waits there for its restart. */
    private static String home(JobView job) {
        return isWaiting(job) ? job.id().hostId() : job.hostId();
    }

    private static boolean isWaiting(JobView job) {
        return job.hostId().isEmpty();
    }

    private static int progress(JobView job) {
        if (isWaiting(job)) {
            return 0;
        }
        return job.state() == JobState.PENDING ? 1 : 2;
    }
}
