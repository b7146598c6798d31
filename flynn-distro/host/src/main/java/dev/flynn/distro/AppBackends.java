package dev.flynn.distro;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.base.Closer;
import dev.flynn.build.Images;
import dev.flynn.containers.docker.DockerContainerBackendFactory;
import dev.flynn.containers.oci.ContainerImages;
import dev.flynn.containers.oci.ContainerNetwork;
import dev.flynn.containers.oci.OciContainerBackend;
import dev.flynn.containers.process.ProcessContainerBackend;
import dev.flynn.host.HostFiles;
import dev.flynn.host.SlugCache;
import dev.flynn.images.ImageStore;
import dev.flynn.images.UnpackedImage;
import dev.flynn.network.ClusterNetwork;
import dev.flynn.network.ClusterNetworkConfig;
import dev.flynn.network.JobInterface;
import dev.flynn.network.JobNetwork;
import dev.flynn.network.OverlayConfig;
import dev.flynn.network.SubnetLease;
import dev.flynn.network.SubnetLeases;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.state.ClusterState;
import dev.flynn.volumes.BtrfsVolumes;
import dev.flynn.volumes.DirectoryVolumes;
import dev.flynn.volumes.VolumeBackend;
import dev.flynn.volumes.Volumes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens what runs the jobs of apps, by name, with the network, the images and the files that it needs. Closing this closes
 * what was opened, last first.
 */
