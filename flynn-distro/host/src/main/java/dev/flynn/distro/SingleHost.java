package dev.flynn.distro;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.base.DiskReserve;
import dev.flynn.blobstore.BlobStoreProgram;
import dev.flynn.bootstrap.Bootstrap;
import dev.flynn.bootstrap.BootstrapOutput;
import dev.flynn.bootstrap.BootstrapResult;
import dev.flynn.build.Images;
import dev.flynn.containers.builtin.BuiltinContainerBackend;
import dev.flynn.containers.process.ProcessContainerBackend;
import dev.flynn.controller.AggregatedLogs;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.git.GitReceiveProgram;
import dev.flynn.host.HostAgent;
import dev.flynn.host.SlugCache;
import dev.flynn.json.FlynnJson;
import dev.flynn.logs.LogAggregatorProgram;
import dev.flynn.logs.LogMux;
import dev.flynn.logs.LogReader;
import dev.flynn.router.program.RouterProgram;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.RatisClusterStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A whole cluster on one machine, in this process: the store, discovery, the host agent, and the platform's own apps as its
 * jobs. This is the one class that knows all components; closing it ends what it started, last first.
 */
final class SingleHost implements AutoCloseable {

    private static final String DOMAIN_KEY = "bootstrap/domain";
    private static final Duration READY_PATIENCE = Duration.ofSeconds(60);

    private final Closer closer = new Closer();
    private final UpOptions options;
    private final ListenPorts ports;
    private final ClusterState state;
    private final Discovery discovery;
    private final DiscoveryServers discoveryServers;
    private volatile String clusterKey = "";

    /** Opens everything; the platform's apps of an earlier run begin to come back. */
    SingleHost(DataDirectory data, UpOptions options, ListenPorts ports) {
        this.options = options;
        this.ports = ports;
        try {
            Clock clock = Clock.systemUTC();
            ClusterStore store = closer.register(
                    RatisClusterStore.builder(data.directory("store")).build());
            this.state = new ClusterState(store, new FlynnJson(), clock);
            requireSameDomain(store);
            this.discovery = closer.register(
                    StoreDiscovery.builder(store).member(hostId(data)).build());
            this.discoveryServers = closer.register(
                    new DiscoveryServers(discovery, () -> store.list(DOMAIN_KEY).revision(), options));
            startAgent(data, clock);
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    private void startAgent(DataDirectory data, Clock clock) {
        LogMux logs = closer.register(new LogMux(data.directory("log")));
        long reserve = Optional.ofNullable(System.getenv(DiskReserve.VARIABLE))
                .map(Long::parseLong)
                .orElse(DiskReserve.DEFAULT_BYTES);
        var disk = new DiskReserve(data.root(), reserve);
        var agent = new CompletableFuture<HostAgent>();
        HostConnections hosts = hostId -> agent.join().connect(hostId);

        List<BuiltinProgram> programs = List.of(
                new ControllerProgram(state, discovery, hosts, new AggregatedLogs(new LogReader(discovery)), disk),
                new RouterProgram(state, discovery),
                new BlobStoreProgram(data.directory("blobs"), clock),
                new LogAggregatorProgram(logs),
                new GitReceiveProgram(data.directory("repos"), discovery, clock));
        var builtin = closer.register(new BuiltinContainerBackend(programs, options.listenIp(), clock));

        Path images = data.root().resolve("images");
        Images.install(images);
        var slugs = new SlugCache(data.directory("slugs"), discovery, this::clusterKey);
        var processes = closer.register(ProcessContainerBackend.builder(data.root(), images)
                .address(options.listenIp())
                .clock(clock)
                .preparation(slugs::prepare)
                .build());

        agent.complete(closer.register(HostAgent.builder(hostId(data), state, discovery)
                .builtinBackend(builtin)
                .appBackend(processes)
                .logSink(logs)
                .listenIp(options.listenIp())
                .jobEnvironment(discoveryServers.jobEnvironment())
                .builtinEnvironment(Map.of(
                        "HTTP_PORT",
                        String.valueOf(ports.http()),
                        "HTTPS_PORT",
                        String.valueOf(ports.https()),
                        "ROUTER_LISTEN_IP",
                        options.listenIp(),
                        DiskReserve.VARIABLE,
                        String.valueOf(reserve)))
                .build()));
    }

    /** Brings the cluster up, whether it is new or was there before, and returns once everything answers. */
    BootstrapResult bringUp(BootstrapOutput output) throws InterruptedException {
        Map<String, String> env = new HashMap<>(System.getenv());
        env.put("CLUSTER_DOMAIN", options.domain());
        env.put("CLUSTER_URL_DOMAIN", ports.urlDomain(options.domain()));
        env.put("HTTP_PORT", String.valueOf(ports.http()));
        env.put("HTTPS_PORT", String.valueOf(ports.https()));
        env.put("ROUTER_LISTEN_IP", options.listenIp());
        BootstrapResult result = Bootstrap.builder(state, discovery)
                .env(env)
                .output(output)
                .build()
                .run();
        clusterKey = result.controllerKey().orElse("");
        var readiness = new Readiness(options.listenIp(), ports.http());
        readiness.await("controller." + options.domain(), "/", 401, READY_PATIENCE);
        readiness.await("git." + options.domain(), "/.well-known/status", 200, READY_PATIENCE);
        discoveryServers.start();
        return result;
    }

    /** The key of the cluster: known once it was bootstrapped, in this run or an earlier one. */
    private String clusterKey() {
        if (!clusterKey.isEmpty()) {
            return clusterKey;
        }
        return state.findApp("controller")
                .flatMap(app -> app.value().release())
                .flatMap(release -> state.releases().find(release.toString()))
                .map(release -> release.value().env().getOrDefault("AUTH_KEY", ""))
                .map(keys -> keys.split(",", 2)[0])
                .orElse("");
    }

    private void requireSameDomain(ClusterStore store) {
        Optional<String> known = store.get(DOMAIN_KEY).map(StoreEntry::value);
        if (known.isEmpty()) {
            store.commit(Transaction.builder()
                    .whenAbsent(DOMAIN_KEY)
                    .put(DOMAIN_KEY, options.domain())
                    .build());
        } else if (!known.get().equals(options.domain())) {
            throw new FlynnException(
                    ErrorCode.VALIDATION,
                    "the cluster in %s has the domain %s, not %s; start it with --domain %s"
                            .formatted(options.dataDirectory(), known.get(), options.domain(), known.get()));
        }
    }

    /** The host's name at its first start; jobs belong to it from then on. */
    private static String hostId(DataDirectory data) {
        Path file = data.root().resolve("host-id");
        try {
            if (!Files.exists(file)) {
                Files.writeString(file, hostname());
            }
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot keep the host's id in " + file, e);
        }
    }

    private static String hostname() {
        try {
            String name = InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
            String id = name.replaceAll("[^a-z0-9]", "");
            return id.isEmpty() ? "host" : id;
        } catch (UnknownHostException nameless) {
            return "host";
        }
    }

    @Override
    public void close() {
        closer.close();
    }
}
