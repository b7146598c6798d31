package dev.flynn.controller;

import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.JobId;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * How far the worker is with a deployment; it exists from the deployment's creation until the last step, and every step
 * replaces it, so that another worker carries on from exactly here.
 *
 * @param unit which {@link DeploymentUnit} is under way
 * @param toldUp new jobs by type whose {@code up} was told, or that were up before
 * @param stopping old jobs by type that this unit stops
 * @param toldDown old jobs by type whose {@code down} was told in this unit
 * @param until when the present phase is over at the latest or at the earliest, for phases that have such a time
 * @param error why the deployment failed, once it did
 * @param suspect the job whose last output explains the error
 */
record DeploymentRun(
        DeploymentId id,
        Phase phase,
        int unit,
        Map<String, Integer> toldUp,
        Map<String, Integer> stopping,
        Map<String, Integer> toldDown,
        Optional<Instant> until,
        Optional<String> error,
        Optional<JobId> suspect,
        Instant updatedAt) {

    /** What the run waits for. */
    enum Phase {
        /** Nothing: the next unit begins. */
        BEGIN,
        /** The unit's new jobs are to come up. */
        AWAIT_UP,
        /** Routers are to learn of the new jobs. */
        SETTLE,
        /** The unit's old jobs are to end. */
        AWAIT_DOWN,
        /** It failed; the old jobs are to be back. */
        ROLL_BACK
    }

    DeploymentRun {
        toldUp = Map.copyOf(toldUp);
        stopping = Map.copyOf(stopping);
        toldDown = Map.copyOf(toldDown);
    }

    static DeploymentRun begin(DeploymentId id, Instant now) {
        return new DeploymentRun(
                id,
                Phase.BEGIN,
                0,
                Map.of(),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                now);
    }

    DeploymentRun awaitUp(Map<String, Integer> up, Instant now) {
        return new DeploymentRun(
                id, Phase.AWAIT_UP, unit, up, Map.of(), Map.of(), Optional.empty(), error, suspect, now);
    }

    DeploymentRun settle(Map<String, Integer> up, Instant settled, Instant now) {
        return new DeploymentRun(
                id, Phase.SETTLE, unit, up, Map.of(), Map.of(), Optional.of(settled), error, suspect, now);
    }

    DeploymentRun awaitDown(Map<String, Integer> stop, Map<String, Integer> down, Instant now) {
        return new DeploymentRun(id, Phase.AWAIT_DOWN, unit, toldUp, stop, down, Optional.empty(), error, suspect, now);
    }

    DeploymentRun nextUnit(Instant now) {
        return new DeploymentRun(
                id, Phase.BEGIN, unit + 1, toldUp, Map.of(), Map.of(), Optional.empty(), error, suspect, now);
    }

    DeploymentRun rollBack(String reason, Optional<JobId> cause, Instant patience, Instant now) {
        return new DeploymentRun(
                id,
                Phase.ROLL_BACK,
                unit,
                toldUp,
                Map.of(),
                Map.of(),
                Optional.of(patience),
                Optional.of(reason),
                cause,
                now);
    }

    DeploymentRun withError(String reason) {
        return new DeploymentRun(
                id, phase, unit, toldUp, stopping, toldDown, until, Optional.of(reason), suspect, updatedAt);
    }
}
