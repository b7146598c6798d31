package dev.flynn.configurator;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Files for the macro {@code $file}, named after their content, so that a configuration that is tried does not change what
 * the running one reads.
 */
final class ValueFiles {

    private static final int HASH_BYTES = 8;

    private final Path directory;
    private final Set<Path> written = new HashSet<>();

    ValueFiles(Path directory) {
        this.directory = directory;
    }

    Path write(String path, String content) {
        String name = path.replaceAll("[^A-Za-z0-9._-]+", "_").replaceAll("^[._]+", "");
        Path file = directory.resolve(hash(content) + "-" + name);
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        if (!Files.exists(file)) {
            AtomicFiles.replace(file, content);
        }
        written.add(file);
        return file;
    }

    /** Deletes what this has not written: it belonged to a configuration before. */
    void keepNewest() {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (Stream<Path> all = Files.list(directory)) {
            for (Path file : all.filter(file -> !written.contains(file)).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
