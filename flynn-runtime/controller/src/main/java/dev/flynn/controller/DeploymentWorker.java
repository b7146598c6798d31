package dev.flynn.controller;

import dev.flynn.base.Closer;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.state.ClusterState;
import dev.flynn.state.WakeLoop;
import dev.flynn.state.route.RouteCatalog;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Carries out what clients of the controller asked for and that takes time: deployments and the deletion of apps; and
 * deletes what is too old to keep. It is the process type {@code worker} of the controller; several may run at the same time.
 *
 * <pre>{@code
 * try (DeploymentWorker worker = DeploymentWorker.start(key, state, discovery, logs)) {
 *     …
 * }
 * }</pre>
 */
public final class DeploymentWorker implements AutoCloseable {

    private final Closer closer = new Closer();

    private DeploymentWorker(DeploymentExecutor executor, List<WakeLoop> loops) {
        closer.register(executor);
        loops.forEach(closer::register);
    }

    /** Starts a worker that knows no providers but those that speak HTTP. */
    public static DeploymentWorker start(String controllerKey, ClusterState state, Discovery discovery, AppLogs logs) {
        return start(controllerKey, state, discovery, logs, Map.of());
    }

    /**
     * Starts a worker.
     *
     * @param controllerKey opens the blobstore
     * @param logs explain why a deployment failed
     * @param providers by name, as the {@link Controller} has them; the caller closes them
     */
    public static DeploymentWorker start(
            String controllerKey,
            ClusterState state,
            Discovery discovery,
            AppLogs logs,
            Map<String, ResourceProvider> providers) {
        var tables = new ControllerTables(state);
        var executor = new DeploymentExecutor(state, tables, discovery, logs);
        var http = new ClusterHttp(discovery);
        var resources = new ResourceProviders(providers, http, state.json());
        var routes = new RouteCatalog(state);
        // the worker makes small records only, which a full disk has room for
        var disk = new DiskReserve(Path.of(""), 0);
        var mover = new DomainMover(
                state,
                tables,
                new ReleaseCatalog(state, tables, disk),
                new DeploymentCatalog(state, tables, new AppCatalog(state, tables, routes, Optional.empty()), disk),
                routes);
        List<WakeLoop> loops = List.of(
                executor.loop(),
                new AppDeletions(state, tables, new ReleaseCollector(state, tables), resources, http, controllerKey)
                        .loop(),
                new AbandonedResources(state, tables, resources).loop(),
                new ReleaseDeletions(state, tables, http, controllerKey).loop(),
                new ScaleProgress(state, tables, discovery).loop(),
                mover.loop(),
                new ReleaseRetention(state, new ReleaseCollector(state, tables)).loop(),
                new EventRetention(state).loop());
        loops.forEach(WakeLoop::start);
        return new DeploymentWorker(executor, loops);
    }

    @Override
    public void close() {
        closer.close();
    }
}
