package dev.flynn.images;

import dev.flynn.images.ImageMetadata.Descriptor;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Optional;
import java.util.function.LongConsumer;

/** An image of a registry. What was fetched of it stays among the blobs until it is unpacked, for the next attempt too. */
final class RegistrySource implements ImageSource {

    private final ImageReference.Registry image;
    private final RegistryClient registry;
    private final Blobs blobs;
    private final Platform platform;
    private final LayerLimits limits;
    private final Retries retries;

    RegistrySource(
            ImageReference.Registry image,
            RegistryClient registry,
            Blobs blobs,
            Platform platform,
            LayerLimits limits,
            Retries retries) {
        this.image = image;
        this.registry = registry;
        this.blobs = blobs;
        this.platform = platform;
        this.limits = limits;
        this.retries = retries;
    }

    @Override
    public Content read() throws IOException {
        byte[] top = manifest(image.digest().map(Digest::toString).orElse(image.tag()));
        if (image.digest().isPresent()) {
            Digest.of(top).require(image.digest().get(), "the manifest of " + image);
        }
        var json = ImageMetadata.parse(top, "the manifest of " + image);
        var manifest = ImageMetadata.resolve(json, platform, "", image.text(), this::readManifest);
        var layers = new ArrayList<LayerBlob>();
        for (Descriptor layer : manifest.layers()) {
            layers.add(new Layer(layer));
        }
        return new Content(readConfig(manifest.config()), layers);
    }

    private byte[] manifest(String tagOrDigest) throws IOException {
        return retries.run(image.text(), () -> registry.manifest(image, tagOrDigest));
    }

    private byte[] readManifest(Descriptor descriptor) throws IOException {
        byte[] content = manifest(descriptor.digest().toString());
        Digest.of(content).require(descriptor.digest(), "a manifest of " + image);
        return content;
    }

    private byte[] readConfig(Descriptor descriptor) throws IOException {
        if (blobs.has(descriptor.digest())) {
            return blobs.read(descriptor.digest());
        }
        return retries.run(image.text(), () -> {
            try (RegistryClient.Body body = registry.blob(image, descriptor.digest(), 0)) {
                byte[] content = body.in().readNBytes(ImageMetadata.MAX_BYTES);
                Digest.of(content).require(descriptor.digest(), "the configuration of " + image);
                return content;
            }
        });
    }

    /** A layer in the registry, or here already. */
    private final class Layer implements LayerBlob {

        private final Descriptor descriptor;

        Layer(Descriptor descriptor) {
            this.descriptor = descriptor;
        }

        @Override
        public boolean fetch(LongConsumer progress) throws IOException {
            if (descriptor.size() > limits.bytes()) {
                limits.requireBytes(descriptor.size());
            }
            if (blobs.has(descriptor.digest())) {
                return true;
            }
            try (PartialBlob part = blobs.begin(descriptor.digest(), descriptor.size())) {
                retries.run(image.text(), part::furthest, () -> {
                    fetch(part, progress);
                    return true;
                });
                part.publish();
            }
            return true;
        }

        private void fetch(PartialBlob part, LongConsumer progress) throws IOException {
            limits.requireDisk();
            try (RegistryClient.Body body = registry.blob(image, descriptor.digest(), part.count())) {
                if (body.offset() != part.count()) {
                    part.restart();
                }
                part.append(body.in(), progress, limits::requireDisk);
            }
        }

        @Override
        public InputStream open() throws IOException {
            return blobs.open(descriptor.digest());
        }

        @Override
        public long size() {
            return descriptor.size();
        }

        @Override
        public Optional<Digest> digest() {
            return Optional.of(descriptor.digest());
        }

        @Override
        public void discard() throws IOException {
            blobs.delete(descriptor.digest());
        }
    }
}
