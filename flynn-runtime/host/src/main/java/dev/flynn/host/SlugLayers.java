package dev.flynn.host;

import dev.flynn.spi.container.JobFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Slugs that are unpacked: one directory each, however many jobs run it, which no job changes. Those that nobody has are
 * deleted when there are too many, the oldest first. Thread-safe.
 */
final class SlugLayers {

    private static final String PARTIAL = ".part";
    private static final String EMPTY = "empty";

    private final Path directory;
    private final SlugCache slugs;
    private final int keptLayers;

    /** One lock per slug, so that starts of several jobs unpack it once. */
    private final Map<String, Object> locks = new ConcurrentHashMap<>();

    /** @param keptLayers how many may be kept that no job has */
    SlugLayers(Path directory, SlugCache slugs, int keptLayers) {
        this.directory = directory;
        this.slugs = slugs;
        this.keptLayers = keptLayers;
    }

    /** Of an app without a slug. */
    Path empty() throws IOException {
        Path empty = directory.resolve(EMPTY);
        if (!Files.isDirectory(empty)) {
            Files.createDirectories(empty);
            share(empty);
        }
        return empty;
    }

    /** The files of a slug; may block until the blobstore gives it. */
    Path of(String url) throws IOException {
        String name = "slug-" + SlugCache.fileName(url);
        synchronized (locks.computeIfAbsent(name, any -> new Object())) {
            Path layer = directory.resolve(name);
            if (!Files.exists(layer)) {
                Files.createDirectories(directory);
                Path partial = Files.createTempDirectory(directory, "unpack-");
                Path files = partial.resolveSibling(partial.getFileName() + PARTIAL);
                Files.move(partial, files);
                try (InputStream packed = slugs.open(url)) {
                    SlugCache.unpack(packed, files);
                    share(files);
                    Files.move(files, layer, StandardCopyOption.ATOMIC_MOVE);
                } catch (IOException e) {
                    delete(files);
                    throw e;
                }
            }
            Files.setLastModifiedTime(layer, FileTime.from(Instant.now()));
            return layer;
        }
    }

    /** @param held names of layers that jobs have */
    void forgetOldest(Set<String> held) throws IOException {
        List<Path> unheld = all();
        unheld.removeIf(layer -> held.contains(layer.getFileName().toString()));
        unheld.sort(Comparator.comparingLong((Path layer) -> layer.toFile().lastModified())
                .reversed());
        for (Path layer : unheld.subList(Math.min(keptLayers, unheld.size()), unheld.size())) {
            discard(layer);
        }
    }

    /** Those that are here, without the empty one. */
    List<Path> all() throws IOException {
        List<Path> all = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (var layers = Files.newDirectoryStream(directory, "slug-*")) {
                layers.forEach(all::add);
            }
        }
        return all;
    }

    /** @return whether it was there */
    boolean delete(String name) throws IOException {
        Path layer = directory.resolve(name);
        if (!Files.exists(layer)) {
            return false;
        }
        discard(layer);
        return true;
    }

    private static void discard(Path layer) throws IOException {
        Path doomed = layer.resolveSibling("unpack-" + layer.getFileName() + PARTIAL);
        Files.move(layer, doomed, StandardCopyOption.ATOMIC_MOVE);
        delete(doomed);
    }

    /** What an unpacking or a deletion that was killed left. */
    void deleteParts() throws IOException {
        if (!Files.isDirectory(directory)) {
            return;
        }
        try (var parts = Files.newDirectoryStream(directory, "unpack-*")) {
            for (Path part : parts) {
                delete(part);
            }
        }
    }

    /** The users of jobs are many, their group is one: what the owner may do, it may too. Without root there is one user. */
    private static void share(Path root) throws IOException {
        boolean isRoot = (int) Files.getAttribute(root, "unix:uid") == 0;
        if (!isRoot) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) throws IOException {
                giveToGroup(folder, false);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                giveToGroup(file, attributes.isSymbolicLink());
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static void giveToGroup(Path file, boolean link) throws IOException {
        Files.setAttribute(file, "unix:gid", JobFiles.GROUP, LinkOption.NOFOLLOW_LINKS);
        if (!link) {
            int mode = (int) Files.getAttribute(file, "unix:mode") & 07777;
            Files.setAttribute(file, "unix:mode", mode | (mode & 0700) >> 3);
        }
    }

    private static void delete(Path root) throws IOException {
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure) throws IOException {
                Files.delete(folder);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
