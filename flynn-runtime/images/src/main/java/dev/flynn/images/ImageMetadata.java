package dev.flynn.images;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Reads the JSON that describes images: indexes, manifests, configurations, of OCI and of Docker. */
final class ImageMetadata {

    static final ObjectMapper JSON = JsonMapper.builder().build();

    /** More is no manifest. */
    static final int MAX_BYTES = 4 << 20;

    private static final String REF_NAME = "org.opencontainers.image.ref.name";

    /** A blob that another one refers to. */
    record Descriptor(String mediaType, Digest digest, long size) {

        static Descriptor of(JsonNode json) throws IOException {
            long size = json.path("size").asLong(-1);
            if (size < 0) {
                throw new IOException("a manifest names a blob without its size");
            }
            return new Descriptor(
                    json.path("mediaType").asText(""),
                    Digest.parse(json.path("digest").asText("")),
                    size);
        }
    }

    /** One variant of an image. */
    record Manifest(Descriptor config, List<Descriptor> layers) {}

    /** What a configuration says that the store needs. */
    record Config(List<Digest> diffIds, ImageConfig image, Platform platform) {}

    private ImageMetadata() {}

    static JsonNode parse(byte[] content, String what) throws IOException {
        try {
            JsonNode json = JSON.readTree(content);
            if (json != null && json.isObject()) {
                return json;
            }
        } catch (JsonProcessingException e) {
            throw new IOException("%s is not JSON: %s".formatted(what, e.getOriginalMessage()), e);
        }
        throw new IOException("%s is not a JSON object".formatted(what));
    }

    static boolean isIndex(JsonNode json) {
        return json.path("manifests").isArray();
    }

    static Manifest manifest(JsonNode json, String image) throws IOException {
        if (json.path("schemaVersion").asInt(2) == 1) {
            throw new IOException("%s has a manifest of schema 1, which is obsolete; push it again with a newer client"
                    .formatted(image));
        }
        if (!json.path("config").isObject() || !json.path("layers").isArray()) {
            throw new IOException("%s is no image: its manifest has no config or no layers".formatted(image));
        }
        var layers = new ArrayList<Descriptor>();
        for (JsonNode layer : json.path("layers")) {
            layers.add(Descriptor.of(layer));
        }
        return new Manifest(Descriptor.of(json.path("config")), layers);
    }

    /**
     * The manifest of an index for a platform.
     *
     * @param tag empty if every entry will do
     */
    static Descriptor choose(JsonNode index, Platform platform, String tag, String image) throws IOException {
        var named = new ArrayList<JsonNode>();
        for (JsonNode entry : index.path("manifests")) {
            String name = entry.path("annotations").path(REF_NAME).asText("");
            if (tag.isEmpty() || name.equals(tag) || name.endsWith(":" + tag)) {
                named.add(entry);
            }
        }
        if (named.isEmpty()) {
            throw new IOException("%s does not exist; there is %s".formatted(image, names(index)));
        }
        for (JsonNode entry : named) {
            if (Platform.of(entry.path("platform")).equals(platform)) {
                return Descriptor.of(entry);
            }
        }
        List<JsonNode> unsaid = named.stream()
                .filter(entry -> Platform.of(entry.path("platform")).isUnknown())
                .toList();
        if (unsaid.size() == 1) {
            return Descriptor.of(unsaid.get(0));
        }
        if (unsaid.size() > 1) {
            throw new IOException("%s has several images; name one of %s".formatted(image, names(index)));
        }
        throw new IOException("%s is not there for %s; it is for %s"
                .formatted(
                        image,
                        platform,
                        named.stream()
                                .map(entry ->
                                        Platform.of(entry.path("platform")).toString())
                                .filter(other -> !other.equals("unknown/unknown"))
                                .distinct()
                                .collect(Collectors.joining(", "))));
    }

    /** Reads a small blob and verifies it. */
    @FunctionalInterface
    interface BlobReader {

        byte[] read(Descriptor descriptor) throws IOException;
    }

    /** The manifest that an index, or an index of indexes, or a manifest leads to. */
    static Manifest resolve(JsonNode top, Platform platform, String tag, String image, BlobReader blobs)
            throws IOException {
        JsonNode json = top;
        String wanted = tag;
        for (int depth = 0; isIndex(json); depth++) {
            if (depth > 3) {
                throw new IOException("%s has indexes of indexes without end".formatted(image));
            }
            Descriptor chosen = choose(json, platform, wanted, image);
            json = parse(blobs.read(chosen), "the manifest of " + image);
            wanted = "";
        }
        return manifest(json, image);
    }

    private static String names(JsonNode index) {
        var names = new ArrayList<String>();
        for (JsonNode entry : index.path("manifests")) {
            String name = entry.path("annotations").path(REF_NAME).asText("");
            if (!name.isEmpty()) {
                names.add(name);
            }
        }
        return names.isEmpty() ? "nothing that has a tag" : String.join(", ", names);
    }

    static Config config(byte[] content, String image) throws IOException {
        JsonNode json = parse(content, "the configuration of " + image);
        var diffIds = new ArrayList<Digest>();
        if (!json.path("rootfs").path("diff_ids").isArray()) {
            throw new IOException(
                    "%s is no image of a file system: its configuration names no layers".formatted(image));
        }
        for (JsonNode id : json.path("rootfs").path("diff_ids")) {
            diffIds.add(Digest.parse(id.asText()));
        }
        JsonNode config = json.path("config");
        Map<String, String> env = new LinkedHashMap<>();
        for (String variable : strings(config.path("Env"))) {
            int equals = variable.indexOf('=');
            if (equals > 0) {
                env.put(variable.substring(0, equals), variable.substring(equals + 1));
            }
        }
        String workingDirectory = config.path("WorkingDir").asText("");
        return new Config(
                diffIds,
                new ImageConfig(
                        strings(config.path("Entrypoint")),
                        strings(config.path("Cmd")),
                        env,
                        workingDirectory.isEmpty() ? "/" : workingDirectory,
                        config.path("User").asText("")),
                Platform.of(json));
    }

    private static List<String> strings(JsonNode array) {
        var strings = new ArrayList<String>();
        array.forEach(item -> strings.add(item.asText()));
        return strings;
    }
}
