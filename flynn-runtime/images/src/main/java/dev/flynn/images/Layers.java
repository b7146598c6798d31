package dev.flynn.images;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.base.NamedThreads;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacked layers by the digest of their archive. A directory is made aside and moved to its place once it is whole and
 * verified, so that what is there is right. It is used before it is on the disk, which may take as long as all that the disk
 * has to do; one that was not when the machine lost its power is thrown away. Its name is short, because the kernel takes the
 * paths of all layers of an image on one page.
 */
final class Layers implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Layers.class);

    private static final int NAME_LENGTH = 8;
    private static final String FILES = "fs";
    private static final String DESCRIPTION = "layer.json";
    private static final String DURABLE = "durable";

    private final Path directory;
    private final Path temporary;
    private final LayerLimits limits;
    private final ConcurrentMap<Digest, Layer> layers = new ConcurrentHashMap<>();
    private final SingleFlight<Digest, Layer> unpacking = new SingleFlight<>();
    private final String boot;
    private final ExecutorService syncing = Executors.newSingleThreadExecutor(new NamedThreads("images-sync"));

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
        this.boot = boot();
        try (var homes = Files.newDirectoryStream(directory)) {
            for (Path home : homes) {
                load(home);
            }
        }
        makeDurable();
    }

    /** Differs after each start of the machine. */
    private static String boot() throws IOException {
        return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).trim();
    }

    private void load(Path home) throws IOException {
        Path description = home.resolve(DESCRIPTION);
        try {
            JsonNode json = ImageMetadata.parse(Files.readAllBytes(description), description.toString());
            if (!Files.exists(home.resolve(DURABLE))
                    && !json.path("boot").asText().equals(boot)) {
                throw new IOException("it was not on the disk when the machine stopped");
            }
            var layer = new Layer(
                    Digest.parse(json.path("diffId").asText()),
                    home,
                    home.resolve(FILES),
                    json.path("bytes").asLong(),
                    Files.getLastModifiedTime(description).toInstant());
            layers.put(layer.diffId, layer);
        } catch (IOException e) {
            log.atWarn().addKeyValue("layer", home).setCause(e).log("a layer that is not whole is deleted");
            StoreFiles.delete(home);
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
            Map<String, Object> description = Map.of("diffId", diffId.toString(), "bytes", bytes, "boot", boot);
            Files.write(home.resolve(DESCRIPTION), ImageMetadata.JSON.writeValueAsBytes(description));
            Layer layer = publish(diffId, home, bytes);
            makeDurable();
            return layer;
        } finally {
            // unpacked or of no use
            blob.discard();
            StoreFiles.delete(home);
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
        Files.move(home, place, StandardCopyOption.ATOMIC_MOVE);
        var layer = new Layer(diffId, place, place.resolve(FILES), bytes, Instant.now());
        layers.put(diffId, layer);
        return layer;
    }

    /** Brings all layers to the disk, in the background: one call for however many there are. */
    private void makeDurable() {
        try {
            syncing.execute(this::sync);
        } catch (RejectedExecutionException e) {
            // closed: the next store does it
        }
    }

    private void sync() {
        List<Layer> loose = all().stream()
                .filter(layer -> !Files.exists(layer.home.resolve(DURABLE)))
                .toList();
        if (loose.isEmpty()) {
            return;
        }
        try {
            StoreFiles.syncTree(directory);
            for (Layer layer : loose) {
                Files.createFile(layer.home.resolve(DURABLE));
            }
        } catch (NoSuchFileException | InterruptedIOException e) {
            // collected meanwhile, or the store is closed
        } catch (IOException e) {
            log.atWarn().setCause(e).log("layers may have to be fetched again after a loss of power");
        }
    }

    @Override
    public void close() {
        syncing.shutdownNow();
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
