package dev.flynn.controller;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.controller.DeploymentRun.Phase;
import dev.flynn.controller.DeploymentSnapshot.JobView;
import dev.flynn.controller.DeploymentStep.Act;
import dev.flynn.controller.DeploymentStep.Action;
import dev.flynn.controller.DeploymentStep.Await;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Decides the next step of a deployment: a pure function of a snapshot (contract: controller, Deployments).
 *
 * <p>The order is always: start new jobs, wait until they are up and routers know them, then stop old ones. Only of types that
 * keep data the old ones stop first, because the new ones are to go on with that data, which one job at a time can have. What
 * is told of jobs is told once, because the run remembers it.
 */
final class DeploymentPlan {

    /** How long routers get to learn of new jobs before old ones stop. */
    static final Duration SETTLE = Duration.ofMillis(200);

    /** How long a job without a service must run before it counts as up: one that exits at once is up for a moment. */
    static final Duration STEADY = Duration.ofSeconds(2);

    /** Silence that fails a deployment, unless the app allows more. */
    static final Duration MIN_SILENCE = Duration.ofSeconds(60);

    /** How long a rollback waits for missing old jobs. */
    static final Duration ROLL_BACK_PATIENCE = Duration.ofSeconds(10);

    /** How long the last output of a failed job may be on its way to its log. */
    static final Duration LOGS_ARRIVE = Duration.ofMillis(500);

    /** One job may fail to start: so does one whose host is restarted while it starts it. */
    private static final int TOLERATED_START_FAILURES = 1;

    /** Jobs of a type without a service that may end before the deployment fails. */
    private static final int TOLERATED_ENDS = 2;

    private final DeploymentSnapshot now;
    private final DeploymentRun run;
    private final ReleaseId newRelease;
    private final Map<String, Integer> target;

    private DeploymentPlan(DeploymentSnapshot snapshot) {
        this.now = snapshot;
        this.run = snapshot.run();
        this.newRelease = snapshot.deployment().newRelease();
        this.target = snapshot.target();
    }

    static DeploymentStep next(DeploymentSnapshot snapshot) {
        return new DeploymentPlan(snapshot).next();
    }

    private DeploymentStep next() {
        Strategy strategy = now.deployment().strategy();
        if (strategy == Strategy.POSTGRES || strategy == Strategy.DISCOVERD_META) {
            String reason = "deployment strategy \"%s\" is not available yet; use all-at-once or one-by-one"
                    .formatted(strategy);
            return new Act(run.withError(reason), List.of(new Action.Finish(DeploymentStatus.FAILED)));
        }
        return switch (run.phase()) {
            case BEGIN -> begin();
            case AWAIT_UP -> awaitUp();
            case SETTLE -> settle();
            case AWAIT_DOWN -> awaitDown();
            case ROLL_BACK -> rollBack();
        };
    }

    private boolean allAtOnce() {
        return now.deployment().strategy() == Strategy.ALL_AT_ONCE;
    }

    private DeploymentUnit unit() {
        return DeploymentUnit.of(now.deployment().strategy(), now.deployment().processes(), target)
                .get(run.unit());
    }

    /** Starts the unit's new jobs. */
    private DeploymentStep begin() {
        DeploymentUnit unit = unit();
        Map<String, Integer> up = new HashMap<>(run.toldUp());
        List<Action> starting = new ArrayList<>();
        new TreeMap<>(unit.newAfter()).forEach((type, count) -> {
            int expected = expected(now.newTypes(), type, count);
            int existing = (int) Math.min(
                    expected,
                    now.newJobs(type).stream()
                            .filter(job -> job.state().isLive())
                            .count());
            up.merge(type, existing, Math::max);
            for (int i = up.getOrDefault(type, 0); i < expected; i++) {
                starting.add(new Action.Tell(newRelease, type, "starting"));
            }
        });
        List<Action> actions = new ArrayList<>(handOver(unit));
        if (!unit.newAfter().equals(unit.newBefore())) {
            var scale = new Action.Scale(newRelease, unit.newAfter());
            if (allAtOnce()) {
                actions.addAll(starting);
                actions.add(scale);
            } else {
                actions.add(scale);
                actions.addAll(starting);
            }
        }
        return new Act(run.awaitUp(up, now.now()), actions);
    }

