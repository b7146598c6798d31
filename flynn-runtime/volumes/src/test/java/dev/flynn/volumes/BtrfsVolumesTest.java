package dev.flynn.volumes;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a btrfs of its own in a file, which only root can make. */
class BtrfsVolumesTest extends VolumeBackendContract {

    private static final long BYTES = 150L << 20;

    @TempDir
    Path directory;

    private Path mounted;

    @BeforeEach
    void mount() throws IOException {
        Path image = directory.resolve("image");
        try (var file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(BYTES);
        }
        mounted = Files.createDirectory(directory.resolve("mounted"));
        try {
            Programs.run(List.of("mkfs.btrfs", "-q", image.toString()));
            Programs.run(List.of("mount", "-o", "loop", image.toString(), mounted.toString()));
        } catch (IOException e) {
            abort("this machine makes no btrfs: " + e.getMessage());
        }
    }

    @AfterEach
    void unmount() throws IOException {
        if (BtrfsVolumes.isBtrfs(mounted)) {
            Programs.run(List.of("umount", mounted.toString()));
        }
    }

    @Override
    VolumeBackend open() throws IOException {
        return new BtrfsVolumes(mounted.resolve("volumes"));
    }

    @Test
    void anotherFileSystemIsRefused() {
        assertThatThrownBy(() -> new BtrfsVolumes(directory.resolve("elsewhere")))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("not on a btrfs");
    }
}
