package dev.flynn.controller;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.controller.DeploymentSnapshot.JobView;
import dev.flynn.controller.DeploymentStep.Act;
import dev.flynn.controller.DeploymentStep.Action;
import dev.flynn.controller.DeploymentStep.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** A cluster without threads or time of its own, in which a deployment is taken step by step in an order that a seed decides. */
final class SimulatedCluster {

    /** What a job of the new release does. */
    enum Behaviour {
        /** Comes up and stays. */
        WORKS,
        /** Ends by itself soon after its start. */
        EXITS,
        /** Cannot be started by its host. */
        CANNOT_START,
        /** Runs and never answers. */
        HANGS
    }

    static final DeploymentPace PACE = new DeploymentPace(2, 30, Optional.of(Duration.ofSeconds(20)));

    final ReleaseId oldRelease = ReleaseId.random();
    final ReleaseId newRelease;
    final List<String> told = new ArrayList<>();
    final Map<ReleaseId, Map<String, Integer>> formations = new HashMap<>();
    final Set<ReleaseId> deletedFormations = new HashSet<>();
    final Map<String, ProcessType> oldTypes;
    final Map<String, ProcessType> newTypes;

    /** The fewest jobs of a type that were ready at the same time, of both releases. */
    final Map<String, Integer> fewestReady = new HashMap<>();

    /** The most jobs of a type that were live at the same time and not asked to end, of both releases. */
    final Map<String, Integer> mostWanted = new HashMap<>();

    Instant now = Instant.parse("2015-12-14T09:00:00Z");
    Deployment deployment;
    Optional<DeploymentRun> run;
    Function<String, Behaviour> behaviour = type -> Behaviour.WORKS;
    int hosts = 1;

    /** What the members of the type {@code postgres} are; no replicated database unless a test says so. */
    ScriptedDatabase database = ScriptedDatabase.none();

    private final Random random;
    private final Map<JobId, JobView> jobs = new TreeMap<>((a, b) -> a.value().compareTo(b.value()));
    private final Map<JobId, Instant> startedAt = new HashMap<>();
    private final Set<JobId> registered = new HashSet<>();
    private int created;

    SimulatedCluster(
            long seed,
            Strategy strategy,
            Map<String, Integer> processes,
            Map<String, ProcessType> oldTypes,
            Map<String, ProcessType> newTypes) {
        this(seed, strategy, PACE, processes, oldTypes, newTypes, Set.of());
    }

    SimulatedCluster(
            long seed,
            Strategy strategy,
            DeploymentPace pace,
            Map<String, Integer> processes,
            Map<String, ProcessType> oldTypes,
            Map<String, ProcessType> newTypes,
            Set<String> restarts) {
        this.random = new Random(seed);
        this.newRelease = restarts.isEmpty() ? ReleaseId.random() : oldRelease;
        this.oldTypes = oldTypes;
        this.newTypes = newTypes;
        var id = DeploymentId.random();
        this.deployment = new Deployment(
                id,
                AppId.random(),
                Optional.of(oldRelease),
                newRelease,
                strategy,
                DeploymentStatus.PENDING,
                processes,
                30,
                now,
                Optional.empty());
        this.run = Optional.of(DeploymentRun.begin(id, pace, List.copyOf(restarts), now));
        formations.put(oldRelease, processes);
        startOldJobs(processes);
        processes.keySet().forEach(type -> fewestReady.put(type, ready(type)));
    }

    /** Of jobs of these types, within one release. */
    static SimulatedCluster ofRestart(
            long seed,
            Strategy strategy,
            Map<String, Integer> processes,
            Map<String, ProcessType> types,
            Set<String> restarts) {
        return new SimulatedCluster(seed, strategy, PACE, processes, types, types, restarts);
    }

    /** What a client orders. */
    void order(DeploymentRun.Order order) {
        run = run.map(read -> read.withOrder(order));
    }

    static ProcessType withService(String service) {
        return new ProcessType(
                List.of(), List.of(), Map.of(), List.of(), false, false, false, Optional.of(service), false, Map.of());
    }

    static ProcessType plain() {
        return ProcessType.ofCommand(List.of("run"));
    }

    private void startOldJobs(Map<String, Integer> processes) {
        processes.forEach((type, count) -> {
            for (int i = 0; i < count; i++) {
                JobView job = job(oldRelease, type, JobState.UP, false);
                startedAt.put(job.id(), now.minusSeconds(60));
                jobs.put(job.id(), job);
                registered.add(job.id());
            }
        });
    }

    private JobView job(ReleaseId release, String type, JobState state, boolean fresh) {
        return new JobView(
                new JobId("host1-%05d".formatted(++created)),
                release,
                type,
                state,
                false,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                now,
                fresh);
    }

