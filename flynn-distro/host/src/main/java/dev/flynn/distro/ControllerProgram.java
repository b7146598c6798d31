package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.base.DiskReserve;
import dev.flynn.controller.Controller;
import dev.flynn.controller.DeploymentWorker;
import dev.flynn.controller.http.ControllerConfig;
import dev.flynn.controller.http.ControllerWeb;
import dev.flynn.scheduler.RestartPolicy;
import dev.flynn.scheduler.SchedulerLoop;
import dev.flynn.scheduler.Schedulers;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The system app {@code controller}: its three process types are three commands of one program. */
final class ControllerProgram implements BuiltinProgram {

    private final ClusterState state;
    private final Discovery discovery;
    private final HostConnections hosts;
    private final AppLogs logs;
    private final DiskReserve disk;

    ControllerProgram(ClusterState state, Discovery discovery, HostConnections hosts, AppLogs logs, DiskReserve disk) {
        this.state = state;
        this.discovery = discovery;
        this.hosts = hosts;
        this.logs = logs;
        this.disk = disk;
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
            case "web" -> web(ControllerConfig.fromEnv(job.env()));
            case "worker" ->
                DeploymentWorker.start(
                        ControllerConfig.fromEnv(job.env()).authKeys().get(0), state, discovery, logs);
            case "scheduler" -> startScheduler(job);
            default ->
                throw FlynnException.invalid(
                        "the controller runs web, scheduler or worker, not \"%s\"".formatted(role));
        };
    }

    private ControllerWeb web(ControllerConfig config) throws IOException {
        var controller = new Controller(state, discovery, hosts, logs, disk, config.defaultRouteDomain());
        return ControllerWeb.start(config, controller);
    }

    private AutoCloseable startScheduler(BuiltinJob job) {
        var context = new ComponentContext(
                job.spec().id().hostId(), Path.of(System.getProperty("java.io.tmpdir")), state.clock());
        var closer = new Closer();
        try {
            Scheduler scheduler =
                    closer.register(Schedulers.fromEnv(job.env(), ControllerProgram.class.getClassLoader(), context));
            closer.register(
                    new SchedulerLoop(state, scheduler, RestartPolicy.fromEnv(job.env()), state.clock(), discovery));
            return closer;
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }
}
