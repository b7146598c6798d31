package dev.flynn.scheduler;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.JobRecord;
import dev.flynn.state.TableFeed.Changes;
import dev.flynn.state.Turn;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The records of a cluster as they were followed, by app and by host, and which apps changed: what a decision for few of many
 * apps is made from. A change costs as much as it changes. Apps and releases are read when a formation names them: most of
 * what there is was released before, and nobody runs it. Not thread-safe.
 */
final class ClusterIndex {

    private final Map<AppId, AppRecords> apps = new HashMap<>();
    private final Map<String, Versioned<JobRecord>> jobs = new HashMap<>();
    private final Map<String, Map<String, Versioned<JobRecord>>> jobsByHost = new HashMap<>();
    private final Map<String, Versioned<Formation>> formations = new HashMap<>();
    private final Map<String, Versioned<Host>> hosts = new HashMap<>();
    private final Map<String, Versioned<VolumeRecord>> volumes = new HashMap<>();
    private final Function<AppId, Optional<App>> readApp;
    private final Function<ReleaseId, Optional<Release>> readRelease;
    /** Those that are wanted, as far as they were read; forgotten when they change. */
    private final Map<ReleaseId, Release> releases = new HashMap<>();

    private final Map<ReleaseId, Set<AppId>> wanting = new HashMap<>();
    private final HostLoads loads = new HostLoads();
    private final Map<String, Long> turns = new HashMap<>();
    private final Set<AppId> touched = new LinkedHashSet<>();
    private final Set<String> touchedHosts = new HashSet<>();
    private long jobsRevision;
    private boolean roomFreed;
    private boolean hostsDiffer;

    /** What belongs to one app. */
    private static final class AppRecords {
        private final Map<String, Versioned<Formation>> formations = new HashMap<>();
        private final Map<String, Versioned<JobRecord>> jobs = new HashMap<>();
        /** If it was read; forgotten when it changes. */
        private Optional<App> app = Optional.empty();

        boolean isEmpty() {
            return formations.isEmpty() && jobs.isEmpty();
        }
    }

    /** @param app reads an app, and {@code release} a release, as new as the changes that are applied here at least */
    ClusterIndex(Function<AppId, Optional<App>> app, Function<ReleaseId, Optional<Release>> release) {
        this.readApp = app;
        this.readRelease = release;
    }

    // ---- what changed

    void applyTurns(Changes<String> changes) {
        if (changes.everything()) {
            turns.clear();
        }
        changes.records()
                .forEach((id, turn) -> turn.ifPresentOrElse(
                        known -> turns.merge(Turn.PREFIX + id, known.modRevision(), Math::max),
                        () -> turns.remove(Turn.PREFIX + id)));
    }

    void applyJobs(Changes<JobRecord> changes) {
        apply(changes, jobs, this::replaceJob);
        jobsRevision = Math.max(jobsRevision, changes.revision());
    }

    void applyFormations(Changes<Formation> changes) {
        apply(changes, formations, (before, after) -> {
            Formation formation = any(before, after).value();
            AppRecords app = apps.computeIfAbsent(formation.app(), id -> new AppRecords());
            put(app.formations, before, after);
            if (after == null) {
                forgetWish(formation);
            } else {
                wanting.computeIfAbsent(formation.release(), id -> new HashSet<>())
                        .add(formation.app());
            }
            forgetIfEmpty(formation.app(), app);
            touched.add(formation.app());
        });
    }

    /** What these apps are is read again when it is needed. */
    void applyApps(Changes<?> changes) {
        Collection<AppId> changed = changes.everything()
                ? List.copyOf(apps.keySet())
                : changes.records().keySet().stream().map(AppId::of).toList();
        for (AppId id : changed) {
            AppRecords app = apps.get(id);
            if (app != null) {
                app.app = Optional.empty();
                touched.add(id);
            }
        }
    }

    /** What these releases are is read again when it is needed. */
    void applyReleases(Changes<?> changes) {
        Collection<ReleaseId> changed = changes.everything()
                ? List.copyOf(wanting.keySet())
                : changes.records().keySet().stream().map(ReleaseId::of).toList();
        for (ReleaseId id : changed) {
            releases.remove(id);
            touched.addAll(wanting.getOrDefault(id, Set.of()));
        }
    }

    private Optional<App> app(AppId id) {
        AppRecords records = apps.get(id);
        if (records == null) {
            return readApp.apply(id);
        }
        if (records.app.isEmpty()) {
            records.app = readApp.apply(id);
        }
        return records.app;
    }

