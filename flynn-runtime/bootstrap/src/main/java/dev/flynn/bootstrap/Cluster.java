package dev.flynn.bootstrap;

import dev.flynn.api.host.Host;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.ClusterState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What the actions of one bootstrap work on.
 *
 * @param env of whoever started the bootstrap
 * @param hosts that are waited for
 * @param patience for anything that has to happen elsewhere
 */
record Cluster(
        ClusterState state,
        Services services,
        StepResults results,
        Template templates,
        Controller.Opener controller,
        Map<String, String> env,
        Hosts hosts,
        Duration patience) {

    /**
     * The hosts that are waited for.
     *
     * @param atLeast 1 means a cluster of one host for good: counts above one become one
     * @param whenOnline is given them, once there are enough
     */
    record Hosts(int atLeast, Duration patience, Consumer<List<Host>> whenOnline) {}

    FlynnJson json() {
        return state.json();
    }

    boolean isSingleton() {
        return hosts.atLeast() == 1;
    }

    Deadline deadline() {
        return Deadline.in(patience);
    }

    /** A text member of a step, with its templates evaluated. */
    String evaluated(Step step, String member) {
        return templates.evaluate(step.text(member));
    }
}
