package dev.flynn.controller;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.controller.DeploymentRun.Order;
import dev.flynn.controller.DeploymentRun.Phase;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Decides the next step of a deployment: a pure function of a snapshot (contract: controller, Deployments).
 *
 * <p>The strategy is in the {@linkplain DeploymentUnit units}; each is taken in the same order: start new jobs, wait until
 * they are up and routers know them, then stop old ones. Units may ask for the opposite order. Of types that keep data the
 * old ones always stop first, because the new ones are to go on with that data, which one job at a time can have. What is
 * told of jobs is told once, because the run remembers it.
 */
final class DeploymentPlan {

    /**
     * How long routers get to learn of new jobs before the last old ones of a service leave. Until then no time is needed:
     * who learns that an old job left learned before of the new one that came.
     */
    static final Duration SETTLE = Duration.ofMillis(200);

    /** How long a rollback waits for missing old jobs. */
    static final Duration ROLL_BACK_PATIENCE = Duration.ofSeconds(10);

    /** How long the last output of a failed job may be on its way to its log. */
    static final Duration LOGS_ARRIVE = Duration.ofMillis(500);

    private final DeploymentSnapshot now;
    private final DeploymentRun run;
    private final ReleaseId newRelease;
    private final DeploymentMoves moves;
    private final Databases databases;

    private DeploymentPlan(DeploymentSnapshot snapshot, Databases databases) {
        this.now = snapshot;
        this.databases = databases;
        this.run = snapshot.run();
        this.newRelease = snapshot.deployment().newRelease();
        this.moves = DeploymentMoves.of(snapshot);
    }

    /** The replicated databases of the cluster, of which strategy {@code postgres} replaces the members. */
    interface Databases {

        /** The process type of the members, by the release's environment. */
        String type();

        SireniaAppliance of(String service);
    }

    static DeploymentStep next(DeploymentSnapshot snapshot, Databases databases) {
        return new DeploymentPlan(snapshot, databases).next();
    }

    private DeploymentStep next() {
        if (run.order() == Order.CANCEL && run.phase() != Phase.ROLL_BACK) {
            return rollBack(DeploymentFailure.of("the deployment was cancelled"));
        }
        return switch (run.phase()) {
            case PREPARE -> prepare();
            case BEGIN -> begin();
            case AWAIT_GONE -> awaitStopped();
            case AWAIT_UP -> awaitUp();
            case SETTLE -> settle();
            case HAND_OVER -> handOver();
            case AWAIT_DOWN -> awaitStopped();
            case HOLD -> hold();
            case ROLL_BACK -> awaitBack();
        };
    }

    // ---- beginning

    private DeploymentStep prepare() {
        Strategy strategy = now.deployment().strategy();
        if (strategy == Strategy.POSTGRES && now.target().getOrDefault(databases.type(), 0) > 0) {
            return prepareDatabase(databases.type());
        }
        DeploymentRun prepared = run.prepared(now.now());
        if (strategy == Strategy.DISCOVERD_META) {
            Set<String> services = now.target().keySet().stream()
                    .flatMap(type -> now.serviceOf(type).stream())
                    .collect(Collectors.toSet());
            return new Act(prepared, List.of(new Action.ClearMarks(services)));
        }
        return begin();
    }

    private DeploymentStep prepareDatabase(String type) {
        String service = now.serviceOf(type).orElse(type);
        int count = now.target().getOrDefault(type, 0);
        SireniaPlan.Beginning beginning = database(service).begin(type, service, count);
        if (beginning instanceof SireniaPlan.Beginning.Refused refused) {
            return failAsItIs(DeploymentFailure.of("deployment strategy \"%s\": %s; nothing was changed"
                    .formatted(Strategy.POSTGRES, refused.reason())));
        }
        return beginning instanceof SireniaPlan.Beginning.Ready ready
                ? new Act(run.preparedFor(ready.run(), 0, now.now()), List.of())
                : new Act(run.preparedFor(((SireniaPlan.Beginning.Done) beginning).run(), count, now.now()), List.of());
    }

    private SireniaPlan database(String service) {
        return new SireniaPlan(databases.of(service), newRelease);
    }

