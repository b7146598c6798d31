package dev.flynn.host;

import dev.flynn.api.release.HealthCheck;

/**
 * What the results of a health check say of a job (contract: layer 0, Health checks). Before its first success a job is
 * created: then one success makes it up, and failures change nothing. From then on as many equal results as the threshold
 * says change it.
 *
 * @param state created, up or down
 * @param opposite how many results in a row spoke against the state
 */
record HealthState(State state, int opposite) {

    static final HealthState CREATED = new HealthState(State.CREATED, 0);

    static final HealthState UP = new HealthState(State.UP, 0);

    enum State {
        CREATED,
        UP,
        DOWN
    }

    /** The state after one more result. */
    HealthState after(boolean passed, HealthCheck check) {
        if (state == State.CREATED) {
            return passed ? new HealthState(State.UP, 0) : this;
        }
        if (passed == (state == State.UP)) {
            return new HealthState(state, 0);
        }
        if (opposite + 1 < check.threshold()) {
            return new HealthState(state, opposite + 1);
        }
        return new HealthState(passed ? State.UP : State.DOWN, 0);
    }
}
