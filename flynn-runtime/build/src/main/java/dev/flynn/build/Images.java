package dev.flynn.build;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Lays the programs slugbuilder and slugrunner out as a directory that the process backend takes images from. */
public final class Images {

    private static final String ROOT = "images";

    /** Says what is installed; written before the directory gets its name. */
    private static final String DIGEST = ".digest";

    private static final String NEW = ".new-";
    private static final String OLD = ".old-";

    private Images() {}

    /**
     * Makes the directory hold this version's programs, all executable; one that does so already is left alone. A call that is
     * cut short leaves the old directory or none, never a part of one, and the next call mends it. Jobs must not run from
     * the directory meanwhile.
     *
     * @throws UncheckedIOException the directory cannot be written
     */
    public static void install(Path directory) {
        Path target = directory.toAbsolutePath().normalize();
        try {
            Map<String, byte[]> programs = programs();
            String digest = digest(programs);
            if (!digest.equals(installed(target))) {
                replace(target, programs, digest);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot install the images into " + target + ": " + e.getMessage(), e);
        }
    }

    private static String installed(Path target) throws IOException {
        try {
            return Files.readString(target.resolve(DIGEST));
        } catch (NoSuchFileException none) {
            return "";
        }
    }

    private static void replace(Path target, Map<String, byte[]> programs, String digest) throws IOException {
        Path parent = Files.createDirectories(target.resolveSibling(""));
        String name = target.getFileName().toString();
        deleteAll(parent, name + NEW + "*");
        Path fresh = Files.createTempDirectory(parent, name + NEW);
        Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rwxr-xr-x"));
        for (Map.Entry<String, byte[]> program : programs.entrySet()) {
            Path file = fresh.resolve(program.getKey());
            Files.createDirectories(file.resolveSibling(""));
            Files.write(file, program.getValue());
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Files.writeString(fresh.resolve(DIGEST), digest);
        if (Files.exists(target)) {
            Path old = Files.createTempDirectory(parent, name + OLD);
            Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
        }
        Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE);
        deleteAll(parent, name + OLD + "*");
    }

    /** Content by path below the root. */
    private static Map<String, byte[]> programs() throws IOException {
        URL resource = Images.class.getResource(ROOT);
        if (resource == null) {
            throw new IOException("this build has no images");
        }
        if (resource.openConnection() instanceof JarURLConnection connection) {
            Path jar = path(connection.getJarFileURL());
            try (FileSystem files = FileSystems.newFileSystem(jar)) {
                return read(files.getPath(connection.getEntryName()));
            }
        }
        return read(path(resource));
    }

    private static Path path(URL url) throws IOException {
        try {
            return Path.of(new URI(url.toString()));
        } catch (URISyntaxException e) {
            throw new IOException("cannot read " + url, e);
        }
    }

    private static Map<String, byte[]> read(Path root) throws IOException {
        Map<String, byte[]> programs = new TreeMap<>();
        try (Stream<Path> files = Files.walk(root)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                programs.put(root.relativize(file).toString(), Files.readAllBytes(file));
            }
        }
        return programs;
    }

    private static String digest(Map<String, byte[]> programs) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            programs.forEach((name, content) -> {
                digest.update((name + "\0" + content.length + "\0").getBytes(StandardCharsets.UTF_8));
                digest.update(content);
            });
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static void deleteAll(Path parent, String pattern) throws IOException {
        try (var roots = Files.newDirectoryStream(parent, pattern)) {
            for (Path root : roots) {
                deleteTree(root);
            }
        }
    }

    private static void deleteTree(Path root) throws IOException {
        List<Path> deepestFirst;
        try (Stream<Path> files = Files.walk(root)) {
            deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : deepestFirst) {
            Files.deleteIfExists(file);
        }
    }
}
