package dev.flynn.scheduler;

import static java.util.Comparator.comparing;
import static java.util.Comparator.reverseOrder;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.flynn.api.host.Capacity;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.ClusterSnapshot.FormationView;
import dev.flynn.spi.scheduler.ClusterSnapshot.HostView;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One plan in the making: first what is too much in the whole cluster, then what is missing, by priority. Used once.
 *
 * <p>It takes time in proportion to jobs plus hosts plus placements times the logarithm of hosts.
 */
final class Planning {

    /** What goes first when there are too many: jobs that wait, then those no host has seen, then the youngest. */
    private static final Comparator<JobView> STOPPED_FIRST = comparing(Planning::progress)
            .thenComparing(JobView::startedAt, reverseOrder())
            .thenComparing(job -> job.id().value(), reverseOrder());

    private static final Comparator<JobView> RESTARTED_FIRST =
            comparing(JobView::startedAt).thenComparing(job -> job.id().value());

    private static final Comparator<FormationView> BY_ID = comparing(
                    (FormationView formation) -> formation.app().value())
            .thenComparing(formation -> formation.release().value());

    private final ClusterSnapshot snapshot;
    private final Strategy strategy;
    private final Map<Owner, Map<String, List<JobView>>> jobs;
    private final Hosts hosts;

    /** Volumes that a job is started for, or waits for. */
    private final Set<String> claimed = new HashSet<>();

    private final Set<JobId> stops = new HashSet<>();
    private final List<JobId> stopOrder = new ArrayList<>();
    private final List<Plan.Start> starts = new ArrayList<>();
    private final List<Plan.Unplaceable> unplaceable = new ArrayList<>();
    private Optional<Instant> lookAgainAt = Optional.empty();
    private @Nullable Map<JobId, JobState> states;

    /** Whose jobs they are. */
    private record Owner(AppId app, ReleaseId release) {}

    /** The jobs of one type that stay. */
    private record Kept(FormationView formation, TypeView type, List<JobView> jobs) {}

