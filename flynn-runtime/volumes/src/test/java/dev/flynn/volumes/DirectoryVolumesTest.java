package dev.flynn.volumes;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

class DirectoryVolumesTest extends VolumeBackendContract {

    @TempDir
    Path directory;

    @Override
    VolumeBackend open() throws IOException {
        return new DirectoryVolumes(directory.resolve("volumes"));
    }
}