    /** Stops the old jobs of types that keep data, in the same step that starts the new ones, which wait for it. */
    private List<Action> handOver(DeploymentUnit unit) {
        Map<String, Integer> handedOver = handedOver(unit);
        if (handedOver.isEmpty()) {
            return List.of();
        }
        ReleaseId old = now.deployment().oldRelease().orElseThrow();
        Map<String, Integer> left = new HashMap<>(oldBefore());
        handedOver.forEach((type, count) -> left.merge(type, -count, Integer::sum));
        List<Action> actions = new ArrayList<>();
        actions.add(new Action.Scale(old, left));
        actions.addAll(tell(old, handedOver, "stopping"));
        return actions;
    }

    /** How many old jobs stop before the new ones of the unit start, by type. */
    private Map<String, Integer> handedOver(DeploymentUnit unit) {
        Map<String, Integer> counts = new TreeMap<>();
        if (now.deployment().oldRelease().isEmpty() || unit.newAfter().equals(unit.newBefore())) {
            return counts;
        }
        oldBefore().forEach((type, before) -> {
            int stopped = before - unit.oldAfter().getOrDefault(type, 0);
            if (stopped > 0 && keepsData(type) && unit.newAfter().getOrDefault(type, 0) > 0) {
                counts.put(type, stopped);
            }
        });
        return counts;
    }

    /** Whether jobs of the new release go on with what those of the old one wrote. */
    private boolean keepsData(String type) {
        return Stream.of(now.oldTypes(), now.newTypes())
                .map(types -> Optional.ofNullable(types.get(type)))
                .allMatch(process -> process.isPresent()
                        && process.get().data()
                        && !process.get().omni());
    }

    /** Counts of the old release before this unit. */
    private Map<String, Integer> oldBefore() {
        return run.unit() == 0
                ? now.deployment().processes()
                : DeploymentUnit.of(
                                now.deployment().strategy(), now.deployment().processes(), target)
                        .get(run.unit() - 1)
                        .oldAfter();
    }

    private static List<Action> tell(ReleaseId release, Map<String, Integer> counts, String state) {
        List<Action> news = new ArrayList<>();
        counts.forEach((type, count) -> {
            for (int i = 0; i < count; i++) {
                news.add(new Action.Tell(release, type, state));
            }
        });
        return news;
    }

    private DeploymentStep awaitUp() {
        Optional<Failure> failure = failure();
        if (failure.isPresent()) {
            return fail(failure.get());
        }
        DeploymentUnit unit = unit();
        Map<String, Integer> told = new HashMap<>(run.toldUp());
        List<Action> news = new ArrayList<>();
        boolean allUp = true;
        for (Map.Entry<String, Integer> wanted : new TreeMap<>(unit.newAfter()).entrySet()) {
            String type = wanted.getKey();
            int expected = expected(now.newTypes(), type, wanted.getValue());
            int up = up(type);
            for (int i = told.getOrDefault(type, 0); i < Math.min(up, expected); i++) {
                news.add(new Action.Tell(newRelease, type, "up"));
                told.merge(type, 1, Integer::sum);
            }
            allUp &= up >= expected;
        }
        if (allUp) {
            boolean started = !unit.newAfter().equals(unit.newBefore());
            Instant settled = started ? now.now().plus(SETTLE) : now.now();
            return new Act(run.settle(told, settled, now.now()), news);
        }
        if (!news.isEmpty()) {
            return new Act(run.awaitUp(told, now.now()), news);
        }
        return silence().map(this::fail).orElseGet(() -> new Await(nextLook()));
    }

    private DeploymentStep settle() {
        Optional<Failure> failure = failure();
        if (failure.isPresent()) {
            return fail(failure.get());
        }
        Instant until = run.until().orElse(now.now());
        return now.now().isBefore(until) ? new Await(until) : stopOld();
    }

    /** Stops the unit's old jobs. */
    private DeploymentStep stopOld() {
        DeploymentUnit unit = unit();
        Map<String, Integer> excess = excess(unit);
        List<Action> stopping = new ArrayList<>();
        now.deployment()
                .oldRelease()
                .ifPresent(old -> excess.forEach((type, count) -> {
                    for (int i = 0; i < count; i++) {
                        stopping.add(new Action.Tell(old, type, "stopping"));
                    }
                }));
        List<Action> actions = new ArrayList<>();
        now.deployment().oldRelease().ifPresent(old -> {
            // the new ones are up, so they had let go of their data
            actions.addAll(tell(old, handedOver(unit), "down"));
            var scale = new Action.Scale(old, unit.oldAfter());
            if (allAtOnce()) {
                actions.addAll(stopping);
                actions.add(scale);
            } else {
                actions.add(scale);
                actions.addAll(stopping);
            }
        });
        return stopping.isEmpty()
                ? afterUnit(unit, actions)
                : new Act(run.awaitDown(excess, Map.of(), now.now()), actions);
    }

