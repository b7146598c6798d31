package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import dev.flynn.disk.Shelf;
import dev.flynn.disk.VolumeShelf;
import dev.flynn.host.HostFiles;
import dev.flynn.host.SlugCache;
import dev.flynn.host.SlugShelf;
import dev.flynn.state.ClusterState;
import dev.flynn.volumes.BtrfsVolumes;
import dev.flynn.volumes.DirectoryVolumes;
import dev.flynn.volumes.VolumeBackend;
import dev.flynn.volumes.Volumes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The slugs and volumes of this host. */
public final class FilesOfHost {

    private final Volumes volumes;
    private final HostFiles ofJobs;
    private final SlugShelf slugs;

    private FilesOfHost(Path root, String hostId, ClusterState state, SlugCache slugs) throws IOException {
        Path directory = Files.createDirectories(root.resolve("volumes"));
        VolumeBackend backend =
                BtrfsVolumes.isBtrfs(directory) ? new BtrfsVolumes(directory) : new DirectoryVolumes(directory);
        this.volumes = new Volumes(hostId, state, backend);
        this.ofJobs = new HostFiles(Files.createDirectories(root.resolve("files")), slugs, volumes);
        this.slugs = new SlugShelf(ofJobs, slugs, state);
    }

    /**
     * @param root where everything of this host is kept
     * @throws FlynnException {@code SERVICE_UNAVAILABLE}
     */
    public static FilesOfHost open(Path root, String hostId, ClusterState state, SlugCache slugs) {
        try {
            return new FilesOfHost(root, hostId, state, slugs);
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "cannot keep the files of jobs in %s: %s".formatted(root, e.getMessage()), e);
        }
    }

    /** What backends lay into jobs. */
    static HostFiles open(HostContext host) {
        return host.files().ofJobs;
    }

    public Volumes volumes() {
        return volumes;
    }

    /** What of them may be deleted. */
    public List<Shelf> shelves() {
        return List.of(new VolumeShelf(volumes), slugs);
    }
}
