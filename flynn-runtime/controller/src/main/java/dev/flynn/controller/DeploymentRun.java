package dev.flynn.controller;

import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.JobId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How far the worker is with a deployment; it exists from the deployment's creation until the last step, and every step
 * replaces it, so that another worker carries on from exactly here.
 *
 * @param restarts the process types whose jobs are replaced by others of the same release; empty for a move to another release
 * @param order what clients want of it
 * @param unit which {@link DeploymentUnit} is under way
 * @param toldUp new jobs by type whose {@code up} was told, or that were up before
 * @param stopping old jobs by type that this unit stops
 * @param toldDown old jobs by type whose {@code down} was told in this unit
 * @param until when the present phase is over at the latest or at the earliest, for phases that have such a time
 * @param error why the deployment failed, once it did
 * @param suspect the job whose last output explains the error
 * @param sirenia of the replicated database whose members are replaced, if it is one
 */
record DeploymentRun(
        DeploymentId id,
        DeploymentPace pace,
        List<String> restarts,
        Order order,
        Phase phase,
        int unit,
        Map<String, Integer> toldUp,
        Map<String, Integer> stopping,
        Map<String, Integer> toldDown,
        Optional<Instant> until,
        Optional<String> error,
        Optional<JobId> suspect,
        Optional<SireniaRun> sirenia,
        Instant updatedAt) {

    /** What the run waits for. */
    enum Phase {
        /** Nothing: what jobs of earlier deployments left in the metadata of services is to be cleared first. */
        PREPARE,
        /** Nothing: the next unit begins. */
        BEGIN,
        /** The unit's old jobs are to end, and the new ones start after that. */
        AWAIT_GONE,
        /** The unit's new jobs are to come up. */
        AWAIT_UP,
        /** Routers are to learn of the new jobs. */
        SETTLE,
        /** A member of a replicated database is to hand over to the one that was started. */
        HAND_OVER,
        /** The unit's old jobs are to end. */
        AWAIT_DOWN,
        /** The new jobs are on trial: for some time, or until somebody promotes the deployment. */
        HOLD,
        /** It failed; the old jobs are to be back. */
        ROLL_BACK
    }

    /** What clients want of a deployment that is under way. */
    enum Order {
        GO_ON,
        /** Not to hold any longer. */
        PROMOTE,
        CANCEL
    }

    DeploymentRun {
        restarts = List.copyOf(restarts);
        toldUp = Map.copyOf(toldUp);
        stopping = Map.copyOf(stopping);
        toldDown = Map.copyOf(toldDown);
    }

    static DeploymentRun begin(DeploymentId id, DeploymentPace pace, List<String> restarts, Instant now) {
        return new DeploymentRun(
                id,
                pace,
                restarts,
                Order.GO_ON,
                Phase.PREPARE,
                0,
                Map.of(),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                now);
    }

    boolean isRestart() {
        return !restarts.isEmpty();
    }

    DeploymentRun prepared(Instant now) {
        return in(Phase.BEGIN, Optional.empty(), now);
    }

    /** @param first the unit with which it begins */
    DeploymentRun preparedFor(SireniaRun database, int first, Instant now) {
        return new DeploymentRun(
                id,
                pace,
                restarts,
                order,
                Phase.BEGIN,
                first,
                toldUp,
                Map.of(),
                Map.of(),
                Optional.empty(),
                error,
                suspect,
                Optional.of(database),
                now);
    }

    DeploymentRun handOver(SireniaRun database, Instant now) {
        return new DeploymentRun(
                id,
                pace,
                restarts,
                order,
                Phase.HAND_OVER,
                unit,
                toldUp,
                Map.of(),
                Map.of(),
                Optional.empty(),
                error,
                suspect,
                Optional.of(database),
                now);
    }

    DeploymentRun withUp(Map<String, Integer> up) {
        return new DeploymentRun(
                id, pace, restarts, order, phase, unit, up, stopping, toldDown, until, error, suspect, sirenia,
                updatedAt);
    }

    DeploymentRun awaitUp(Instant now) {
        return in(Phase.AWAIT_UP, Optional.empty(), now);
    }

    DeploymentRun settle(Instant settled, Instant now) {
        return in(Phase.SETTLE, Optional.of(settled), now);
    }

    /** @param next whether new jobs start after that, or the unit is over */
    DeploymentRun awaitStopped(Phase next, Map<String, Integer> stop, Map<String, Integer> down, Instant now) {
        return new DeploymentRun(
                id,
                pace,
                restarts,
                order,
                next,
                unit,
                toldUp,
                stop,
                down,
                Optional.empty(),
                error,
                suspect,
                sirenia,
                now);
    }

    DeploymentRun hold(Optional<Instant> end, Instant now) {
        return in(Phase.HOLD, end, now);
    }

    DeploymentRun nextUnit(Instant now) {
        return new DeploymentRun(
                id,
                pace,
                restarts,
                order,
                Phase.BEGIN,
                unit + 1,
                toldUp,
                Map.of(),
                Map.of(),
                Optional.empty(),
                error,
                suspect,
                sirenia,
                now);
    }

    DeploymentRun rollBack(String reason, Optional<JobId> cause, Instant patience, Instant now) {
        return new DeploymentRun(
                id,
                pace,
                restarts,
                order,
                Phase.ROLL_BACK,
                unit,
                toldUp,
                Map.of(),
                Map.of(),
                Optional.of(patience),
                Optional.of(reason),
                cause,
                sirenia,
                now);
    }

    DeploymentRun withError(String reason) {
        return new DeploymentRun(
                id,
                pace,
                restarts,
                order,
                phase,
                unit,
                toldUp,
                stopping,
                toldDown,
                until,
                Optional.of(reason),
                suspect,
                sirenia,
                updatedAt);
    }

    DeploymentRun withOrder(Order given) {
        return new DeploymentRun(
                id, pace, restarts, given, phase, unit, toldUp, stopping, toldDown, until, error, suspect, sirenia,
                updatedAt);
    }

    private DeploymentRun in(Phase entered, Optional<Instant> ends, Instant now) {
        return new DeploymentRun(
                id, pace, restarts, order, entered, unit, toldUp, Map.of(), Map.of(), ends, error, suspect, sirenia,
                now);
    }
}
