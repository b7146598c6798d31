package dev.flynn.images;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Which images are there, under which names, and who holds them. A file per image and per holder. Thread-safe. */
final class Catalog {

    private static final Logger log = LoggerFactory.getLogger(Catalog.class);
    private static final String JSON = ".json";
    private static final Duration PRECISION = Duration.ofMinutes(1);

    private final Path images;
    private final Path holders;
    private final Path temporary;
    private final Map<Digest, Image> byId = new HashMap<>();
    private final Map<JobId, Holding> held = new HashMap<>();

    /**
     * What a URI meant.
     *
     * @param fingerprint tells whether the URI may mean something else by now
     */
    record Name(String uri, String fingerprint, Instant checked) {}

    /**
     * An image whose layers are all there.
     *
     * @param id the digest of its configuration
     * @param diffIds its layers, lowest first
     */
    record Image(Digest id, List<Digest> diffIds, Map<String, Name> names, Instant lastUsed) {

        Image {
            diffIds = List.copyOf(diffIds);
            names = Map.copyOf(names);
        }
    }

    /** What a job holds. */
    record Holding(String uri, Digest image) {}

    Catalog(Path images, Path holders, Path temporary) throws IOException {
        this.images = Files.createDirectories(images);
        this.holders = Files.createDirectories(holders);
        this.temporary = temporary;
        for (Path file : list(images)) {
            load(file, () -> loadImage(file));
        }
        for (Path file : list(holders)) {
            load(file, () -> loadHolder(file));
        }
    }

    private static List<Path> list(Path directory) throws IOException {
        var files = new ArrayList<Path>();
        try (var stream = Files.newDirectoryStream(directory)) {
            stream.forEach(files::add);
        }
        return files;
    }

    /** One file. */
    @FunctionalInterface
    private interface Load {

        void run() throws IOException;
    }

    private static void load(Path file, Load load) throws IOException {
        try {
            load.run();
        } catch (IOException | IllegalArgumentException e) {
            log.atWarn()
                    .addKeyValue("file", file)
                    .setCause(e)
                    .log("a record of an image cannot be read and is deleted");
            Files.deleteIfExists(file);
        }
    }

    private void loadImage(Path file) throws IOException {
        JsonNode json = ImageMetadata.parse(Files.readAllBytes(file), file.toString());
        var diffIds = new ArrayList<Digest>();
        for (JsonNode diffId : json.path("layers")) {
            diffIds.add(Digest.parse(diffId.asText()));
        }
        var names = new LinkedHashMap<String, Name>();
        for (JsonNode name : json.path("names")) {
            String uri = name.path("uri").asText();
            Instant checked = Instant.ofEpochMilli(name.path("checked").asLong());
            names.put(uri, new Name(uri, name.path("fingerprint").asText(), checked));
        }
        Digest id = Digest.parse(json.path("id").asText());
        byId.put(
                id,
                new Image(id, diffIds, names, Files.getLastModifiedTime(file).toInstant()));
    }

    private void loadHolder(Path file) throws IOException {
        JsonNode json = ImageMetadata.parse(Files.readAllBytes(file), file.toString());
        String job = URLDecoder.decode(String.valueOf(file.getFileName()), StandardCharsets.UTF_8);
        held.put(
                new JobId(job),
                new Holding(
                        json.path("uri").asText(),
                        Digest.parse(json.path("image").asText())));
    }

    synchronized Optional<Image> named(String uri) {
        return byId.values().stream()
                .filter(image -> image.names.containsKey(uri))
                .findFirst();
    }

    synchronized Optional<Image> get(Digest id) {
        return Optional.ofNullable(byId.get(id));
    }

    synchronized Collection<Image> all() {
        return List.copyOf(byId.values());
    }

    /** Notes that a URI means an image now, and no other one any more. */
    synchronized Image put(Digest id, List<Digest> diffIds, Name name) throws IOException {
        for (Image other : List.copyOf(byId.values())) {
            if (!other.id.equals(id) && other.names.containsKey(name.uri)) {
                var names = new LinkedHashMap<>(other.names);
                names.remove(name.uri);
                save(new Image(other.id, other.diffIds, names, other.lastUsed));
            }
        }
        Image before = byId.get(id);
        var names = new LinkedHashMap<String, Name>(before == null ? Map.of() : before.names);
        names.put(name.uri, name);
        var image = new Image(id, diffIds, names, Instant.now());
        save(image);
        return image;
    }

    private void save(Image image) throws IOException {
        ObjectNode json = ImageMetadata.JSON.createObjectNode();
        json.put("id", image.id.toString());
        image.diffIds.forEach(diffId -> json.withArray("layers").add(diffId.toString()));
        for (Name name : image.names.values()) {
            json.withArray("names")
                    .addObject()
                    .put("uri", name.uri)
                    .put("fingerprint", name.fingerprint)
                    .put("checked", name.checked.toEpochMilli());
        }
        StoreFiles.write(file(image.id), ImageMetadata.JSON.writeValueAsBytes(json), temporary);
        byId.put(image.id, image);
        Files.setLastModifiedTime(file(image.id), FileTime.from(image.lastUsed));
    }

    /** Notes that an image is used now; on the disk not more often than once a minute. */
    synchronized void touch(Digest id, Instant when) throws IOException {
        Image image = byId.get(id);
        if (image != null && Duration.between(image.lastUsed, when).compareTo(PRECISION) > 0) {
            byId.put(id, new Image(id, image.diffIds, image.names, when));
            Files.setLastModifiedTime(file(id), FileTime.from(when));
        }
    }

    /** The URI means this image no more. */
    synchronized void forget(Digest id, String uri) throws IOException {
        Image image = byId.get(id);
        if (image != null) {
            var names = new LinkedHashMap<>(image.names);
            names.remove(uri);
            save(new Image(id, image.diffIds, names, image.lastUsed));
        }
    }

    synchronized void remove(Digest id) throws IOException {
        byId.remove(id);
        Files.deleteIfExists(file(id));
    }

    synchronized Optional<Holding> heldBy(JobId job) {
        return Optional.ofNullable(held.get(job));
    }

    synchronized void hold(JobId job, Holding holding) throws IOException {
        if (holding.equals(held.get(job))) {
            return;
        }
        ObjectNode json = ImageMetadata.JSON.createObjectNode();
        json.put("uri", holding.uri).put("image", holding.image.toString());
        // one that is not whole is of a job that has not got its image yet
        Files.write(file(job), ImageMetadata.JSON.writeValueAsBytes(json));
        held.put(job, holding);
    }

    synchronized void release(JobId job) throws IOException {
        Holding holding = held.remove(job);
        if (holding != null) {
            Files.deleteIfExists(file(job));
            try {
                touch(holding.image, Instant.now());
            } catch (NoSuchFileException e) {
                // the image is gone: somebody deleted it by hand
            }
        }
    }

    synchronized Set<JobId> jobs() {
        return Set.copyOf(held.keySet());
    }

    synchronized Set<JobId> holdersOf(Digest id) {
        return held.entrySet().stream()
                .filter(entry -> entry.getValue().image.equals(id))
                .map(Map.Entry::getKey)
                .collect(Collectors.toUnmodifiableSet());
    }

    static List<String> names(Image image) {
        return List.copyOf(new TreeSet<>(image.names.keySet()));
    }

    private Path file(Digest id) {
        return images.resolve(id.hex() + JSON);
    }

    private Path file(JobId job) {
        return holders.resolve(URLEncoder.encode(job.value(), StandardCharsets.UTF_8));
    }
}