    DeploymentSnapshot snapshot() {
        Map<String, Set<JobId>> up = new HashMap<>();
        newTypes.keySet().forEach(type -> up.put(type, new HashSet<>()));
        jobs.values().stream()
                .filter(job -> job.release().equals(newRelease) && registered.contains(job.id()))
                .forEach(job ->
                        up.computeIfAbsent(job.type(), t -> new HashSet<>()).add(job.id()));
        return new DeploymentSnapshot(
                now, deployment, run.orElseThrow(), oldTypes, newTypes, hosts, List.copyOf(jobs.values()), up);
    }

    boolean isOver() {
        return run.isEmpty();
    }

    /** Lets either the worker, the cluster or time go on, whichever the seed says. */
    void advance() {
        switch (random.nextInt(4)) {
            case 0 -> work();
            case 1, 2 -> schedule();
            default -> pass(Duration.ofMillis(50 + random.nextInt(1000)));
        }
        for (String type : deployment.processes().keySet()) {
            fewestReady.merge(type, ready(type), Math::min);
            mostWanted.merge(type, wanted(type), Math::max);
        }
    }

    /** Goes on until the deployment is over. */
    void runToTheEnd() {
        for (int i = 0; i < 20_000 && !isOver(); i++) {
            advance();
        }
        for (int i = 0; i < 200; i++) {
            schedule();
        }
    }

    void pass(Duration time) {
        now = now.plus(time);
        for (JobView job : List.copyOf(jobs.values())) {
            if (job.state() == JobState.UP
                    && does(job) == Behaviour.EXITS
                    && now.isAfter(startedAt.get(job.id()).plusSeconds(1))) {
                down(job, OptionalInt.of(1), Optional.empty());
            }
        }
    }

    private Behaviour does(JobView job) {
        return isNew(job) ? behaviour.apply(job.type()) : Behaviour.WORKS;
    }

    private boolean isNew(JobView job) {
        return job.release().equals(newRelease) && job.fresh();
    }

    /** Jobs that answer, of both releases. */
    int ready(String type) {
        return (int) jobs.values().stream()
                .filter(job -> job.type().equals(type) && job.state() == JobState.UP)
                .filter(job -> !hasService(job) || registered.contains(job.id()))
                .count();
    }

    private int wanted(String type) {
        return (int) jobs.values().stream()
                .filter(job -> job.type().equals(type) && job.state().isLive() && !job.stopRequested())
                .count();
    }

    private boolean hasService(JobView job) {
        return (job.release().equals(oldRelease) ? oldTypes : newTypes)
                .get(job.type())
                .service()
                .isPresent();
    }

    Map<String, Integer> live(ReleaseId release) {
        Map<String, Integer> live = new TreeMap<>();
        jobs.values().stream()
                .filter(job -> job.release().equals(release) && job.state().isLive())
                .forEach(job -> live.merge(job.type(), 1, Integer::sum));
        return live;
    }

    /** Jobs of before the deployment that still run. */
    long liveOfBefore() {
        return jobs.values().stream()
                .filter(job -> !job.fresh() && job.state().isLive())
                .count();
    }

    /** One look of the worker. */
    void work() {
        if (isOver()) {
            return;
        }
        DeploymentStep step = DeploymentPlan.next(snapshot(), database);
        if (step instanceof Await await) {
            if (!await.until().isAfter(now)) {
                throw new AssertionError("waits for a time that is over: " + await);
            }
            return;
        }
        Act act = (Act) step;
        run = Optional.of(act.next());
        act.actions().forEach(this::apply);
    }

    private void apply(Action action) {
        if (action instanceof Action.Tell tell) {
            told.add("%s %s %s"
                    .formatted(
                            name(tell.release()),
                            tell.type().orElse("-"),
                            tell.state().orElse("-")));
        } else if (action instanceof Action.Scale scale) {
            told.add("scale %s %s".formatted(name(scale.release()), new TreeMap<>(scale.processes())));
            formations.put(scale.release(), scale.processes());
        } else if (action instanceof Action.StopJobs stop) {
            told.add("stop " + stop.jobs().size());
            stop.jobs().forEach(id -> {
                JobView job = jobs.get(id);
                change(job, job.state(), true, OptionalInt.empty(), Optional.empty());
            });
        } else if (action instanceof Action.ClearMarks clear) {
            told.add("clear " + new TreeSet<>(clear.services()));
        } else if (action instanceof Action.StopPeer stop) {
            told.add("stop " + stop.peer().peer());
            database.of(stop.service()).stop(stop.peer());
        } else if (action instanceof Action.DeleteFormation delete) {
            told.add("delete " + name(delete.release()));
            formations.remove(delete.release());
            deletedFormations.add(delete.release());
        } else if (action instanceof Action.SetRelease set) {
            told.add("release " + name(set.release()));
        } else if (action instanceof Action.MarkFinished) {
            told.add("finished");
        } else if (action instanceof Action.Finish finish) {
            told.add(finish.status().wireName());
            error = run.orElseThrow().error();
            run = Optional.empty();
        }
    }

