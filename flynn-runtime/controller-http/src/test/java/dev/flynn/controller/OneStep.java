package dev.flynn.controller;

import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.state.ClusterState;

/** A deployment worker that is killed after it looked once. */
public final class OneStep {

    private OneStep() {}

    public static void look(ClusterState state, Discovery discovery, AppLogs logs) {
        try (var executor = new DeploymentExecutor(state, new ControllerTables(state), discovery, logs)) {
            var unused = executor.look();
        }
    }
}