    private DeploymentStep begin() {
        DeploymentUnit unit = now.unit();
        return unit.order() == DeploymentUnit.Order.STOP_FIRST ? stopOld(unit, List.of()) : start(unit, List.of());
    }

    // ---- new jobs

    /** Starts the unit's new jobs. */
    private DeploymentStep start(DeploymentUnit unit, List<Action> before) {
        Map<String, Integer> up = new HashMap<>(run.toldUp());
        List<Action> starting = new ArrayList<>();
        new TreeMap<>(unit.newAfter()).forEach((type, count) -> {
            int expected = now.expectedNew(type, count);
            up.merge(type, Math.min(expected, now.newLive(type)), Math::max);
            starting.addAll(tell(newRelease, type, "starting", expected - up.getOrDefault(type, 0)));
        });
        List<Action> actions = new ArrayList<>(before);
        if (unit.starts()) {
            Map<String, Integer> handedOver = handedOver(unit);
            List<Action> stopping = tellOld(handedOver, "stopping");
            List<Action> scale = moves.start(unit, handedOver);
            actions.addAll(now.allAtOnce() ? concat(stopping, starting, scale) : concat(scale, stopping, starting));
        }
        return new Act(run.withUp(up).awaitUp(now.now()), actions);
    }

    /** How many old jobs stop at the moment in which the new ones of the unit start, by type. */
    private Map<String, Integer> handedOver(DeploymentUnit unit) {
        Map<String, Integer> counts = new TreeMap<>();
        if (unit.order() == DeploymentUnit.Order.STOP_FIRST || !unit.starts()) {
            return counts;
        }
        unit.oldBefore().forEach((type, before) -> {
            int stopped = before - unit.oldAfter().getOrDefault(type, 0);
            if (stopped > 0 && now.keepsData(type) && unit.newAfter().getOrDefault(type, 0) > 0) {
                counts.put(type, stopped);
            }
        });
        return counts;
    }

    private DeploymentStep awaitUp() {
        Optional<DeploymentFailure> failure = DeploymentFailure.ofJobs(now);
        if (failure.isPresent()) {
            return fail(failure.get());
        }
        DeploymentUnit unit = now.unit();
        Map<String, Integer> told = new HashMap<>(run.toldUp());
        List<Action> news = new ArrayList<>();
        boolean allUp = true;
        for (Map.Entry<String, Integer> wanted : new TreeMap<>(unit.newAfter()).entrySet()) {
            String type = wanted.getKey();
            int expected = now.expectedNew(type, wanted.getValue());
            int up = now.up(type);
            news.addAll(tell(newRelease, type, "up", Math.min(up, expected) - told.getOrDefault(type, 0)));
            told.merge(type, Math.min(up, expected), Math::max);
            allUp &= up >= expected;
        }
        DeploymentRun next = run.withUp(told);
        if (allUp) {
            return needsToSettle(unit)
                    ? new Act(next.settle(now.now().plus(SETTLE), now.now()), news)
                    : afterStart(unit, next, news);
        }
        if (!news.isEmpty()) {
            return new Act(next.awaitUp(now.now()), news);
        }
        return DeploymentFailure.ofSilence(now)
                .map(this::fail)
                .orElseGet(() -> new Await(DeploymentFailure.nextLook(now)));
    }

    /** Whether a service is about to lose the last of its old jobs. */
    private boolean needsToSettle(DeploymentUnit unit) {
        return unit.newAfter().entrySet().stream()
                .filter(after -> after.getValue() > unit.newBefore().getOrDefault(after.getKey(), 0))
                .anyMatch(after -> now.serviceOf(after.getKey()).isPresent()
                        && unit.oldAfter().getOrDefault(after.getKey(), 0) == 0);
    }

    private DeploymentStep settle() {
        Optional<DeploymentFailure> failure = DeploymentFailure.ofJobs(now);
        if (failure.isPresent()) {
            return fail(failure.get());
        }
        Instant until = run.until().orElse(now.now());
        return now.now().isBefore(until) ? new Await(until) : afterStart(now.unit(), run, List.of());
    }

