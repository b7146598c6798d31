package dev.flynn.controller;

import dev.flynn.base.Closer;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import java.util.Map;

/**
 * Carries out what clients of the controller asked for and that takes time: deployments and the deletion of apps. It is the
 * process type {@code worker} of the controller; several may run at the same time.
 *
 * <pre>{@code
 * try (DeploymentWorker worker = DeploymentWorker.start(env, state, discovery, logs)) {
 *     …
 * }
 * }</pre>
 */
public final class DeploymentWorker implements AutoCloseable {

    private final Closer closer = new Closer();

    private DeploymentWorker(WakeLoop deployments, DeploymentExecutor executor, WakeLoop deletions) {
        closer.register(executor);
        closer.register(deployments);
        closer.register(deletions);
    }

    /**
     * Starts a worker.
     *
     * @param env of the controller's release; of it the worker reads {@code AUTH_KEY}
     * @param logs explain why a deployment failed
     */
    public static DeploymentWorker start(
            Map<String, String> env, ClusterState state, Discovery discovery, AppLogs logs) {
        var tables = new ControllerTables(state);
        var executor = new DeploymentExecutor(state, tables, discovery, logs);
        var deletion = new AppDeletions(
                state,
                tables,
                new ClusterHttp(discovery),
                ControllerConfig.fromEnv(env).authKeys().get(0));
        var deployments = executor.loop();
        var deletions = deletion.loop();
        deployments.start();
        deletions.start();
        return new DeploymentWorker(deployments, executor, deletions);
    }

    @Override
    public void close() {
        closer.close();
    }
}