    private DeploymentStep awaitDown() {
        DeploymentUnit unit = unit();
        Map<String, Integer> left = excess(unit);
        Map<String, Integer> told = new HashMap<>(run.toldDown());
        List<Action> news = new ArrayList<>();
        now.deployment()
                .oldRelease()
                .ifPresent(old -> new TreeMap<>(run.stopping()).forEach((type, count) -> {
                    int down = count - left.getOrDefault(type, 0);
                    for (int i = told.getOrDefault(type, 0); i < down; i++) {
                        news.add(new Action.Tell(old, type, "down"));
                        told.merge(type, 1, Integer::sum);
                    }
                }));
        if (left.values().stream().allMatch(count -> count == 0)) {
            return afterUnit(unit, news);
        }
        if (!news.isEmpty()) {
            return new Act(run.awaitDown(run.stopping(), told, now.now()), news);
        }
        return silence()
                .map(silence -> allAtOnce() ? failWithoutRollBack(silence) : fail(silence))
                .orElseGet(() -> new Await(silenceEnds()));
    }

    private DeploymentStep afterUnit(DeploymentUnit unit, List<Action> actions) {
        List<Action> all = new ArrayList<>(actions);
        if (unit.last()) {
            all.add(new Action.SetRelease(newRelease));
            all.add(new Action.Finish(DeploymentStatus.COMPLETE));
        }
        return new Act(run.nextUnit(now.now()), all);
    }

    private DeploymentStep fail(Failure failure) {
        List<Action> actions = new ArrayList<>();
        now.deployment()
                .oldRelease()
                .ifPresent(old ->
                        actions.add(new Action.Scale(old, now.deployment().processes())));
        withoutWhatKeepsData(unit().newAfter()).ifPresent(left -> actions.add(new Action.Scale(newRelease, left)));
        actions.add(new Action.MarkFinished());
        return new Act(
                run.rollBack(failure.reason(), failure.suspect(), now.now().plus(ROLL_BACK_PATIENCE), now.now()),
                actions);
    }

    /** So that the old jobs get their data back; empty if the new ones have none of it. */
    private Optional<Map<String, Integer>> withoutWhatKeepsData(Map<String, Integer> counts) {
        Map<String, Integer> left = new HashMap<>(counts);
        left.keySet().removeIf(this::keepsData);
        return left.size() == counts.size() ? Optional.empty() : Optional.of(left);
    }

    private DeploymentStep failWithoutRollBack(Failure failure) {
        return new Act(run.withError(failure.reason()), List.of(new Action.Finish(DeploymentStatus.FAILED)));
    }

    private DeploymentStep rollBack() {
        Instant logged = run.updatedAt().plus(LOGS_ARRIVE);
        if (now.now().isBefore(logged)) {
            return new Await(logged);
        }
        Instant until = run.until().orElse(now.now());
        if (now.now().isBefore(until) && !oldJobsAreBack()) {
            return new Await(until);
        }
        return new Act(
                run, List.of(new Action.DeleteFormation(newRelease), new Action.Finish(DeploymentStatus.FAILED)));
    }

    private boolean oldJobsAreBack() {
        return now.deployment().processes().entrySet().stream()
                .allMatch(wanted -> now.oldJobs(wanted.getKey()).stream()
                                .filter(job -> job.state() == JobState.UP && !job.stopRequested())
                                .count()
                        >= expected(now.oldTypes(), wanted.getKey(), wanted.getValue()));
    }

    /** Old jobs by type that are more than the unit leaves. */
    private Map<String, Integer> excess(DeploymentUnit unit) {
        Map<String, Integer> excess = new TreeMap<>();
        TreeSet<String> types = new TreeSet<>(now.deployment().processes().keySet());
        types.addAll(now.oldTypes().keySet());
        for (String type : types) {
            long live = now.oldJobs(type).stream()
                    .filter(job -> job.state().isLive())
                    .count();
            int kept = expected(now.oldTypes(), type, unit.oldAfter().getOrDefault(type, 0));
            if (live > kept) {
                excess.put(type, (int) live - kept);
            }
        }
        return excess;
    }

    private int expected(Map<String, ProcessType> types, String type, int count) {
        ProcessType process = types.get(type);
        return process != null && process.omni() ? count * now.hosts() : count;
    }

