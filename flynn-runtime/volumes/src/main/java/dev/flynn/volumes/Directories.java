package dev.flynn.volumes;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What both kinds of volumes do with the directory that they are in. */
final class Directories {

    private Directories() {}

    /** The names of its subdirectories that do not begin with a dot. */
    static Set<String> visible(Path directory) throws IOException {
        Set<String> names = new HashSet<>();
        try (DirectoryStream<Path> children = Files.newDirectoryStream(directory, Files::isDirectory)) {
            for (Path child : children) {
                String name = child.getFileName().toString();
                if (!name.startsWith(".")) {
                    names.add(name);
                }
            }
        }
        return names;
    }

    /** Whatever user the job has may write: nobody but the job comes to the directory. */
    static void openToEverybody(Path directory) throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    /** Its entries survive a power loss from now on. */
    static void sync(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /** What a volume had before it was replaced, until that is deleted. */
    private static final String REPLACED = ".replaced-";

    /** Puts a directory in the place of another, whose former files are deleted. */
    static void replace(Path directory, String id, String with, Deletion deletion) throws IOException {
        Path former = directory.resolve(REPLACED + id);
        Files.move(directory.resolve(id), former, StandardCopyOption.ATOMIC_MOVE);
        Files.move(directory.resolve(with), directory.resolve(id), StandardCopyOption.ATOMIC_MOVE);
        sync(directory);
        deletion.delete(former);
    }

    /** Ends what a {@link #replace} began that was cut off. */
    static void finishReplacing(Path directory, Deletion deletion) throws IOException {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(directory, REPLACED + "*")) {
            for (Path former : left) {
                Path place = directory.resolve(former.getFileName().toString().substring(REPLACED.length()));
                if (Files.exists(place)) {
                    deletion.delete(former);
                } else {
                    Files.move(former, place, StandardCopyOption.ATOMIC_MOVE);
                }
            }
        }
    }

    /** How a kind of volume is deleted. */
    interface Deletion {
        void delete(Path volume) throws IOException;
    }

    /** How much of the disk a tree takes. */
    static long bytes(Path tree) throws IOException {
        String said = Programs.read(List.of("du", "-s", "-x", "-B1", tree.toString()));
        return Long.parseLong(said.substring(0, said.indexOf('\t')));
    }
}
