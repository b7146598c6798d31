package dev.flynn.volumes;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;

/**
 * Volumes as plain directories, on any file system. A snapshot is a copy, which shares blocks where the file system can; it
 * is not of one moment: stop the job first, or copy what can be copied while it runs.
 */
public final class DirectoryVolumes implements VolumeBackend {

    private final Path directory;

    /** What is not complete yet, beside the volumes so that it can be renamed. */
    private final Path unfinished;

    /** @param directory of this alone */
    public DirectoryVolumes(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory).toRealPath();
        this.unfinished = this.directory.resolve(".unfinished");
        Programs.run(List.of("rm", "-rf", "--one-file-system", unfinished.toString()));
        Files.createDirectory(
                unfinished, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Directories.finishReplacing(this.directory, DirectoryVolumes::remove);
    }

    @Override
    public String name() {
        return "directory";
    }

    @Override
    public void create(String id) throws IOException {
        if (!exists(id)) {
            Path made = Files.createDirectory(unfinished.resolve(id));
            Directories.openToEverybody(made);
            finish(made, id);
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
        Path copy = unfinished.resolve(snapshot);
        try {
            Programs.run(List.of("cp", "-a", "--reflink=auto", path(id).toString(), copy.toString()));
            finish(copy, snapshot);
        } finally {
            remove(copy);
        }
    }

    @Override
    public void delete(String id) throws IOException {
        if (exists(id)) {
            Path doomed = unfinished.resolve(id);
            Files.move(path(id), doomed, StandardCopyOption.ATOMIC_MOVE);
            remove(doomed);
        }
    }

    /** A tar archive with owners, access lists and extended attributes. */
    @Override
    public void send(String snapshot, OutputStream to) throws IOException {
        Programs.run(
                List.of(
                        "tar",
                        "-c",
                        "--numeric-owner",
                        "--xattrs",
                        "--acls",
                        "--sparse",
                        "-C",
                        path(snapshot).toString(),
                        "."),
                InputStream.nullInputStream(),
                to);
    }

    @Override
    public void receive(String id, InputStream from) throws IOException {
        Path received = Files.createDirectory(unfinished.resolve(id));
        try {
            Programs.run(
                    List.of(
                            "tar",
                            "-x",
                            "-p",
                            "--numeric-owner",
                            "--xattrs",
                            "--xattrs-include=*",
                            "--acls",
                            "-C",
                            received.toString()),
                    from,
                    OutputStream.nullOutputStream());
            finish(received, id);
        } finally {
            remove(received);
        }
    }

    @Override
    public void replace(String id, String with) throws IOException {
        Directories.replace(directory, id, with, DirectoryVolumes::remove);
    }

    private void finish(Path made, String id) throws IOException {
        Files.move(made, path(id), StandardCopyOption.ATOMIC_MOVE);
        Directories.sync(directory);
    }

    private static void remove(Path tree) throws IOException {
        if (Files.exists(tree)) {
            Programs.run(List.of("rm", "-rf", "--one-file-system", tree.toString()));
        }
    }
}
