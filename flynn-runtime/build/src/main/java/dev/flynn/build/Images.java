package dev.flynn.build;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Lays the programs slugbuilder and slugrunner out as a directory that the process backend takes images from. */
public final class Images {

    private Images() {}

    /**
     * Replaces the directory by this version's programs. A reader sees the old directory or the new one, never half of one.
     */
    public static void install(Path directory) {
        try {
            Path parent = Files.createDirectories(directory.toAbsolutePath().getParent());
            Path fresh = Files.createTempDirectory(parent, "images-new");
            copyTo(fresh);
            Path old = Files.createTempDirectory(parent, "images-old");
            if (Files.exists(directory)) {
                Files.move(directory, old, StandardCopyOption.ATOMIC_MOVE);
            }
            Files.move(fresh, directory, StandardCopyOption.ATOMIC_MOVE);
            deleteTree(old);
        } catch (IOException | URISyntaxException e) {
            throw new IllegalStateException("cannot install the images into " + directory, e);
        }
    }

    private static void copyTo(Path target) throws IOException, URISyntaxException {
        URL resource = Images.class.getResource("images");
        if (resource == null) {
            throw new IOException("this build has no images");
        }
        URI uri = resource.toURI();
        if (uri.getScheme().equals("jar")) {
            try (FileSystem jar = FileSystems.newFileSystem(uri, Map.of())) {
                copyTree(jar.getPath("/dev/flynn/build/images"), target);
            }
        } else {
            copyTree(Path.of(uri), target);
        }
    }

    /** Everything in there is a program. */
    private static void copyTree(Path source, Path target) throws IOException {
        try (Stream<Path> files = Files.walk(source)) {
            for (Path file : files.toList()) {
                Path copy = target.resolve(source.relativize(file).toString());
                if (Files.isDirectory(file)) {
                    Files.createDirectories(copy);
                } else {
                    Files.copy(file, copy);
                    Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("rwxr-xr-x"));
                }
            }
        }
    }

    private static void deleteTree(Path root) throws IOException {
        List<Path> deepestFirst;
        try (Stream<Path> files = Files.walk(root)) {
            deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : deepestFirst) {
            try {
                Files.deleteIfExists(file);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
