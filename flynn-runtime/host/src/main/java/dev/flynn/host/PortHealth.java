package dev.flynn.host;

import dev.flynn.api.release.HealthChecks;

/**
 * What the checks of a port have said of its job until now (contract: layer 0, Health checks).
 *
 * @param started whether the startup check passed; once it did, it is asked no more
 * @param ready what the readiness check said since
 * @param alive what the liveness check said since
 * @param startTimeIsOver whether the job has had the time that its startup check gives it
 */
record PortHealth(boolean started, HealthState ready, HealthState alive, boolean startTimeIsOver) {

    /** Of a job that nobody asked yet. */
    static final PortHealth UNKNOWN = new PortHealth(false, HealthState.CREATED, HealthState.CREATED, false);

    /** A job that started is alive; whether it is ready it must say, unless it is the same check that asks. */
    PortHealth afterStartup(HealthChecks checks) {
        boolean same = checks.startup().equals(checks.readiness());
        return new PortHealth(true, same ? HealthState.UP : HealthState.CREATED, HealthState.UP, startTimeIsOver);
    }

    PortHealth afterReadiness(boolean passed, HealthChecks checks) {
        HealthState asked = ready.after(passed, checks.readiness().orElseThrow());
        return new PortHealth(started, asked, isLivenessToo(checks) ? asked : alive, startTimeIsOver);
    }

    PortHealth afterLiveness(boolean passed, HealthChecks checks) {
        return new PortHealth(
                started, ready, alive.after(passed, checks.liveness().orElseThrow()), startTimeIsOver);
    }

    PortHealth afterStartTime() {
        return new PortHealth(started, ready, alive, true);
    }

    /** Whether one and the same check is asked for both, once. */
    static boolean isLivenessToo(HealthChecks checks) {
        return checks.liveness().isPresent() && checks.liveness().equals(checks.readiness());
    }

    /** Whether the job is to be registered. */
    boolean isReady(HealthChecks checks) {
        return started && (checks.readiness().isEmpty() || ready.state() == HealthState.State.UP);
    }

    /** Whether the job is to be killed. The contract's one check kills nobody before the start time is over. */
    boolean mustEnd(HealthChecks checks) {
        boolean late = startTimeIsOver
                && !started
                && checks.startup().map(check -> check.killDown()).orElse(false);
        boolean dead = checks.liveness().isPresent() && started && alive.state() == HealthState.State.DOWN;
        return late || (dead && (startTimeIsOver || !isLivenessToo(checks)));
    }
}