    private Optional<Release> release(ReleaseId id) {
        Release known = releases.get(id);
        if (known != null) {
            return Optional.of(known);
        }
        Optional<Release> read = readRelease.apply(id);
        if (wanting.containsKey(id)) {
            read.ifPresent(release -> releases.put(id, release));
        }
        return read;
    }

    void applyVolumes(Changes<VolumeRecord> changes) {
        apply(
                changes,
                volumes,
                (before, after) -> any(before, after).value().app().ifPresent(this::touch));
    }

    void applyHosts(Changes<Host> changes) {
        apply(changes, hosts, (before, after) -> {
            touchedHosts.add(any(before, after).value().id());
            hostsDiffer = true;
        });
    }

    private void replaceJob(@Nullable Versioned<JobRecord> before, @Nullable Versioned<JobRecord> after) {
        JobRecord job = any(before, after).value();
        if (before != null) {
            loads.remove(before.value());
        }
        if (after != null) {
            loads.add(after.value());
        }
        roomFreed |= before != null && isLive(before) && !isLive(after);
        putOnHost(job.hostId(), isLive(before) ? before : null, isLive(after) ? after : null);
        if (job.app().isPresent() && job.release().isPresent()) {
            AppId id = job.app().get();
            AppRecords app = apps.computeIfAbsent(id, fresh -> new AppRecords());
            put(app.jobs, before, after);
            forgetIfEmpty(id, app);
            touched.add(id);
        }
    }

    private void putOnHost(String host, @Nullable Versioned<JobRecord> before, @Nullable Versioned<JobRecord> after) {
        Map<String, Versioned<JobRecord>> there = jobsByHost.get(host);
        if (there == null) {
            there = new HashMap<>();
            jobsByHost.put(host, there);
            touchedHosts.add(host);
        }
        put(there, before, after);
        if (there.isEmpty()) {
            jobsByHost.remove(host);
        }
    }

    /** Something of the app changed, if there is anything of it. */
    void touch(AppId app) {
        if (apps.containsKey(app)) {
            touched.add(app);
        }
    }

    private void forgetWish(Formation formation) {
        Set<AppId> apps = wanting.get(formation.release());
        if (apps != null && apps.remove(formation.app()) && apps.isEmpty()) {
            wanting.remove(formation.release());
            releases.remove(formation.release());
        }
    }

    private void forgetIfEmpty(AppId id, AppRecords app) {
        if (app.isEmpty()) {
            apps.remove(id);
        }
    }

    private static boolean isLive(@Nullable Versioned<JobRecord> job) {
        return job != null && job.value().state() != JobState.DOWN;
    }

    /** What is read of everything may be older than what was followed before: then it is told again soon. */
    private static <T> void apply(
            Changes<T> changes,
            Map<String, Versioned<T>> known,
            BiConsumer<@Nullable Versioned<T>, @Nullable Versioned<T>> change) {
        if (changes.everything()) {
            List<String> gone = known.keySet().stream()
                    .filter(id -> !changes.records().containsKey(id))
                    .toList();
            gone.forEach(id -> change.accept(known.remove(id), null));
        }
        changes.records().forEach((id, record) -> {
            Versioned<T> after = record.orElse(null);
            Versioned<T> before = after == null ? known.remove(id) : known.put(id, after);
            boolean same =
                    before == null ? after == null : after != null && before.modRevision() == after.modRevision();
            if (!same) {
                change.accept(before, after);
            }
        });
    }

    private static <T> void put(
            Map<String, Versioned<T>> records, @Nullable Versioned<T> before, @Nullable Versioned<T> after) {
        if (after != null) {
            records.put(after.key(), after);
        } else if (before != null) {
            records.remove(before.key());
        }
    }

    private static <T> Versioned<T> any(@Nullable Versioned<T> before, @Nullable Versioned<T> after) {
        Versioned<T> any = after != null ? after : before;
        if (any == null) {
            throw new IllegalStateException("a change of nothing");
        }
        return any;
    }

    // ---- what is to be looked at

    /** The apps with changes since this was last asked. */
    Set<AppId> takeTouched() {
        Set<AppId> taken = new LinkedHashSet<>(touched);
        touched.clear();
        return taken;
    }

    /** The hosts whose records changed since this was last asked. */
    Set<String> takeTouchedHosts() {
        Set<String> taken = new HashSet<>(touchedHosts);
        touchedHosts.clear();
        return taken;
    }

    void touchHosts(Set<String> ids) {
        touchedHosts.addAll(ids);
    }

    /** Whether there are other hosts, or other things are said of them, since this was last asked. */
    boolean takeHostsDiffer() {
        boolean differ = hostsDiffer;
        hostsDiffer = false;
        return differ;
    }

