package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.base.DiskReserve;
import dev.flynn.controller.Controller;
import dev.flynn.controller.DeploymentWorker;
import dev.flynn.controller.http.ControllerConfig;
import dev.flynn.controller.http.ControllerWeb;
import dev.flynn.distro.backends.Plugins;
import dev.flynn.scheduler.RestartPolicy;
import dev.flynn.scheduler.SchedulerLoop;
import dev.flynn.scheduler.Schedulers;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The system app {@code controller}: its three process types are three commands of one program. */
final class ControllerProgram implements BuiltinProgram {

    private static final Logger log = LoggerFactory.getLogger(ControllerProgram.class);

    private final ClusterState state;
    private final Discovery discovery;
    private final HostConnections hosts;
    private final AppLogs logs;
    private final DiskReserve disk;
    private final Plugins plugins;
    private final PluggedProviders providers;

    /** @param directory of the providers that are plugins */
    ControllerProgram(
            ClusterState state,
            Discovery discovery,
            HostConnections hosts,
            AppLogs logs,
            DiskReserve disk,
            Plugins plugins,
            Path directory) {
        this.state = state;
        this.discovery = discovery;
        this.hosts = hosts;
        this.logs = logs;
        this.disk = disk;
        this.plugins = plugins;
        this.providers = new PluggedProviders(plugins, directory, state.clock());
    }

    @Override
    public String name() {
        return "controller";
    }

    @Override
    public AutoCloseable start(BuiltinJob job) throws Exception {
        List<String> command = job.spec().cmd();
        String role = command.isEmpty() ? "" : command.get(0);
        return switch (role) {
            case "web" -> web(job, ControllerConfig.fromEnv(job.env()));
            case "worker" -> worker(job, ControllerConfig.fromEnv(job.env()));
            case "scheduler" -> startScheduler(job);
            default ->
                throw FlynnException.invalid(
                        "the controller runs web, scheduler or worker, not \"%s\"".formatted(role));
        };
    }

    private AutoCloseable web(BuiltinJob job, ControllerConfig config) throws IOException {
        var closer = new Closer();
        try {
            Map<String, ResourceProvider> own = providers.create(job.spec().id().hostId(), closer);
            var controller = new Controller(state, discovery, hosts, logs, disk, config.defaultRouteDomain(), own);
            own.keySet().forEach(name -> register(controller, name));
            closer.register(ControllerWeb.start(config, controller));
            return closer;
        } catch (IOException | RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    /** So that {@code flynn provider} shows it. */
    private static void register(Controller controller, String provider) {
        try {
            var unused = controller.providers().ensureBuiltin(provider);
        } catch (FlynnException e) {
            log.atError()
                    .addKeyValue("provider", provider)
                    .setCause(e)
                    .log("a resource provider of the folder plugins cannot be added to the cluster's providers");
        }
    }

    private AutoCloseable worker(BuiltinJob job, ControllerConfig config) {
        var closer = new Closer();
        try {
            Map<String, ResourceProvider> own = providers.create(job.spec().id().hostId(), closer);
            closer.register(DeploymentWorker.start(config.authKeys().get(0), state, discovery, logs, own));
            return closer;
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    private AutoCloseable startScheduler(BuiltinJob job) {
        var context = new ComponentContext(
                job.spec().id().hostId(), Path.of(System.getProperty("java.io.tmpdir")), state.clock());
        var closer = new Closer();
        try {
            Scheduler scheduler = closer.register(Schedulers.fromEnv(job.env(), plugins.loader(), context));
            closer.register(
                    new SchedulerLoop(state, scheduler, RestartPolicy.fromEnv(job.env()), state.clock(), discovery));
            return closer;
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }
}
