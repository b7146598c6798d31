package dev.flynn.containers.oci;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Short names for layers: all options of a mount together have at most a page, and an image has up to 127 layers. */
final class LayerLinks {

    /** Of the layers' paths, with room for the other options. */
    private static final int MAX_LENGTH = 3000;

    private final Path directory;
    private final Map<Path, Path> links = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    /** @param directory is made anew: a mount that was made needs no link any more */
    LayerLinks(Path directory) throws IOException {
        this.directory = directory;
        Trees.delete(directory);
        Files.createDirectory(directory);
    }

    /** The same layers by paths that fit into the options of a mount. */
    List<Path> shortened(List<Path> layers) throws IOException {
        if (layers.stream().mapToInt(layer -> layer.toString().length() + 2).sum() <= MAX_LENGTH) {
            return layers;
        }
        try {
            return layers.stream()
                    .map(layer -> links.computeIfAbsent(layer, this::link))
                    .toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private Path link(Path layer) {
        try {
            return Files.createSymbolicLink(
                    directory.resolve(Integer.toString(count.incrementAndGet(), Character.MAX_RADIX)), layer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
