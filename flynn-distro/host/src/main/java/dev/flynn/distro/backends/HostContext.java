package dev.flynn.distro.backends;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.images.ArchiveOpener;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.Partitions;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The host on which a backend is opened.
 *
 * @param root where everything of this host is kept
 * @param publicIp where other hosts reach this one, and where jobs without an address of their own listen
 * @param files what the host lays into jobs
 * @param network how this host takes part in the network of jobs that have addresses
 * @param partitions how jobs share processors
 * @param appImages what is said of images
 * @param archives opens archives of images by URL
 */
public record HostContext(
        Path root,
        ClusterState state,
        String hostId,
        String publicIp,
        FilesOfHost files,
        NetworkSettings network,
        Partitions partitions,
        AppImageSettings appImages,
        ArchiveOpener archives) {

    /** The programs that jobs start with, one folder each. */
    Path images() {
        return root.resolve("images");
    }

    /** A directory of one component, which exists. */
    Path directory(String name) throws IOException {
        return Files.createDirectories(root.resolve(name));
    }

    Clock clock() {
        return state.clock();
    }

    /** The jobs that a backend has found again. */
    static Set<JobId> living(ContainerBackend backend) {
        return backend.jobs().stream()
                .filter(job -> !job.isDown())
                .map(JobStatus::id)
                .collect(Collectors.toSet());
    }
}
