package dev.flynn.scheduler;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.scheduler.ClusterSnapshot;
import dev.flynn.spi.scheduler.Plan;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.JobRecord;
import dev.flynn.state.JobSpecs;
import dev.flynn.state.TableFeed.Changes;
import dev.flynn.state.Versioned;
import dev.flynn.store.MemoryClusterStore;
import java.lang.management.ManagementFactory;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A simulation of large clusters: all that the scheduler does but for the store, whose place the records take that it decides
 * on. Arguments: hosts to fill, hosts of which one is lost, apps, jobs of each. It fails if what it decides is wrong.
 *
 * <p>Prints what {@code script/bench schedule} and {@code script/suite schedule} read.
 */
public final class SchedulerScale {

    private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
    private static final Clock CLOCK = Clock.fixed(NOW, ZoneOffset.UTC);
    private static final int LOSSES = 21;
    private static final int IDLE_PASSES = 2000;
    private static final com.sun.management.ThreadMXBean THREADS =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static final com.sun.management.OperatingSystemMXBean MACHINE =
            (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final Restarts restarts = new Restarts(RestartPolicy.DEFAULT);
    private final Waits waits = new Waits();
    private final Scheduler scheduler;
    private final Artifact artifact = new Artifact(ArtifactId.random(), "host", "host:slugrunner", NOW);
    private final Map<AppId, App> apps = new HashMap<>();
    private final Map<ReleaseId, Release> releases = new HashMap<>();
    private final ClusterIndex index =
            new ClusterIndex(id -> Optional.ofNullable(apps.get(id)), id -> Optional.ofNullable(releases.get(id)));
    private final Set<String> alive = new HashSet<>();
    private final int wanted;
    private long revision = 1;

    private SchedulerScale(Scheduler scheduler, int hosts, int appCount, int jobsPerApp) {
        this.scheduler = scheduler;
        this.wanted = appCount * jobsPerApp;
        Map<String, Optional<Versioned<Host>>> hostRecords = new HashMap<>();
        for (int i = 0; i < hosts; i++) {
            String id = "host" + i;
            var host = new Host(id, "http://" + id, Map.of("disk", i % 4 == 0 ? "ssd" : "hdd"))
                    .withCapacity(Optional.of(new Capacity(256L << 30, 128_000)));
            hostRecords.put(id, versioned("hosts/" + id, host));
            alive.add(id);
        }
        Map<String, Optional<Versioned<Formation>>> formationRecords = new HashMap<>();
        for (int i = 0; i < appCount; i++) {
            addApp(i, jobsPerApp, formationRecords);
        }
        index.applyHosts(new Changes<>(true, hostRecords, revision));
        index.applyFormations(new Changes<>(true, formationRecords, revision));
        index.applyJobs(new Changes<>(true, Map.of(), revision));
    }

    /** Half of all reserve something, one in ten wants certain hosts, and one in fifty keeps its jobs apart. */
    private void addApp(int number, int jobs, Map<String, Optional<Versioned<Formation>>> formationRecords) {
        AppId id = AppId.random();
        ProcessType web = ProcessType.ofCommand(List.of("start", "web"));
        if (number % 2 == 0) {
            web = web.withResources(Map.of(
                    ResourceLimit.MEMORY, ResourceLimit.of((128L + number % 7 * 64) << 20),
                    ResourceLimit.CPU, ResourceLimit.of(50 + number % 5 * 25)));
        }
        Map<String, String> meta = number % 50 == 0 ? Map.of("flynn-anti-affinity", "host") : Map.of();
        var release = new Release(
                ReleaseId.random(),
                Optional.empty(),
                List.of(artifact.id()),
                Map.of("DATABASE_URL", "postgres://db" + number + ".example/app", "SLUG_URL", "http://blobs/" + number),
                meta,
                Map.of("web", web),
                NOW);
        var app = new App(
                id, "app-" + number, Map.of(), Strategy.ALL_AT_ONCE, Optional.of(release.id()), 30, false, NOW, NOW);
        Map<String, Map<String, String>> tags = number % 10 == 0 ? Map.of("web", Map.of("disk", "ssd")) : Map.of();
        var formation = new Formation(id, release.id(), Map.of("web", jobs), tags, NOW, NOW);
        apps.put(id, app);
        releases.put(release.id(), release);
        formationRecords.put(
                ClusterState.formationId(id, release.id()),
                versioned("formations/" + id + "/" + release.id(), formation));
    }

    public static void main(String[] args) {
        int hosts = Integer.parseInt(args[0]);
        int lossHosts = Integer.parseInt(args[1]);
        int apps = Integer.parseInt(args[2]);
        int jobsPerApp = Integer.parseInt(args[3]);
        new SchedulerScale(new SpreadScheduler(), hosts, apps / 10, jobsPerApp).fill(); // for the compiler
        new SchedulerScale(new BinpackScheduler(), hosts, apps / 10, jobsPerApp).fill();
        measure("spread", new SpreadScheduler(), hosts, apps, jobsPerApp);
        measure("binpack", new BinpackScheduler(), hosts, apps, jobsPerApp);
        long empty = usedBytes();
        var large = new SchedulerScale(new SpreadScheduler(), lossHosts, apps, jobsPerApp);
        long before = usedBytes();
        large.fill();
        System.out.printf("bytes-per-job %d%n", (usedBytes() - before) / large.wanted);
        System.out.printf("bytes-per-app %d%n", (before - empty) / apps);
        large.loseHosts();
        large.idle();
    }

    private static void measure(String name, Scheduler scheduler, int hosts, int apps, int jobsPerApp) {
        var scale = new SchedulerScale(scheduler, hosts, apps, jobsPerApp);
        long cpu = MACHINE.getProcessCpuTime();
        long began = System.nanoTime();
        long planned = scale.fill() - began;
        long took = System.nanoTime() - began;
        cpu = MACHINE.getProcessCpuTime() - cpu;
        System.out.printf(
                "%s %d jobs on %d hosts: decided in %d ms, records made and indexed in %d ms more%n",
                name, scale.wanted, hosts, planned / 1_000_000, (took - planned) / 1_000_000);
        System.out.printf("placements/s-%s %d%n", name, scale.wanted * 1_000_000_000L / took);
        System.out.printf("placements/cpu-s-%s %d%n", name, scale.wanted * 1_000_000_000L / cpu);
        scale.check();
    }

    /** @return when it was decided */
    private long fill() {
        Set<AppId> touched = index.takeTouched();
        Decision decision = decide(touched);
        long decided = System.nanoTime();
        start(decision);
        return decided;
    }

    private Decision decide(Collection<AppId> touched) {
        ClusterPicture picture =
                index.pictureOf(touched, List.of(), new Roll(alive, Set.of(), Optional.empty()), job -> true);
        return Decision.of(picture, scheduler, restarts, waits, NOW);
    }

    private int start(Decision decision) {
        Map<String, Optional<Versioned<JobRecord>>> records = new HashMap<>();
        for (Decision.Change change : decision.changes()) {
            App app = apps.get(change.app());
            Release release = releases.get(change.release());
            for (Decision.Start start : change.start()) {
                JobId id = JobId.random(start.hostId());
                var spec = JobSpecs.ofProcessType(
                        id,
                        app,
                        release,
                        artifact,
                        start.type(),
                        release.processes().get(start.type()),
                        PlanWriter.replacing(
                                start.replaces().map(down -> down.value().id())));
                records.put(id.value(), versioned("jobs/" + id, JobRecord.pending(spec, 0, NOW)));
            }
        }
        index.applyJobs(new Changes<>(false, records, revision));
        return records.size();
    }

    private <T> Optional<Versioned<T>> versioned(String key, T value) {
        long now = ++revision;
        return Optional.of(new Versioned<>(key, value, now, now));
    }

    /** Everything is placed, within what hosts have. */
    private void check() {
        int placed = 0;
        for (String host : alive) {
            Collection<Versioned<JobRecord>> there = index.jobsOn(host);
            placed += there.size();
            Capacity reserved = there.stream()
                    .map(job -> Capacity.reservedBy(job.value().spec().resources()))
                    .reduce(Capacity.NONE, Capacity::plus);
            require(new Capacity(256L << 30, 128_000).holds(reserved), host + " was given " + reserved);
            Map<AppId, Long> ofApp =
                    there.stream().collect(groupingBy(job -> job.value().app().orElseThrow(), counting()));
            ofApp.forEach((app, count) -> require(
                    count == 1
                            || releases.get(apps.get(app).release().orElseThrow())
                                    .meta()
                                    .isEmpty(),
                    "jobs share " + host + " against their anti-affinity"));
        }
        require(placed == wanted, placed + " of " + wanted + " jobs are placed");
    }

    /** One host after the other: its jobs are recorded as lost, and placed elsewhere. */
    private void loseHosts() {
        List<Double> millis = new ArrayList<>();
        for (int i = 0; i < LOSSES; i++) {
            String lost = "host" + i * 7;
            index.takeTouched();
            alive.remove(lost);
            int jobs = index.jobsOn(lost).size();
            long began = THREADS.getCurrentThreadCpuTime();
            Map<String, Optional<Versioned<JobRecord>>> down = new HashMap<>();
            for (Versioned<JobRecord> job : List.copyOf(index.jobsOn(lost))) {
                down.put(
                        job.value().id().value(),
                        versioned(job.key(), job.value().lost("its host does not answer any more", NOW)));
            }
            index.applyJobs(new Changes<>(false, down, revision));
            Decision decision = decide(index.takeTouched());
            millis.add((THREADS.getCurrentThreadCpuTime() - began) / 1e6);
            require(start(decision) == jobs, "not all " + jobs + " jobs of " + lost + " are started elsewhere");
            require(index.jobsOn(lost).isEmpty(), lost + " still has jobs");
        }
        System.out.printf("lost-host-first-ms %.1f%n", millis.get(0));
        System.out.printf(
                "lost-host-ms %.1f%n", millis.stream().sorted().toList().get(LOSSES / 2));
    }

    /** Passes of the loop when nothing changed; no scheduler may be asked. */
    private void idle() {
        Scheduler none = new Scheduler() {
            @Override
            public Plan plan(ClusterSnapshot snapshot) {
                throw new IllegalStateException("a scheduler was asked though nothing changed");
            }
        };
        try (var store = new MemoryClusterStore(CLOCK)) {
            var state = new ClusterState(store, new FlynnJson(), CLOCK);
            var pass = new SchedulerPass(state, none, RestartPolicy.DEFAULT, CLOCK, HostWatch.NONE);
            long first = THREADS.getCurrentThreadCpuTime();
            pass.run(index);
            System.out.printf("first-look-ms %.0f%n", (THREADS.getCurrentThreadCpuTime() - first) / 1e6);
            long[] nanos = new long[IDLE_PASSES];
            long bytes = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId());
            for (int i = 0; i < IDLE_PASSES; i++) {
                long began = System.nanoTime();
                pass.run(index);
                nanos[i] = System.nanoTime() - began;
            }
            bytes = THREADS.getThreadAllocatedBytes(Thread.currentThread().getId()) - bytes;
            Arrays.sort(nanos);
            System.out.printf("idle-pass-us %.2f%n", nanos[IDLE_PASSES / 2] / 1e3);
            System.out.printf("idle-pass-bytes %d%n", bytes / IDLE_PASSES);
        }
    }

    private static long usedBytes() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }
}
