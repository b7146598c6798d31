package dev.flynn.distro;

import dev.flynn.base.Closer;
import dev.flynn.base.DiskReserve;
import dev.flynn.base.SealingKey;
import dev.flynn.blobstore.BlobStoreProgram;
import dev.flynn.containers.builtin.BuiltinContainerBackend;
import dev.flynn.disk.GarbagePolicy;
import dev.flynn.disk.HostDisk;
import dev.flynn.disk.LogShelf;
import dev.flynn.disk.RecordShelf;
import dev.flynn.distro.backends.AppBackend;
import dev.flynn.distro.backends.FilesOfHost;
import dev.flynn.distro.backends.Plugins;
import dev.flynn.git.GitReceiveProgram;
import dev.flynn.host.HostAgent;
import dev.flynn.host.api.HostImages;
import dev.flynn.logs.AggregatedLogs;
import dev.flynn.logs.LogAggregatorProgram;
import dev.flynn.logs.LogMux;
import dev.flynn.logs.LogReader;
import dev.flynn.router.program.RouterKinds;
import dev.flynn.router.program.RouterProgram;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.state.ClusterState;
import dev.flynn.volumes.Volumes;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/**
 * What every host does for its cluster: the agent, what it starts jobs in, and the platform's own apps for whom it is the one
 * to run them. Closing it ends them, last first.
 */
final class HostServices implements AutoCloseable {

    private final Closer closer = new Closer();
    private final LogMux logs;
    private final HostAgent agent;
    private final HostImages images;
    private final Volumes volumes;
    private final HostDisk disk;

    /**
     * What is different from host to host, and for one that is alone.
     *
     * @param backend what runs the jobs of apps
     * @param files what this host lays into jobs
     * @param listenIp where the platform's own jobs, and those without an address of their own, are reached
     * @param routerEnvironment what the router is told of where it listens and is seen
     * @param advertised under which address other hosts know this one
     * @param tags that this host has from its first start on
     * @param ports of the router
     * @param router the name of what carries the requests
     * @param jobEnvironment what jobs are told of discovery
     * @param hosts makes the way to all hosts from that to this one
     * @param sealingKey what the cluster encrypts its secrets with, if this host knows it
     */
    record Settings(
            String hostId,
            AppBackend backend,
            FilesOfHost files,
            String listenIp,
            Map<String, String> routerEnvironment,
            String advertised,
            Map<String, String> tags,
            ListenPorts ports,
            String router,
            Map<String, String> jobEnvironment,
            UnaryOperator<HostConnections> hosts,
            Optional<SealingKey> sealingKey) {}

    /** Starts the agent; the jobs of an earlier run begin to come back. */
    HostServices(DataDirectory data, ClusterState state, Discovery discovery, Settings settings) {
        this.images = settings.backend().imagesForApi();
        this.volumes = settings.files().volumes();
        try {
            this.logs = closer.register(new LogMux(data.directory("log")));
            closer.register(new SinkForwarders(state, logs, data.directory("log-sinks")));
            this.disk = closer.register(disk(data, state, settings));
            this.agent = startAgent(data, state, discovery, settings);
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    private HostDisk disk(DataDirectory data, ClusterState state, Settings settings) {
        var builder = HostDisk.builder(settings.hostId(), data.root(), state, GarbagePolicy.withReserve(reserveBytes()))
                .shelf(new ImageShelf(images))
                .shelf(new LogShelf(data.directory("log"), state))
                .shelf(new RecordShelf(settings.hostId(), state))
                .other("store", data.root().resolve("store"))
                .other("blobs", data.root().resolve("blobs"))
                .other("repos", data.root().resolve("repos"));
        settings.files().shelves().forEach(builder::shelf);
        return builder.build();
    }

    private static long reserveBytes() {
        return Optional.ofNullable(System.getenv(DiskReserve.VARIABLE))
                .map(Long::parseLong)
                .orElse(DiskReserve.DEFAULT_BYTES);
    }

    private HostAgent startAgent(DataDirectory data, ClusterState state, Discovery discovery, Settings settings) {
        Clock clock = state.clock();
        long reserveBytes = reserveBytes();
        var reserve = new DiskReserve(data.root(), reserveBytes);
        var opened = new CompletableFuture<HostAgent>();
        HostConnections hosts = settings.hosts().apply(hostId -> opened.join().connect(hostId));

        RouterProgram.prepareMachine();
        List<BuiltinProgram> programs = List.of(
                new ControllerProgram(
                        state,
                        discovery,
                        hosts,
                        new AggregatedLogs(new LogReader(discovery)),
                        reserve,
                        Plugins.ofInstallation(),
                        data.root().resolve("providers")),
                new RouterProgram(
                        state,
                        discovery,
                        new RouterKinds(
                                Plugins.ofInstallation().loader(),
                                new ComponentContext(settings.hostId(), data.directory("routers"), clock)),
                        () -> ClusterKey.read(state),
                        AutomaticCertificates.of(
                                settings.hostId(),
                                state,
                                settings.sealingKey(),
                                Plugins.ofInstallation(),
                                data.root().resolve("providers"))),
                new BlobStoreProgram(data.directory("blobs"), state, discovery),
                new LogAggregatorProgram(logs),
                new GitReceiveProgram(data.directory("repos"), discovery, clock));
        var builtin = closer.register(new BuiltinContainerBackend(programs, settings.listenIp(), clock));

        var agent = closer.register(HostAgent.builder(settings.hostId(), state, discovery)
                .builtinBackend(builtin)
                .appBackend(settings.backend().backend())
                .logSink(logs)
                .listenIp(settings.listenIp())
                .advertise(settings.advertised())
                .tags(settings.tags())
                .capacity(HostCapacity.ofThisHost())
                .jobEnvironment(settings.jobEnvironment())
                .builtinEnvironment(builtinEnvironment(settings, reserveBytes))
                .refusal(disk::refusal)
                .build());
        opened.complete(agent);
        disk.start();
        return agent;
    }

    private static Map<String, String> builtinEnvironment(Settings settings, long reserveBytes) {
        Map<String, String> told = new HashMap<>(settings.routerEnvironment());
        told.put("HTTP_PORT", String.valueOf(settings.ports().http()));
        told.put("HTTPS_PORT", String.valueOf(settings.ports().https()));
        told.put(RouterKinds.VARIABLE, settings.router());
        told.put(DiskReserve.VARIABLE, String.valueOf(reserveBytes));
        return told;
    }

    HostAgent agent() {
        return agent;
    }

    Volumes volumes() {
        return volumes;
    }

    HostDisk disk() {
        return disk;
    }

    /** Those of the jobs of apps. */
    HostImages images() {
        return images;
    }

    /** Where the lines of this host's jobs are kept. */
    LogMux logs() {
        return logs;
    }

    @Override
    public void close() {
        closer.close();
    }
}
