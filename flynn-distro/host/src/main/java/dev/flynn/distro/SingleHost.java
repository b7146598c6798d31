package dev.flynn.distro;

import dev.flynn.base.Closer;
import dev.flynn.bootstrap.Bootstrap;
import dev.flynn.bootstrap.BootstrapOutput;
import dev.flynn.bootstrap.BootstrapResult;
import dev.flynn.discoverd.ClusterPeers;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.distro.backends.AppBackend;
import dev.flynn.distro.backends.AppBackends;
import dev.flynn.distro.backends.FilesOfHost;
import dev.flynn.distro.backends.HostContext;
import dev.flynn.distro.backends.ServiceArchives;
import dev.flynn.host.SlugCache;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.state.ClusterState;
import dev.flynn.store.RatisClusterStore;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * A whole cluster on one machine, in this process: the store, discovery, the host agent, and the platform's own apps as its
 * jobs. This is the one class that knows all components; closing it ends what it started, last first.
 */
final class SingleHost implements AutoCloseable {

    private static final Duration READY_PATIENCE = Duration.ofSeconds(60);

    private final Closer closer = new Closer();
    private final UpOptions options;
    private final ListenPorts ports;
    private final ClusterState state;
    private final Discovery discovery;
    private final DiscoveryServers discoveryServers;
    private final Runnable startHostApi;
    private final String backendDescription;

    /** Opens everything; the platform's apps of an earlier run begin to come back. */
    SingleHost(DataDirectory data, UpOptions options, ListenPorts ports) {
        this.options = options;
        this.ports = ports;
        try {
            String hostId = HostIdFile.read(data);
            ClusterStore store = closer.register(
                    RatisClusterStore.builder(data.directory("store")).build());
            this.state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
            ClusterDomain.require(
                    store,
                    options.domain(),
                    known -> "start it in %s with --domain %s".formatted(options.dataDirectory(), known));
            this.discovery =
                    closer.register(StoreDiscovery.builder(store).member(hostId).build());
            var slugs = new SlugCache(data.directory("slugs"), discovery, () -> ClusterKey.read(state));
            var files = FilesOfHost.open(data.root(), hostId, state, slugs);
            AppBackend backend = closer.register(new AppBackends(new HostContext(
                            data.root(),
                            state,
                            hostId,
                            options.listenIp(),
                            files,
                            options.network(),
                            options.partitions(),
                            options.appImages(),
                            new ServiceArchives(discovery, () -> ClusterKey.read(state)))))
                    .open(options.backend());
            this.backendDescription = backend.description();
            HostApiServer hostApi = closer.register(new HostApiServer(
                    data,
                    options.listenIp(),
                    options.listenIp(),
                    options.hostApi(),
                    options.insecureHostApi(),
                    backend.gateway()));
            this.discoveryServers = closer.register(new DiscoveryServers(
                    discovery,
                    options.listenIp(),
                    options.discoverd(),
                    options.dns(),
                    backend.gateway(),
                    address -> ClusterPeers.alone(
                            address, () -> store.list(ClusterDomain.KEY).revision())));
            var services = closer.register(new HostServices(
                    data,
                    state,
                    discovery,
                    new HostServices.Settings(
                            hostId,
                            backend,
                            files,
                            backend.gateway().orElse(options.listenIp()),
                            options.router().environment(options.listenIp()),
                            hostApi.advertised(),
                            Map.of(),
                            ports,
                            options.router().name(),
                            discoveryServers.jobEnvironment(),
                            UnaryOperator.identity(),
                            Optional.of(new IdentityFiles(data.root().resolve("identity")).foundSealingKey()))));
            // it goes first, before what it asks
            HostApiServer serving = closer.register(hostApi);
            this.startHostApi = () -> serving.start(
                    hostId,
                    state,
                    services,
                    () -> HostApiServer.credentialsOfOneHost(data, hostId, state),
                    discoveryServers.url());
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    /** Brings the cluster up, whether it is new or was there before, and returns once everything answers. */
    BootstrapResult bringUp(BootstrapOutput output) throws InterruptedException {
        Map<String, String> env = new HashMap<>(System.getenv());
        env.put("CLUSTER_DOMAIN", options.domain());
        env.put("CLUSTER_URL_DOMAIN", ports.urlDomain(options.domain()));
        env.put("HTTP_PORT", String.valueOf(ports.http()));
        env.put("HTTPS_PORT", String.valueOf(ports.https()));
        env.put("ROUTER_LISTEN_IP", options.router().urlHost(options.listenIp()));
        BootstrapResult result = Bootstrap.builder(state, discovery)
                .env(env)
                .output(output)
                .build()
                .run();
        var readiness = new Readiness(options.router().reachedFrom(options.listenIp()), ports.http());
        readiness.await("controller." + options.domain(), "/", 401, READY_PATIENCE);
        readiness.await("git." + options.domain(), "/.well-known/status", 200, READY_PATIENCE);
        discoveryServers.start();
        startHostApi.run();
        return result;
    }

    /** How jobs run, and why so. */
    String backendDescription() {
        return backendDescription;
    }

    @Override
    public void close() {
        closer.close();
    }
}
