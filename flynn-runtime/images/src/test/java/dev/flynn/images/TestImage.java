package dev.flynn.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.host.JobSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** An image that a test makes out of layers, and writes down in the forms in which images come. */
final class TestImage {

    /** A layer as it is packed, and the digest of what is in it. */
    private record Layer(byte[] packed, Digest diffId) {}

    private final List<Layer> layers = new ArrayList<>();
    private final Map<String, byte[]> blobs = new LinkedHashMap<>();
    private String architecture = Platform.current().architecture();

    static TestImage of(LayerTar... tars) {
        var image = new TestImage();
        for (LayerTar tar : tars) {
            image.layer(tar.bytes(), LayerTar::gzip);
        }
        return image;
    }

    TestImage layer(byte[] plain, UnaryOperator<byte[]> packing) {
        return layer(packing.apply(plain), Digest.of(plain));
    }

    /** A layer that may not be what it says. */
    TestImage layer(byte[] packed, Digest diffId) {
        layers.add(new Layer(packed, diffId));
        return this;
    }

    TestImage architecture(String other) {
        architecture = other;
        return this;
    }

    byte[] config() {
        ObjectNode json = ImageMetadata.JSON.createObjectNode();
        json.put("os", "linux").put("architecture", architecture);
        ObjectNode config = json.putObject("config");
        config.putArray("Entrypoint").add("/bin/app");
        config.putArray("Cmd").add("--serve");
        config.putArray("Env").add("PATH=/bin").add("A=b=c");
        config.put("WorkingDir", "/srv").put("User", "1000:1000");
        ObjectNode rootfs = json.putObject("rootfs").put("type", "layers");
        rootfs.putArray("diff_ids");
        layers.forEach(layer -> rootfs.withArray("diff_ids").add(layer.diffId.toString()));
        return bytes(json);
    }

    /** The digest by which the store knows it. */
    String id() {
        return Digest.of(config()).toString();
    }

    private ObjectNode descriptor(String type, byte[] content) {
        Digest digest = Digest.of(content);
        blobs.put(digest.hex(), content);
        return ImageMetadata.JSON
                .createObjectNode()
                .put("mediaType", type)
                .put("digest", digest.toString())
                .put("size", content.length);
    }

    private byte[] manifest() {
        ObjectNode json = ImageMetadata.JSON.createObjectNode().put("schemaVersion", 2);
        json.put("mediaType", "application/vnd.oci.image.manifest.v1+json");
        json.set("config", descriptor("application/vnd.oci.image.config.v1+json", config()));
        json.putArray("layers");
        layers.forEach(layer ->
                json.withArray("layers").add(descriptor("application/vnd.oci.image.layer.v1.tar+gzip", layer.packed)));
        return bytes(json);
    }

    /** The files of an OCI layout. */
    Map<String, byte[]> layout(String tag) {
        return layout(Map.of(tag, this));
    }

    static Map<String, byte[]> layout(Map<String, TestImage> byTag) {
        var files = new LinkedHashMap<String, byte[]>();
        files.put("oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(UTF_8));
        ObjectNode index = ImageMetadata.JSON.createObjectNode().put("schemaVersion", 2);
        byTag.forEach((tag, image) -> {
            ObjectNode entry = image.descriptor("application/vnd.oci.image.manifest.v1+json", image.manifest());
            if (!tag.isEmpty()) {
                entry.putObject("annotations").put("org.opencontainers.image.ref.name", tag);
            }
            index.withArray("manifests").add(entry);
            image.blobs.forEach((hex, content) -> files.put("blobs/sha256/" + hex, content));
        });
        files.put("index.json", bytes(index));
        return files;
    }

    /** The files of a layout with one tag for machines of several kinds. */
    static Map<String, byte[]> multiPlatform(String tag, List<TestImage> images) {
        var files = new LinkedHashMap<String, byte[]>();
        ObjectNode inner = ImageMetadata.JSON.createObjectNode().put("schemaVersion", 2);
        for (TestImage image : images) {
            ObjectNode entry = image.descriptor("application/vnd.oci.image.manifest.v1+json", image.manifest());
            entry.putObject("platform").put("os", "linux").put("architecture", image.architecture);
            inner.withArray("manifests").add(entry);
            image.blobs.forEach((hex, content) -> files.put("blobs/sha256/" + hex, content));
        }
        byte[] content = bytes(inner);
        files.put("blobs/sha256/" + Digest.of(content).hex(), content);
        ObjectNode index = ImageMetadata.JSON.createObjectNode().put("schemaVersion", 2);
        ObjectNode entry = index.withArray("manifests").addObject();
        entry.put("mediaType", "application/vnd.oci.image.index.v1+json")
                .put("digest", Digest.of(content).toString())
                .put("size", content.length)
                .putObject("annotations")
                .put("org.opencontainers.image.ref.name", tag);
        files.put("index.json", bytes(index));
        return files;
    }

    /** The paths below a repository of a registry, and what is there. */
    Map<String, byte[]> registry(String tag) {
        var paths = new LinkedHashMap<String, byte[]>();
        paths.put("manifests/" + tag, manifest());
        blobs.forEach((hex, content) -> paths.put("blobs/sha256:" + hex, content));
        return paths;
    }

    List<String> layerPaths() {
        return layers.stream().map(layer -> "blobs/" + Digest.of(layer.packed)).toList();
    }

    /** The files of what {@code docker save} writes. */
    Map<String, byte[]> dockerArchive(String name) {
        var files = new LinkedHashMap<String, byte[]>();
        String config = Digest.of(config()).hex() + ".json";
        ObjectNode image = ImageMetadata.JSON.createObjectNode().put("Config", config);
        image.putArray("RepoTags").add(name);
        image.putArray("Layers");
        for (Layer layer : layers) {
            String file = layer.diffId.hex() + "/layer.tar";
            files.put(file, layer.packed);
            image.withArray("Layers").add(file);
        }
        files.put(config, config());
        files.put("manifest.json", bytes(ImageMetadata.JSON.createArrayNode().add(image)));
        return files;
    }

    /** Writes files below a directory; gives the image that its index names by a tag. */
    static JobSpec.Image write(Map<String, byte[]> files, Path directory, String tag) throws IOException {
        for (var file : files.entrySet()) {
            Path path = directory.resolve(file.getKey());
            Files.createDirectories(path.getParent());
            Files.write(path, file.getValue());
        }
        return docker("oci:" + directory + (tag.isEmpty() ? "" : ":" + tag));
    }

    static void writeTar(Map<String, byte[]> files, OutputStream out) throws IOException {
        try (var tar = new TarArchiveOutputStream(out)) {
            for (var file : files.entrySet()) {
                var entry = new TarArchiveEntry(file.getKey());
                entry.setSize(file.getValue().length);
                tar.putArchiveEntry(entry);
                tar.write(file.getValue());
                tar.closeArchiveEntry();
            }
        }
    }

    static JobSpec.Image docker(String uri) {
        return new JobSpec.Image("docker", uri);
    }

    private static byte[] bytes(Object json) {
        try {
            return ImageMetadata.JSON.writeValueAsBytes(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
