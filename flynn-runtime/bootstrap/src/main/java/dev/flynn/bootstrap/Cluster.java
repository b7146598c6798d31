package dev.flynn.bootstrap;

import dev.flynn.json.FlynnJson;
import dev.flynn.state.ClusterState;
import java.time.Duration;
import java.util.Map;

/**
 * What the actions of one bootstrap work on.
 *
 * @param env of whoever started the bootstrap
 * @param minHosts 1 means a cluster of one host for good: counts above one become one
 * @param patience for anything that has to happen elsewhere
 */
record Cluster(
        ClusterState state,
        Services services,
        StepResults results,
        Template templates,
        Controller.Opener controller,
        Map<String, String> env,
        int minHosts,
        Duration patience) {

    FlynnJson json() {
        return state.json();
    }

    boolean isSingleton() {
        return minHosts == 1;
    }

    Deadline deadline() {
        return Deadline.in(patience);
    }

    /** A text member of a step, with its templates evaluated. */
    String evaluated(Step step, String member) {
        return templates.evaluate(step.text(member));
    }
}