    private DeploymentStep afterStart(DeploymentUnit unit, DeploymentRun next, List<Action> news) {
        if (unit.end() == DeploymentUnit.End.HAND_OVER) {
            return new Act(next.handOver(run.sirenia().orElseThrow(), now.now()), news);
        }
        return unit.order() == DeploymentUnit.Order.STOP_FIRST
                ? afterUnit(unit, next, news)
                : stopOld(unit, next, news);
    }

    // ---- members of a replicated database

    private DeploymentStep handOver() {
        Optional<DeploymentFailure> failure = DeploymentFailure.ofJobs(now);
        if (failure.isPresent()) {
            return fail(failure.get());
        }
        SireniaRun database = run.sirenia().orElseThrow();
        SireniaPlan.Next next = database(database.service()).next(database);
        Instant leavingEnds = run.updatedAt().plus(SireniaPlan.LEAVING_PATIENCE);
        if (next instanceof SireniaPlan.Next.Stop stop) {
            if (!now.now().isBefore(leavingEnds)) {
                return fail(DeploymentFailure.of(
                        "member %s cannot be stopped through its API; the database is left as it is"
                                .formatted(stop.peer().addr())));
            }
            List<Action> actions = concat(
                    tellOld(Map.of(database.type(), 1), "stopping"),
                    List.of(new Action.StopPeer(database.service(), stop.peer())));
            return new Act(run.handOver(stop.run(), now.now()), actions);
        }
        if (next instanceof SireniaPlan.Next.Gone gone) {
            return new Act(run.handOver(gone.run(), now.now()), tellOld(Map.of(database.type(), 1), "down"));
        }
        if (next instanceof SireniaPlan.Next.Replaced replaced) {
            return new Act(run.handOver(replaced.run(), now.now()).nextUnit(now.now()), List.of());
        }
        SireniaPlan.Next.Wait wait = (SireniaPlan.Next.Wait) next;
        Instant end = run.updatedAt().plus(wait.patience());
        if (!now.now().isBefore(end)) {
            return fail(DeploymentFailure.of("%s after %d s; the database is left as it is"
                    .formatted(wait.reason(), wait.patience().toSeconds())));
        }
        Instant again = now.now().plus(SireniaPlan.POLL);
        return new Await(again.isBefore(end) ? again : end);
    }

    // ---- old jobs

    private DeploymentStep stopOld(DeploymentUnit unit, List<Action> before) {
        return stopOld(unit, run, before);
    }

    /** Stops the unit's old jobs. */
    private DeploymentStep stopOld(DeploymentUnit unit, DeploymentRun next, List<Action> before) {
        Map<String, Integer> excess = now.excess(unit);
        // the new ones are up, so they had let go of their data
        List<Action> handedOver = tellOld(handedOver(unit), "down");
        List<Action> stopping = tellOld(excess, "stopping");
        List<Action> scale = moves.stop(unit);
        List<Action> actions = now.allAtOnce()
                ? concat(before, handedOver, stopping, scale)
                : concat(before, handedOver, scale, stopping);
        boolean first = unit.order() == DeploymentUnit.Order.STOP_FIRST;
        if (excess.isEmpty()) {
            return first ? start(unit, actions) : afterUnit(unit, next, actions);
        }
        Phase phase = first ? Phase.AWAIT_GONE : Phase.AWAIT_DOWN;
        return new Act(next.awaitStopped(phase, excess, Map.of(), now.now()), actions);
    }

    private DeploymentStep awaitStopped() {
        DeploymentUnit unit = now.unit();
        Map<String, Integer> left = now.excess(unit);
        Map<String, Integer> told = new HashMap<>(run.toldDown());
        Map<String, Integer> down = new TreeMap<>();
        run.stopping().forEach((type, count) -> {
            int more = count - left.getOrDefault(type, 0) - told.getOrDefault(type, 0);
            if (more > 0) {
                down.put(type, more);
                told.merge(type, more, Integer::sum);
            }
        });
        List<Action> news = tellOld(down, "down");
        if (left.isEmpty()) {
            return run.phase() == Phase.AWAIT_GONE ? start(unit, news) : afterUnit(unit, run, news);
        }
        if (!news.isEmpty()) {
            return new Act(run.awaitStopped(run.phase(), run.stopping(), told, now.now()), news);
        }
        return DeploymentFailure.ofSilence(now)
                .map(silence -> now.allAtOnce() ? failAsItIs(silence) : fail(silence))
                .orElseGet(() -> new Await(DeploymentFailure.silenceEnds(now)));
    }

