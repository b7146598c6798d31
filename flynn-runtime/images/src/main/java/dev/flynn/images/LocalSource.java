package dev.flynn.images;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.images.ImageMetadata.Descriptor;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An image whose files are on this machine: in the form of an OCI layout, or of {@code docker save}. */
final class LocalSource implements ImageSource {

    private static final String OCI_INDEX = "index.json";
    private static final String DOCKER_MANIFEST = "manifest.json";

    private final String image;
    private final Members members;
    private final String tag;
    private final Platform platform;

    LocalSource(String image, Members members, String tag, Platform platform) {
        this.image = image;
        this.members = members;
        this.tag = tag;
        this.platform = platform;
    }

    @Override
    public Content read() throws IOException {
        if (members.has(DOCKER_MANIFEST)) {
            return readDocker();
        }
        if (members.has(OCI_INDEX)) {
            return readOci();
        }
        throw new IOException("%s is no image: it has neither %s nor %s".formatted(image, OCI_INDEX, DOCKER_MANIFEST));
    }

    private Content readOci() throws IOException {
        JsonNode index = ImageMetadata.parse(members.read(OCI_INDEX), OCI_INDEX);
        var manifest = ImageMetadata.resolve(index, platform, tag, image, this::readBlob);
        var layers = new ArrayList<LayerBlob>();
        for (Descriptor layer : manifest.layers()) {
            layers.add(new Member(name(layer), layer.size(), Optional.of(layer.digest())));
        }
        return new Content(readBlob(manifest.config()), layers);
    }

    private byte[] readBlob(Descriptor descriptor) throws IOException {
        byte[] content = members.read(name(descriptor));
        Digest.of(content).require(descriptor.digest(), name(descriptor));
        return content;
    }

    private String name(Descriptor descriptor) throws IOException {
        String name = "blobs/sha256/" + descriptor.digest().hex();
        if (!members.has(name)) {
            throw new IOException("%s is not complete: %s is missing".formatted(image, name));
        }
        return name;
    }

    private Content readDocker() throws IOException {
        JsonNode images = ImageMetadata.JSON.readTree(members.read(DOCKER_MANIFEST));
        JsonNode chosen = chooseDocker(images);
        String name = chosen.path("Config").asText();
        byte[] config = members.read(name);
        String hex = name.replaceFirst("^blobs/sha256/", "").replaceFirst("\\.json$", "");
        if (Digest.isHex(hex)) {
            Digest.of(config).require(new Digest(hex), name);
        }
        var layers = new ArrayList<LayerBlob>();
        for (JsonNode layer : chosen.path("Layers")) {
            layers.add(new Member(layer.asText(), members.size(layer.asText()), Optional.empty()));
        }
        return new Content(config, layers);
    }

    private JsonNode chooseDocker(JsonNode images) throws IOException {
        if (tag.isEmpty() && images.size() == 1) {
            return images.get(0);
        }
        List<String> names = new ArrayList<>();
        for (JsonNode candidate : images) {
            for (JsonNode name : candidate.path("RepoTags")) {
                if (name.asText().equals(tag) || name.asText().endsWith("/" + tag)) {
                    return candidate;
                }
                names.add(name.asText());
            }
        }
        throw new IOException(
                tag.isEmpty()
                        ? "%s has %d images; name one of %s".formatted(image, images.size(), names)
                        : "%s does not exist; the archive has %s".formatted(image, names));
    }

    @Override
    public void close() throws IOException {
        members.close();
    }

    /** A layer in a file. */
    private final class Member implements LayerBlob {

        private final String name;
        private final long size;
        private final Optional<Digest> digest;

        Member(String name, long size, Optional<Digest> digest) {
            this.name = name;
            this.size = size;
            this.digest = digest;
        }

        @Override
        public InputStream open() throws IOException {
            return members.open(name);
        }

        @Override
        public long size() {
            return size;
        }

        @Override
        public Optional<Digest> digest() {
            return digest;
        }
    }
}