    /** Whether a job ended since this was last asked. */
    boolean takeRoomFreed() {
        boolean freed = roomFreed;
        roomFreed = false;
        return freed;
    }

    /** Whether somebody decided for the app by jobs that are not known here yet. */
    boolean isBehind(AppId app) {
        return turns.getOrDefault(Turn.ofApp(app), 0L) > jobsRevision;
    }

    /** By which decisions that rest on this are committed. */
    Turn turn(ClusterState state) {
        return new Turn(state, turns, jobsRevision);
    }

    /** The hosts that have a record or a job. */
    Set<String> hostIds() {
        Set<String> ids = new HashSet<>(hosts.keySet());
        ids.addAll(jobsByHost.keySet());
        return ids;
    }

    Collection<Versioned<Host>> hosts() {
        return hosts.values();
    }

    Collection<Versioned<JobRecord>> jobsOn(String host) {
        return jobsByHost.getOrDefault(host, Map.of()).values();
    }

    Set<AppId> appsOn(String host) {
        Set<AppId> ids = new HashSet<>();
        jobsOn(host).forEach(job -> job.value().app().filter(apps::containsKey).ifPresent(ids::add));
        return ids;
    }

    /**
     * Whether an app has just the jobs that it wants, and none that waits or is to move. Then no scheduler has anything to do
     * for it.
     *
     * @param drained hosts that jobs are to leave
     */
    boolean isSettled(AppId id, Set<String> drained) {
        AppRecords app = apps.get(id);
        if (app == null) {
            return true;
        }
        Map<String, Integer> missing = new HashMap<>();
        for (Versioned<Formation> versioned : app.formations.values()) {
            Formation formation = versioned.value();
            Optional<Release> release = release(formation.release());
            if (release.flatMap(Release::artifact).isEmpty()) {
                return false;
            }
            for (Map.Entry<String, ProcessType> type : release.get().processes().entrySet()) {
                int count = formation.processes().getOrDefault(type.getKey(), 0);
                if (type.getValue().omni()) {
                    return false;
                }
                missing.put(formation.release() + "/" + type.getKey(), count);
            }
            if (!missing.keySet()
                    .containsAll(formation.processes().keySet().stream()
                            .map(type -> formation.release() + "/" + type)
                            .toList())) {
                return false;
            }
        }
        for (Versioned<JobRecord> versioned : app.jobs.values()) {
            JobRecord job = versioned.value();
            if (job.type().isEmpty()) {
                continue;
            }
            if (job.restartAt().isPresent() || drained.contains(job.hostId())) {
                return false;
            }
            boolean counts = job.state() != JobState.DOWN && job.state() != JobState.STOPPING && !job.stopRequested();
            if (counts
                    && missing.computeIfPresent(
                                    job.release().orElseThrow() + "/"
                                            + job.type().get(),
                                    (type, count) -> count - 1)
                            == null) {
                return false;
            }
        }
        return missing.values().stream().allMatch(count -> count == 0);
    }

    /** Whether an app has types that run on every host. */
    boolean isOmni(AppId id) {
        return hasType(id, ProcessType::omni);
    }

    private boolean hasType(AppId id, Predicate<ProcessType> which) {
        AppRecords app = apps.get(id);
        return app != null
                && app.formations.values().stream()
                        .flatMap(formation -> release(formation.value().release()).stream())
                        .anyMatch(
                                release -> release.processes().values().stream().anyMatch(which));
    }

    /** Whether decisions for these apps rest on volumes. */
    boolean keepData(Collection<AppId> ids) {
        return ids.stream().anyMatch(id -> hasType(id, ProcessType::data));
    }

    // ---- pictures

    /**
     * Everything of some apps, and of the others what they have of hosts.
     *
     * @param volumes as they are at this moment; those that were followed may be older than the jobs, and who starts without
     *     data that is there loses it
     */
    ClusterPicture pictureOf(
            Collection<AppId> ids,
            Collection<Versioned<VolumeRecord>> volumes,
            Roll roll,
            Predicate<JobRecord> isServed) {
        List<Versioned<Formation>> theirFormations = new ArrayList<>();
        List<Versioned<JobRecord>> theirJobs = new ArrayList<>();
        var theirLoads = new HostLoads();
        for (AppId id : ids) {
            AppRecords app = apps.get(id);
            if (app != null) {
                theirFormations.addAll(app.formations.values());
                theirJobs.addAll(app.jobs.values());
                app.jobs.values().forEach(job -> theirLoads.add(job.value()));
            }
        }
        return new ClusterPicture(
                theirFormations,
                theirJobs,
                hosts.values(),
                volumes,
                this::release,
                this::app,
                host -> loads.without(host, theirLoads),
                roll,
                isServed);
    }
}
