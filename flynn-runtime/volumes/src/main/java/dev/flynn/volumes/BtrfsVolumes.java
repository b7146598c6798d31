package dev.flynn.volumes;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Set;

/** Volumes as subvolumes of a btrfs: snapshots are of one moment, cost nothing, and are sent as btrfs sends them. */
public final class BtrfsVolumes implements VolumeBackend {

    private static final String BTRFS = "btrfs";

    private final Path directory;

    /** Where streams are received: a volume there has the name that it had where it was sent. */
    private final Path incoming;

    /**
     * @param directory of this alone, on a btrfs
     * @throws FlynnException {@code VALIDATION} if it is on another file system
     */
    public BtrfsVolumes(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory).toRealPath();
        if (!isBtrfs(this.directory)) {
            throw FlynnException.invalidField(
                    "volumes", "%s is not on a btrfs; use the directory backend".formatted(directory));
        }
        this.incoming = Files.createDirectories(this.directory.resolve(".incoming"));
        deleteUnfinished();
        Directories.finishReplacing(this.directory, BtrfsVolumes::deleteSubvolume);
    }

    /** Whether a directory can have subvolumes. */
    public static boolean isBtrfs(Path directory) throws IOException {
        return Files.getFileStore(directory).type().equals(BTRFS);
    }

    private void deleteUnfinished() throws IOException {
        try (var leftovers = Files.newDirectoryStream(incoming)) {
            for (Path leftover : leftovers) {
                deleteSubvolumes(leftover);
            }
        }
    }

    @Override
    public String name() {
        return BTRFS;
    }

    @Override
    public void create(String id) throws IOException {
        if (!exists(id)) {
            btrfs("subvolume", "create", path(id).toString());
            Directories.openToEverybody(path(id));
            Directories.sync(directory);
        }
    }

    @Override
    public boolean exists(String id) {
        return Files.isDirectory(path(id));
    }

    @Override
    public Set<String> ids() throws IOException {
        return Directories.visible(directory);
    }

    @Override
    public Path path(String id) {
        return directory.resolve(id);
    }

    @Override
    public void snapshot(String id, String snapshot) throws IOException {
        btrfs("subvolume", "snapshot", "-r", path(id).toString(), path(snapshot).toString());
    }

    @Override
    public void delete(String id) throws IOException {
        if (exists(id)) {
            deleteSubvolume(path(id));
        }
    }

    @Override
    public void replace(String id, String with) throws IOException {
        Directories.replace(directory, id, with, BtrfsVolumes::deleteSubvolume);
    }

    @Override
    public void send(String snapshot, OutputStream to) throws IOException {
        Programs.run(List.of(BTRFS, "-q", "send", path(snapshot).toString()), InputStream.nullInputStream(), to);
    }

    @Override
    public void receive(String id, InputStream from) throws IOException {
        Path place = Files.createDirectory(incoming.resolve(id));
        try {
            Programs.run(List.of(BTRFS, "-q", "receive", place.toString()), from, OutputStream.nullOutputStream());
            Path received;
            try (var subvolumes = Files.list(place)) {
                received = subvolumes.findFirst().orElseThrow(() -> new IOException("the stream has no volume"));
            }
            Path writable = place.resolve(id);
            btrfs("subvolume", "snapshot", received.toString(), writable.toString());
            Files.move(writable, path(id), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            deleteSubvolumes(place);
        }
    }

    private static void deleteSubvolumes(Path place) throws IOException {
        try (var subvolumes = Files.newDirectoryStream(place)) {
            for (Path subvolume : subvolumes) {
                deleteSubvolume(subvolume);
            }
        }
        Files.delete(place);
    }

    private static void deleteSubvolume(Path subvolume) throws IOException {
        btrfs("subvolume", "delete", subvolume.toString());
    }

    private static void btrfs(String... arguments) throws IOException {
        Programs.run(java.util.stream.Stream.concat(
                        java.util.stream.Stream.of(BTRFS, "-q"), java.util.stream.Stream.of(arguments))
                .toList());
    }
}