    Planning(ClusterSnapshot snapshot, Strategy strategy) {
        this.snapshot = snapshot;
        this.strategy = strategy;
        this.hosts = new Hosts(snapshot.hosts(), strategy.order());
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
        kept.stream().sorted(comparing((Kept types) -> types.type().priority())).forEach(this::fillUp);
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
            if (hosts.find(host, type.tags()).isPresent()) {
                kept.addAll(keep(there, type.count()));
            } else {
                List<JobView> running =
                        there.stream().filter(job -> !isWaiting(job)).toList();
                there.stream().filter(Planning::isWaiting).sorted(STOPPED_FIRST).forEach(this::stop);
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
            if (!isWaiting(job) && job.state().isLive()) {
                hosts.count(job, job.state() != JobState.STOPPING && !stops.contains(job.id()));
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
        Map<String, Integer> perHost = new HashMap<>();
        var places = new Places(kept.type());
        for (JobView job : kept.jobs()) {
            HostView host = isWaiting(job) ? null : hosts.view(job.hostId());
            if (host != null) {
                perHost.merge(host.id(), 1, Integer::sum);
                places.take(host);
            }
        }
        List<Optional<JobId>> withoutData = startWithData(kept, places, wanted);
        if (withoutData.isEmpty()) {
            return;
        }
        Capacity reserved = kept.type().reserved();
        HostPool pool = hosts.thatMayRun(kept.type().tags());
        Strategy.Choice choice = strategy.choose(pool, perHost, places, reserved);
        Set<Node> chosen = new LinkedHashSet<>();
        Iterator<Optional<JobId>> missing = withoutData.iterator();
        while (missing.hasNext()) {
            Optional<Node> node = choice.next();
            if (node.isEmpty()) {
                break;
            }
            start(kept, node.get().id(), missing.next());
            chosen.add(node.get());
        }
        chosen.forEach(node -> hosts.add(node, reserved, node.redeem()));
        if (missing.hasNext()) {
            String reason = new Refusal(kept.type(), places).reason(pool.nodes());
            missing.forEachRemaining(replaced -> reportUnplaceable(kept, reason));
        }
    }

    /**
     * Starts jobs where volumes are, or lets them wait for these.
     *
     * @return those of the wanted for which there is no volume
     */
    private List<Optional<JobId>> startWithData(Kept kept, Places places, List<Optional<JobId>> wanted) {
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
            Optional<Node> home = hosts.find(volume.hostId(), kept.type().tags());
            if (holder.equals(Optional.of(Holder.UNKNOWN))) {
                reportUnplaceable(
                        kept,
                        "its data is in volume %s on host \"%s\", which job %s has"
                                .formatted(
                                        volume.id(),
                                        volume.hostId(),
                                        volume.holder().orElseThrow()));
            } else if (home.isEmpty()) {
                reportUnplaceable(
                        kept,
                        ("its data is in volume %s on host \"%s\", which does not take it now: bring that host back, or give "
                                        + "the data up with: flynn-host volume delete --abandon %s")
                                .formatted(volume.id(), volume.hostId(), volume.id()));
            } else if (holder.isEmpty()) {
                startWithData(kept, places, volume, home.get(), replaced);
            }
        }
        List<Optional<JobId>> rest = new ArrayList<>();
        missing.forEachRemaining(rest::add);
        return rest;
    }

    private void startWithData(Kept kept, Places places, VolumeView volume, Node home, Optional<JobId> replaced) {
        TypeView type = kept.type();
        if (home.hasRoomFor(type.reserved()) && places.allow(home.host())) {
            start(kept, home.id(), replaced);
            places.take(home.host());
            hosts.add(home, type.reserved(), 1);
        } else {
            reportUnplaceable(
                    kept,
                    "its data is in volume %s on host \"%s\", and %s"
                            .formatted(volume.id(), home.id(), new Refusal(type, places).reason(List.of(home))));
        }
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
        JobState state = states().get(id);
        if (state == null) {
            return Holder.UNKNOWN;
        }
        return state == JobState.STOPPING ? Holder.STOPS : Holder.STAYS;
    }

    /** Of all jobs; made when first asked for, because most clusters have few volumes. */
    private Map<JobId, JobState> states() {
        if (states == null) {
            states = new HashMap<>();
            for (JobView job : snapshot.jobs()) {
                states.put(job.id(), job.state());
            }
        }
        return states;
    }

    private void fillUpEveryHost(Kept kept) {
        Map<String, List<JobView>> there = byHost(kept.jobs());
        Capacity reserved = kept.type().reserved();
        for (Node node : hosts.thatMayRun(kept.type().tags()).byId()) {
            for (Optional<JobId> replaced : toStart(
                    there.getOrDefault(node.id(), List.of()), kept.type().count())) {
                if (node.hasRoomFor(reserved)) {
                    start(kept, node.id(), replaced);
                    hosts.add(node, reserved, 1);
                } else {
                    var refusal = new Refusal(kept.type(), new Places(kept.type()));
                    reportUnplaceable(kept, refusal.reason(List.of(node)));
                }
            }
        }
    }

    /** One element per job to start: the waiting job that it replaces, if it is one. */
    private List<Optional<JobId>> toStart(List<JobView> kept, int count) {
        List<Optional<JobId>> wanted = new ArrayList<>();
        kept.stream().filter(Planning::isWaiting).sorted(RESTARTED_FIRST).forEach(job -> {
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

    private void reportUnplaceable(Kept kept, String reason) {
        unplaceable.add(new Plan.Unplaceable(
                kept.formation().app(), kept.formation().release(), kept.type().type(), reason));
    }

    private void lookAgain(Instant when) {
        lookAgainAt = Optional.of(lookAgainAt.filter(when::isAfter).orElse(when));
    }

    // ---- jobs

    private static Map<String, List<JobView>> byHost(List<JobView> jobs) {
        return jobs.stream().collect(groupingBy(Planning::home, TreeMap::new, toList()));
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
