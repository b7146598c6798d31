package dev.flynn.distro.backends;

import dev.flynn.host.HostFiles;
import dev.flynn.volumes.BtrfsVolumes;
import dev.flynn.volumes.DirectoryVolumes;
import dev.flynn.volumes.VolumeBackend;
import dev.flynn.volumes.Volumes;
import java.io.IOException;
import java.nio.file.Path;

/** The slugs and volumes of this host. */
final class FilesOfHost {

    private FilesOfHost() {}

    static HostFiles open(HostContext host) throws IOException {
        Path directory = host.directory("volumes");
        VolumeBackend volumes =
                BtrfsVolumes.isBtrfs(directory) ? new BtrfsVolumes(directory) : new DirectoryVolumes(directory);
        return new HostFiles(host.directory("files"), host.slugs(), new Volumes(host.hostId(), host.state(), volumes));
    }
}