    private int up(String type) {
        if (serviceOf(type).isPresent()) {
            Set<JobId> registered = now.registered().getOrDefault(type, Set.of());
            return (int) now.newJobs(type).stream()
                    .filter(job -> job.state().isLive() && registered.contains(job.id()))
                    .count();
        }
        return (int) now.newJobs(type).stream()
                .filter(job -> job.state() == JobState.UP && isSteady(job))
                .count();
    }

    private boolean isSteady(JobView job) {
        return !steadyAt(job).isAfter(now.now());
    }

    private static Instant steadyAt(JobView job) {
        return job.startedAt().orElse(job.updatedAt()).plus(STEADY);
    }

    private Optional<String> serviceOf(String type) {
        return Optional.ofNullable(now.newTypes().get(type)).flatMap(ProcessType::service);
    }

    /** What shows that the new release does not work. */
    private Optional<Failure> failure() {
        for (String type : new TreeSet<>(target.keySet())) {
            List<JobView> failed = now.newJobs(type).stream()
                    .filter(JobView::failed)
                    .sorted(Comparator.comparing(JobView::updatedAt))
                    .toList();
            List<JobView> notStarted =
                    failed.stream().filter(job -> job.hostError().isPresent()).toList();
            if (notStarted.size() > TOLERATED_START_FAILURES) {
                JobView last = notStarted.get(notStarted.size() - 1);
                return Optional.of(new Failure(
                        "deployer: %s job failed to start: %s"
                                .formatted(type, last.hostError().orElse("")),
                        Optional.of(last.id())));
            }
            failed = failed.stream().filter(job -> job.hostError().isEmpty()).toList();
            boolean hasService = serviceOf(type).isPresent();
            if (failed.size() > (hasService ? 0 : TOLERATED_ENDS)) {
                JobView last = failed.get(failed.size() - 1);
                String reason = "%s process type failed to start, got down job event\njob %s %s"
                        .formatted(type, last.id(), end(last));
                return Optional.of(new Failure(
                        failed.size() == 1 ? reason : reason + ", the last of %d that ended".formatted(failed.size()),
                        Optional.of(last.id())));
            }
        }
        return Optional.empty();
    }

    private static String end(JobView job) {
        if (job.exitStatus().isPresent()) {
            return "exited with status " + job.exitStatus().getAsInt();
        }
        if (job.signal().isPresent()) {
            return "was ended by signal " + job.signal().getAsInt();
        }
        return "ended";
    }

    private Optional<Failure> silence() {
        if (now.now().isBefore(silenceEnds())) {
            return Optional.empty();
        }
        String missing = "";
        Optional<JobId> suspect = Optional.empty();
        for (Map.Entry<String, Integer> wanted : new TreeMap<>(unit().newAfter()).entrySet()) {
            int expected = expected(now.newTypes(), wanted.getKey(), wanted.getValue());
            if (up(wanted.getKey()) < expected) {
                missing = "; %s has %d of %d jobs up".formatted(wanted.getKey(), up(wanted.getKey()), expected);
                suspect = now.newJobs(wanted.getKey()).stream()
                        .filter(JobView::fresh)
                        .max(Comparator.comparing(JobView::updatedAt))
                        .map(JobView::id);
                break;
            }
        }
        Map<String, Integer> left = run.phase() == Phase.AWAIT_DOWN ? excess(unit()) : Map.of();
        if (!left.isEmpty()) {
            missing = "; old jobs that did not end: " + left;
        }
        return Optional.of(new Failure(
                "timed out waiting for job events: none for %d s%s"
                        .formatted(patience().toSeconds(), missing),
                suspect));
    }

    private Instant silenceEnds() {
        Instant last = now.jobs().stream()
                .map(JobView::updatedAt)
                .filter(time -> time.isAfter(run.updatedAt()))
                .max(Comparator.naturalOrder())
                .orElse(run.updatedAt());
        return last.plus(patience());
    }

    private Duration patience() {
        Duration own = Duration.ofSeconds(now.deployment().deployTimeout());
        return own.compareTo(MIN_SILENCE) > 0 ? own : MIN_SILENCE;
    }

    /** When time alone may change the answer while jobs come up. */
    private Instant nextLook() {
        return now.jobs().stream()
                .filter(job -> job.release().equals(newRelease) && job.state() == JobState.UP)
                .filter(job -> serviceOf(job.type()).isEmpty() && !isSteady(job))
                .map(DeploymentPlan::steadyAt)
                .min(Comparator.naturalOrder())
                .filter(steady -> steady.isBefore(silenceEnds()))
                .orElseGet(this::silenceEnds);
    }

    private record Failure(String reason, Optional<JobId> suspect) {}
}
