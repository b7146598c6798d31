package dev.flynn.distro.backends;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.containers.docker.DockerContainerBackendFactory;
import dev.flynn.host.HostFiles;
import dev.flynn.network.ClusterNetwork;
import dev.flynn.network.OverlayConfig;
import dev.flynn.network.SubnetLease;
import dev.flynn.network.SubnetLeases;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Containers of a Docker engine, joined to the bridge of the cluster's network on this host. */
final class DockerBackend {

    private static final Logger log = LoggerFactory.getLogger(DockerBackend.class);

    /** Followed by the name of the bridge, or the address of the subnet: clusters on one engine have networks of their own. */
    private static final String NETWORK = "flynn-";

    private static final Path SOCKET = Path.of("/var/run/docker.sock");

    private DockerBackend() {}

    /** Why there can be no engine here; empty if one may be there. */
    static Optional<String> lacking() {
        return System.getenv("DOCKER_HOST") != null || Files.isWritable(SOCKET)
                ? Optional.empty()
                : Optional.of(
                        "the docker backend finds no engine at %s, nor does DOCKER_HOST name one".formatted(SOCKET));
    }

    static AppBackend open(HostContext host, Closer closer) throws IOException {
        var factory = new DockerContainerBackendFactory(url -> host.archives().open(url));
        var context = new ComponentContext(host.hostId(), host.directory("docker"), host.clock());
        HostFiles files = FilesOfHost.open(host);
        Map<String, String> settings =
                new HashMap<>(Map.of("images", host.images().toString(), "address", host.publicIp()));
        settings.put("partitions", host.partitions().text());
        host.appImages().stack().ifPresent(stack -> settings.put("stack", stack));
        Optional.ofNullable(System.getenv("DOCKER_HOST")).ifPresent(engine -> settings.put("host", engine));
        Optional<ClusterNetwork> network =
                factory.joinsBridges(settings, context) ? network(host, closer) : withoutBridge("podman makes its own");
        SubnetLease lease = network.isPresent() ? network.get().lease() : lease(host);
        String gateway = lease.range().gateway();
        settings.put(
                "network",
                NETWORK
                        + network.map(ClusterNetwork::bridge)
                                .orElse(lease.range().address()));
        settings.put("subnet", lease.subnet());
        settings.put("dns", gateway);
        network.ifPresent(ours -> {
            settings.put("bridge", ours.bridge());
            settings.put("mtu", String.valueOf(ours.jobs().mtu()));
        });
        ContainerBackend backend = closer.register(factory.create(
                settings, context, new FilesWhileLeased(files, () -> network.flatMap(ClusterNetwork::refusal))));
        files.retain(HostContext.living(backend));
        return new AppBackend("docker", backend, Optional.of(gateway));
    }

    /** The cluster's network on this host, whose bridge the engine joins containers to. */
    private static Optional<ClusterNetwork> network(HostContext host, Closer closer) throws IOException {
        try {
            return Optional.of(closer.register(ClusterNetwork.open(
                    host.state(), JobNetworkOfHost.configuration(host).spares(0).build())));
        } catch (FlynnException e) {
            if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                throw e;
            }
            return withoutBridge(e.getMessage());
        }
    }

    /** The engine makes a bridge, with the subnet that the cluster has for this host. */
    private static Optional<ClusterNetwork> withoutBridge(String reason) {
        log.atWarn()
                .addKeyValue("reason", reason)
                .log("the engine has a bridge of its own: jobs of other hosts cannot be reached");
        return Optional.empty();
    }

    private static SubnetLease lease(HostContext host) {
        var leases = new SubnetLeases(host.state());
        OverlayConfig overlay = leases.configure(host.network().overlay());
        return leases.acquire(host.hostId(), host.publicIp(), overlay);
    }
}