    private DeploymentStep afterUnit(DeploymentUnit unit, DeploymentRun next, List<Action> actions) {
        return switch (unit.end()) {
            case NEXT, HAND_OVER -> new Act(next.nextUnit(now.now()), actions);
            case HOLD -> new Act(next.hold(run.pace().canaryHold().map(now.now()::plus), now.now()), actions);
            case LAST ->
                new Act(
                        next.nextUnit(now.now()),
                        concat(actions, moves.arrive(), List.of(new Action.Finish(DeploymentStatus.COMPLETE))));
        };
    }

    /**
     * The new jobs are on trial. Clients give a deployment up that is silent for long; so while the trial has an end, one
     * gives a sign of life now and then.
     */
    private DeploymentStep hold() {
        Optional<DeploymentFailure> failure = DeploymentFailure.ofJobs(now);
        if (failure.isPresent()) {
            return fail(failure.get());
        }
        if (run.order() == Order.PROMOTE
                || run.until().filter(end -> !now.now().isBefore(end)).isPresent()) {
            return new Act(run.nextUnit(now.now()), List.of());
        }
        if (run.until().isEmpty()) {
            return new Await(Instant.MAX);
        }
        Instant sign = run.updatedAt().plusSeconds(Math.max(1, now.deployment().deployTimeout() / 2));
        return now.now().isBefore(sign)
                ? new Await(Stream.of(sign, run.until().get())
                        .min(Comparator.naturalOrder())
                        .get())
                : new Act(run.hold(run.until(), now.now()), List.of(Action.Tell.alive(newRelease)));
    }

    // ---- failing

    private DeploymentStep fail(DeploymentFailure failure) {
        return switch (now.deployment().strategy()) {
            case DISCOVERD_META, POSTGRES -> failAsItIs(failure);
            case ALL_AT_ONCE, ONE_BY_ONE, IN_BATCHES, ONE_DOWN_ONE_UP, CANARY -> rollBack(failure);
        };
    }

    private DeploymentStep failAsItIs(DeploymentFailure failure) {
        return new Act(run.withError(failure.reason()), List.of(new Action.Finish(DeploymentStatus.FAILED)));
    }

    private DeploymentStep rollBack(DeploymentFailure failure) {
        return new Act(
                run.rollBack(failure.reason(), failure.suspect(), now.now().plus(ROLL_BACK_PATIENCE), now.now()),
                concat(moves.back(now.unit()), List.of(new Action.MarkFinished())));
    }

    private DeploymentStep awaitBack() {
        Instant logged = run.updatedAt().plus(LOGS_ARRIVE);
        if (run.suspect().isPresent() && now.now().isBefore(logged)) {
            return new Await(logged);
        }
        Instant until = run.until().orElse(now.now());
        if (now.now().isBefore(until) && !now.oldJobsAreBack()) {
            return new Await(until);
        }
        return new Act(run, concat(moves.cleanUp(), List.of(new Action.Finish(DeploymentStatus.FAILED))));
    }

    // ---- telling

    private List<Action> tellOld(Map<String, Integer> counts, String state) {
        List<Action> news = new ArrayList<>();
        now.deployment()
                .oldRelease()
                .ifPresent(old -> counts.forEach((type, count) -> news.addAll(tell(old, type, state, count))));
        return news;
    }

    private static List<Action> tell(ReleaseId release, String type, String state, int times) {
        List<Action> news = new ArrayList<>();
        for (int i = 0; i < times; i++) {
            news.add(Action.Tell.of(release, type, state));
        }
        return news;
    }

    @SafeVarargs
    private static List<Action> concat(List<Action>... parts) {
        return Stream.of(parts).flatMap(List::stream).toList();
    }
}
