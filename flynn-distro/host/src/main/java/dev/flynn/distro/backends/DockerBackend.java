package dev.flynn.distro.backends;

import dev.flynn.base.Closer;
import dev.flynn.containers.docker.DockerContainerBackendFactory;
import dev.flynn.host.HostFiles;
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

/** Containers of a Docker engine, which makes their bridge, with the subnet that the cluster has for this host. */
final class DockerBackend {

    /** Followed by the subnet's address: clusters on one engine have networks of their own. */
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
        HostFiles files = FilesOfHost.open(host);
        var leases = new SubnetLeases(host.state());
        OverlayConfig overlay = leases.configure(host.network().overlay());
        SubnetLease lease = leases.acquire(host.hostId(), host.publicIp(), overlay);
        String gateway = lease.range().gateway();
        Map<String, String> settings = new HashMap<>(Map.of(
                "network",
                NETWORK + lease.range().address(),
                "subnet",
                lease.subnet(),
                "images",
                host.images().toString(),
                "address",
                host.publicIp(),
                "dns",
                gateway));
        host.appImages().stack().ifPresent(stack -> settings.put("stack", stack));
        Optional.ofNullable(System.getenv("DOCKER_HOST")).ifPresent(engine -> settings.put("host", engine));
        ContainerBackend backend = closer.register(new DockerContainerBackendFactory()
                .create(settings, new ComponentContext(host.hostId(), host.directory("docker"), host.clock()), files));
        files.retain(HostContext.living(backend));
        return new AppBackend("docker", backend, Optional.of(gateway));
    }
}
