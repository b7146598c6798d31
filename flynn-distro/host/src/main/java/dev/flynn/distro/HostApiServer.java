package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.base.NamedThreads;
import dev.flynn.distro.cluster.DiscoverdFile;
import dev.flynn.host.api.HostApi;
import dev.flynn.host.api.HostApiSecurity;
import dev.flynn.host.api.HostClientAccess;
import dev.flynn.host.api.HostFacts;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP API of this host. Its address is taken at once, so that the host is registered with it; it begins to serve on a
 * thread of its own when everything else runs, since nothing of the platform needs it, and what goes wrong with it stops
 * nothing.
 */
final class HostApiServer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(HostApiServer.class);

    /** Of a host's API (contract: layer 0, Ports). */
    static final int USUAL_PORT = 1113;

    private final DataDirectory data;
    private final boolean insecure;
    private final String advertised;
    private final Optional<String> gateway;
    private final @Nullable ServerSocketChannel listener;

    // guarded by this
    private final Closer closer = new Closer();
    private boolean closed;

    /**
     * @param externalIp where others reach this host
     * @param gateway the address of this host in the network of its jobs, if they have addresses of their own
     * @throws dev.flynn.api.error.FlynnException {@code CONFLICT} if the wanted port is taken, {@code VALIDATION} if the API must
     *     not be open there
     */
    HostApiServer(
            DataDirectory data,
            String listenIp,
            String externalIp,
            ServerPort port,
            boolean insecure,
            Optional<String> gateway) {
        this.data = data;
        this.gateway = gateway;
        this.insecure = insecure;
        if (port.isOff()) {
            this.listener = null;
            this.advertised = externalIp + ":" + USUAL_PORT;
            return;
        }
        var ip = new InetSocketAddress(listenIp, 0);
        if (insecure) {
            HostApiSecurity.open().requireAddress(ip);
        }
        ServerSocketChannel bound = bind(ip.getAddress(), port);
        closer.register(bound);
        this.listener = bound;
        this.advertised = externalIp + ":" + bound.socket().getLocalPort();
    }

    /** The usual port may be taken at the very same moment by another host on this machine. */
    private static ServerSocketChannel bind(InetAddress ip, ServerPort port) {
        try {
            return HostApi.bind(new InetSocketAddress(ip, port.port()));
        } catch (FlynnException e) {
            if (port.isWanted()) {
                throw e;
            }
            return HostApi.bind(new InetSocketAddress(ip, 0));
        }
    }

    /** Where other hosts, and commands, reach the API: {@code ip:port}. */
    String advertised() {
        return advertised;
    }

    /**
     * Returns at once.
     *
     * @param credentials of this host
     * @param discoverd the URL of discovery's HTTP API, as commands on this host reach it
     */
    void start(
            String hostId,
            ClusterState state,
            HostServices services,
            Supplier<HostCredentials> credentials,
            Optional<String> discoverd) {
        ServerSocketChannel bound = listener;
        if (bound != null) {
            new NamedThreads("host-api-start")
                    .newThread(() -> serve(bound, hostId, state, services, credentials, discoverd))
                    .start();
        }
    }

    /** Those of a host that is alone: it founds an authority for its API and its commands. */
    static HostCredentials credentialsOfOneHost(DataDirectory data, String hostId, ClusterState state) {
        var files = new IdentityFiles(data.root().resolve("identity"));
        return new HostCredentials(
                files.found(hostId, state.clock().instant()), new RemovedHosts(files), state.clock());
    }

    private synchronized void serve(
            ServerSocketChannel bound,
            String hostId,
            ClusterState state,
            HostServices services,
            Supplier<HostCredentials> credentials,
            Optional<String> discoverd) {
        if (closed) {
            return;
        }
        try {
            HostApiSecurity security = HostApiSecurity.open();
            HostClientAccess access = HostClientAccess.open();
            if (!insecure) {
                HostCredentials own = credentials.get();
                security = HostApiSecurity.ofCluster(own, () -> keys(state));
                access = HostClientAccess.ofHost(own);
            }
            var facts = new HostFacts(
                    hostId,
                    advertised,
                    VersionCommand.version(),
                    discoverd,
                    gateway.map(ip -> ip + ":" + DiscoveryServers.DNS_PORT),
                    gateway.flatMap(JobNetworkFacts::of),
                    List.of());
            closer.register(HostApi.builder(facts, state, services.agent().connect(hostId), services.logs())
                    .security(security)
                    .deregister(services.agent()::leaveDiscovery)
                    .images(services.images())
                    .volumes(services.volumes())
                    .disk(services.disk())
                    .access(access)
                    .listen(bound)
                    .start());
            discoverd.ifPresent(url -> DiscoverdFile.write(data.root(), url));
            log.atInfo()
                    .addKeyValue("address", bound.getLocalAddress())
                    .addKeyValue("open", insecure)
                    .log("the host's API serves");
        } catch (IOException | RuntimeException e) {
            log.atError().setCause(e).log("the host's API does not serve");
        }
    }

    /** All that the controller accepts; none before the cluster was bootstrapped. */
    private static List<String> keys(ClusterState state) {
        return state.findApp("controller")
                .flatMap(app -> app.value().release())
                .flatMap(release -> state.releases().find(release.toString()))
                .map(release -> Arrays.asList(
                        release.value().env().getOrDefault("AUTH_KEY", "").split(",", -1)))
                .orElse(List.of());
    }

    @Override
    public synchronized void close() {
        closed = true;
        closer.close();
    }
}
