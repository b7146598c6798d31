package dev.flynn.images;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacked layers by the digest of their archive. A directory is made aside and moved to its place once it is whole, verified
 * and on the disk, so that what is there is right. Its name is short, because the kernel takes the paths of all layers of an
 * image on one page.
 */
final class Layers {

    private static final Logger log = LoggerFactory.getLogger(Layers.class);

    private static final int NAME_LENGTH = 8;
    private static final String FILES = "fs";
    private static final String DESCRIPTION = "layer.json";

    private final Path directory;
    private final Path temporary;
    private final LayerLimits limits;
    private final ConcurrentMap<Digest, Layer> layers = new ConcurrentHashMap<>();
    private final SingleFlight<Digest, Layer> unpacking = new SingleFlight<>();

    /**
     * A layer that is there.
     *
     * @param home of {@code files} and what describes them
     * @param files what it consists of
     */
    record Layer(Digest diffId, Path home, Path files, long bytes, Instant made) {}

    Layers(Path directory, Path temporary, LayerLimits limits) throws IOException {
        this.directory = Files.createDirectories(directory);
        this.temporary = temporary;
        this.limits = limits;
        try (var homes = Files.newDirectoryStream(directory)) {
            for (Path home : homes) {
                load(home);
            }
        }
    }

    private void load(Path home) throws IOException {
        Path description = home.resolve(DESCRIPTION);
        try {
            JsonNode json = ImageMetadata.parse(Files.readAllBytes(description), description.toString());
            var layer = new Layer(
                    Digest.parse(json.path("diffId").asText()),
                    home,
                    home.resolve(FILES),
                    json.path("bytes").asLong(),
                    Files.getLastModifiedTime(description).toInstant());
            layers.put(layer.diffId, layer);
        } catch (IOException e) {
            log.atWarn().addKeyValue("layer", home).setCause(e).log("a layer without a description is deleted");
            DurableFiles.delete(home);
        }
    }

    Optional<Layer> find(Digest diffId) {
        return Optional.ofNullable(layers.get(diffId)).filter(layer -> Files.isDirectory(layer.files));
    }

    boolean hasAll(List<Digest> diffIds) {
        return diffIds.stream().allMatch(diffId -> find(diffId).isPresent());
    }

    Collection<Layer> all() {
        return List.copyOf(layers.values());
    }

    /** The layer, unpacked by whoever asks first. */
    Layer get(Digest diffId, LayerBlob blob, LongConsumer progress) throws IOException {
        return unpacking.run(diffId, () -> {
            Optional<Layer> there = find(diffId);
            return there.isPresent() ? there.get() : unpack(diffId, blob, progress);
        });
    }

    private Layer unpack(Digest diffId, LayerBlob blob, LongConsumer progress) throws IOException {
        boolean told = blob.fetch(progress);
        Path home = Files.createTempDirectory(temporary, "layer");
        try {
            Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx--x--x"));
            Path files = Files.createDirectory(home.resolve(FILES));
            Files.setPosixFilePermissions(files, PosixFilePermissions.fromString("rwxr-xr-x"));
            long bytes = unpack(diffId, blob, files, told ? count -> {} : progress);
            Map<String, Object> description = Map.of("diffId", diffId.toString(), "bytes", bytes);
            Files.write(home.resolve(DESCRIPTION), ImageMetadata.JSON.writeValueAsBytes(description));
            DurableFiles.syncTree(home);
            Layer layer = publish(diffId, home, bytes);
            blob.discard();
            return layer;
        } finally {
            DurableFiles.delete(home);
        }
    }

    private long unpack(Digest diffId, LayerBlob blob, Path files, LongConsumer progress) throws IOException {
        try (var packed = new MeteredInputStream(blob.open(), blob.size(), progress);
                InputStream plain = Compression.decompress(packed);
                var archive = new MeteredInputStream(plain, limits.archiveBytes(), count -> {})) {
            long bytes = LayerUnpacker.unpack(archive, files, limits);
            archive.drain();
            packed.drain();
            if (packed.count() != blob.size()) {
                throw new IOException(
                        "the layer is truncated: it has %d of %d bytes".formatted(packed.count(), blob.size()));
            }
            if (blob.digest().isPresent()) {
                packed.digest().require(blob.digest().get(), "the layer");
            }
            archive.digest().require(diffId, "the archive of the layer");
            return bytes;
        }
    }

    private synchronized Layer publish(Digest diffId, Path home, long bytes) throws IOException {
        int length = NAME_LENGTH;
        Path place = directory.resolve(diffId.hex().substring(0, length));
        while (Files.exists(place)) {
            length++;
            place = directory.resolve(diffId.hex().substring(0, length));
        }
        DurableFiles.publish(home, place);
        var layer = new Layer(diffId, place, place.resolve(FILES), bytes, Instant.now());
        layers.put(diffId, layer);
        return layer;
    }

    /** Takes a layer away from its place; nobody may be using it. The caller deletes what is returned. */
    synchronized Path remove(Layer layer) throws IOException {
        Path trash = Files.createTempDirectory(temporary, "trash");
        layers.remove(layer.diffId);
        if (Files.exists(layer.home)) {
            Files.move(layer.home, trash.resolve(FILES));
        }
        return trash;
    }
}