    /** Why it failed. */
    Optional<String> error = Optional.empty();

    private String name(ReleaseId release) {
        return release.equals(oldRelease) ? "old" : "new";
    }

    /** One small step of the scheduler or of a host. */
    void schedule() {
        List<Runnable> possible = new ArrayList<>();
        for (ReleaseId release : new LinkedHashSet<>(List.of(oldRelease, newRelease))) {
            Map<String, ProcessType> types = release.equals(oldRelease) ? oldTypes : newTypes;
            for (String type : types.keySet()) {
                possibleFor(release, type, types.get(type), possible);
            }
        }
        for (JobView job : List.copyOf(jobs.values())) {
            possibleFor(job, possible);
        }
        if (!possible.isEmpty()) {
            possible.get(random.nextInt(possible.size())).run();
        }
    }

    private void possibleFor(ReleaseId release, String type, ProcessType process, List<Runnable> possible) {
        int wanted = formations.getOrDefault(release, Map.of()).getOrDefault(type, 0) * (process.omni() ? hosts : 1);
        List<JobView> live = jobs.values().stream()
                .filter(job -> job.release().equals(release) && job.type().equals(type))
                .filter(job -> job.state().isLive() && !job.stopRequested())
                .toList();
        if (live.size() < wanted) {
            possible.add(() -> {
                JobView job = job(release, type, JobState.PENDING, true);
                jobs.put(job.id(), job);
            });
        } else if (live.size() > wanted) {
            JobView youngest = live.get(live.size() - 1);
            possible.add(() -> change(youngest, youngest.state(), true, OptionalInt.empty(), Optional.empty()));
        }
    }

    private void possibleFor(JobView job, List<Runnable> possible) {
        Behaviour does = does(job);
        if (job.stopRequested() && job.state().isLive()) {
            possible.add(() -> down(job, OptionalInt.of(0), Optional.empty()));
        } else if (job.state() == JobState.PENDING && does == Behaviour.CANNOT_START) {
            possible.add(() -> down(job, OptionalInt.empty(), Optional.of("no such image")));
        } else if (job.state() == JobState.PENDING) {
            possible.add(() -> change(job, JobState.STARTING, false, OptionalInt.empty(), Optional.empty()));
        } else if (job.state() == JobState.STARTING) {
            possible.add(() -> {
                startedAt.put(job.id(), now);
                change(job, JobState.UP, false, OptionalInt.empty(), Optional.empty());
            });
        } else if (job.state() == JobState.UP && does == Behaviour.EXITS) {
            possible.add(() -> down(job, OptionalInt.of(1), Optional.empty()));
        } else if (job.state() == JobState.UP && does == Behaviour.WORKS && !registered.contains(job.id())) {
            possible.add(() -> {
                registered.add(job.id());
                database.joins(job);
            });
        }
    }

    private void down(JobView job, OptionalInt exitStatus, Optional<String> hostError) {
        registered.remove(job.id());
        change(job, JobState.DOWN, job.stopRequested(), exitStatus, hostError);
    }

    private void change(
            JobView job, JobState state, boolean stopRequested, OptionalInt exitStatus, Optional<String> hostError) {
        jobs.put(
                job.id(),
                new JobView(
                        job.id(),
                        job.release(),
                        job.type(),
                        state,
                        stopRequested,
                        exitStatus,
                        OptionalInt.empty(),
                        hostError,
                        Optional.ofNullable(startedAt.get(job.id())),
                        now,
                        job.fresh()));
    }

    /** The host of every live new job is killed and comes back: the jobs are lost, and nobody saw how they ended. */
    void loseNewJobs() {
        for (JobView job : List.copyOf(jobs.values())) {
            if (isNew(job) && job.state().isLive()) {
                down(job, OptionalInt.empty(), Optional.of("its host was restarted"));
            }
        }
    }

    /** New jobs that never ran. */
    long startFailures() {
        return jobs.values().stream()
                .filter(job ->
                        job.release().equals(newRelease) && job.hostError().isPresent())
                .filter(job -> job.startedAt().isEmpty())
                .count();
    }
}