final class AppBackends implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AppBackends.class);

    /** The user of jobs on the host's own file system; it exists by its number only. */
    private static final long APP_USER = 100_000;

    /** Followed by the subnet's address: clusters on one engine have networks of their own. */
    private static final String DOCKER_NETWORK = "flynn-";

    private final Closer closer = new Closer();
    private final DataDirectory data;
    private final ClusterState state;
    private final String hostId;
    private final String publicIp;
    private final SlugCache slugs;
    private final Path images;

    /** @param publicIp where other hosts reach this one, and where jobs without an address of their own listen */
    AppBackends(DataDirectory data, ClusterState state, String hostId, String publicIp, SlugCache slugs) {
        this.data = data;
        this.state = state;
        this.hostId = hostId;
        this.publicIp = publicIp;
        this.slugs = slugs;
        this.images = data.root().resolve("images");
        Images.install(images);
    }

    /**
     * Opens a backend; {@code auto} takes containers where they can be had.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE}, naming what this machine lacks
     */
    AppBackend open(String name) {
        AppBackend.requireKnown(name);
        try {
            return switch (name) {
                case "auto" -> choose();
                case "oci" -> oci();
                case "docker" -> docker();
                default -> process();
            };
        } catch (IOException e) {
            throw FlynnException.unavailable("the %s backend cannot be opened: %s".formatted(name, e), e);
        }
    }

    private AppBackend choose() throws IOException {
        Map<String, Opening> byPreference = new LinkedHashMap<>();
        byPreference.put("oci", this::oci);
        byPreference.put("docker", this::docker);
        for (Map.Entry<String, Opening> candidate : byPreference.entrySet()) {
            try {
                AppBackend chosen = candidate.getValue().open();
                log.atInfo().addKeyValue("backend", chosen.name()).log("jobs of apps run in containers");
                return chosen;
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                    throw e;
                }
                log.atInfo()
                        .addKeyValue("backend", candidate.getKey())
                        .addKeyValue("reason", e.getMessage())
                        .log("a backend is passed over");
            }
        }
        log.atWarn().log("jobs of apps run as plain processes, which isolates nothing");
        return process();
    }

    @FunctionalInterface
    private interface Opening {
        AppBackend open() throws IOException;
    }

    private AppBackend process() {
        return new AppBackend(
                "process",
                closer.register(ProcessContainerBackend.builder(data.root(), images)
                        .address(publicIp)
                        .clock(state.clock())
                        .preparation(slugs::prepare)
                        .build()),
                Optional.empty());
    }

    private AppBackend oci() throws IOException {
        HostFiles files = files();
        ClusterNetwork network = closer.register(ClusterNetwork.open(
                state,
                ClusterNetworkConfig.builder(hostId, publicIp, data.directory("network"))
                        .build()));
        ImageStore store = ImageStore.open(data.directory("oci-images"));
        closer.register(() -> closeQuietly(store));
        OciContainerBackend backend = closer.register(OciContainerBackend.builder(data.directory("oci"), images)
                .network(networkOf(network.jobs()))
                .images(imagesOf(store))
                .files(files)
                .address(publicIp)
                .nameserver(network.jobs().gateway())
                .user(APP_USER, JobFiles.GROUP)
                .clock(state.clock())
                .build());
        Set<JobId> living = living(backend);
        files.retain(living);
        store.retain(living);
        network.jobs().retain(living);
        return new AppBackend("oci", backend, Optional.of(network.jobs().gateway()));
    }

    /** The engine makes the bridge, with the subnet that the cluster has for this host. */
    private AppBackend docker() throws IOException {
        HostFiles files = files();
        var leases = new SubnetLeases(state);
        OverlayConfig overlay = leases.configure(OverlayConfig.defaults());
        SubnetLease lease = leases.acquire(hostId, publicIp, overlay);
        String gateway = lease.range().gateway();
        Map<String, String> settings = new HashMap<>(Map.of(
                "network",
                DOCKER_NETWORK + lease.range().address(),
                "subnet",
                lease.subnet(),
                "images",
                images.toString(),
                "address",
                publicIp,
                "dns",
                gateway));
        Optional.ofNullable(System.getenv("DOCKER_HOST")).ifPresent(host -> settings.put("host", host));
        ContainerBackend backend = closer.register(new DockerContainerBackendFactory()
                .create(settings, new ComponentContext(hostId, data.directory("docker"), state.clock()), files));
        files.retain(living(backend));
        return new AppBackend("docker", backend, Optional.of(gateway));
    }

    private HostFiles files() throws IOException {
        Path directory = data.directory("volumes");
        VolumeBackend volumes =
                BtrfsVolumes.isBtrfs(directory) ? new BtrfsVolumes(directory) : new DirectoryVolumes(directory);
        return new HostFiles(data.directory("files"), slugs, new Volumes(hostId, state, volumes));
    }

    private static Set<JobId> living(ContainerBackend backend) {
        return backend.jobs().stream()
                .filter(job -> !job.isDown())
                .map(JobStatus::id)
                .collect(Collectors.toSet());
    }

    private static ContainerNetwork networkOf(JobNetwork network) {
        return new ContainerNetwork() {
            @Override
            public Connection open(JobId job) throws IOException {
                JobInterface made = network.open(job, Optional.empty());
                return new Connection(made.address(), made.namespace());
            }

            @Override
            public void close(JobId job) {
                network.close(job);
            }

            @Override
            public Set<JobId> jobs() {
                return network.jobs();
            }
        };
    }

    private static ContainerImages imagesOf(ImageStore store) {
        return new ContainerImages() {
            @Override
            public ContainerImage open(JobSpec.Image image, JobId holder) throws IOException {
                UnpackedImage unpacked = store.open(image, holder);
                return new ContainerImage(
                        unpacked.layers(),
                        unpacked.config().entrypoint(),
                        unpacked.config().cmd(),
                        unpacked.config().env(),
                        unpacked.config().workingDirectory(),
                        unpacked.config().user());
            }

            @Override
            public void release(JobId holder) {
                store.release(holder);
            }
        };
    }

    private static void closeQuietly(ImageStore store) {
        try {
            store.close();
        } catch (IOException e) {
            log.atWarn().setCause(e).log("the image store was not closed in order");
        }
    }

    @Override
    public void close() {
        closer.close();
    }
}
