package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.Optional;

/**
 * How big the steps of a deployment are. It is settled when the deployment is created, so that neither the app's metadata nor
 * the number of hosts can change what its steps are while they are taken.
 *
 * @param batchSize jobs of a type that strategy {@code in-batches} replaces at a time; at least 1
 * @param canaryWeight percent of a type's jobs that strategy {@code canary} replaces first; 1 to 99
 * @param canaryHold how long these run before the others follow; empty: until somebody promotes the deployment
 */
record DeploymentPace(int batchSize, int canaryWeight, Optional<Duration> canaryHold) {

    static final String BATCH_SIZE = "flynn-deploy-batch-size";
    static final String CANARY_WEIGHT = "flynn-deploy-canary-weight";
    static final String CANARY_HOLD = "flynn-deploy-canary-hold";

    static final int DEFAULT_CANARY_WEIGHT = 10;

    /**
     * As the app's metadata says; where it says nothing, a batch is as big as the cluster has hosts.
     *
     * @throws FlynnException {@code VALIDATION} if it says what cannot be
     */
    static DeploymentPace of(App app, int hosts) {
        return new DeploymentPace(
                number(app, BATCH_SIZE, 1, Integer.MAX_VALUE).orElse(Math.max(1, hosts)),
                number(app, CANARY_WEIGHT, 1, 99).orElse(DEFAULT_CANARY_WEIGHT),
                number(app, CANARY_HOLD, 1, Integer.MAX_VALUE).map(Duration::ofSeconds));
    }

    private static Optional<Integer> number(App app, String key, int least, int most) {
        String text = app.meta().getOrDefault(key, "");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            int number = Integer.parseInt(text);
            if (number >= least && number <= most) {
                return Optional.of(number);
            }
        } catch (NumberFormatException e) {
            // told below
        }
        String range = most == Integer.MAX_VALUE ? least + " or more" : least + " to " + most;
        throw FlynnException.invalid(
                "the app's metadata %s must be a number, %s, and is \"%s\"".formatted(key, range, text));
    }
}
