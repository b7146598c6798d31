package dev.flynn.images;

import dev.flynn.images.ImageMetadata.Descriptor;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An image of a registry. What was fetched of it stays among the blobs until it is unpacked, for the next attempt too. */
final class RegistrySource implements ImageSource {

    private static final Logger log = LoggerFactory.getLogger(RegistrySource.class);
    private static final int ATTEMPTS = 3;

    private final ImageReference.Registry image;
    private final RegistryClient registry;
    private final Blobs blobs;
    private final Platform platform;
    private final LayerLimits limits;

    RegistrySource(
            ImageReference.Registry image,
            RegistryClient registry,
            Blobs blobs,
            Platform platform,
            LayerLimits limits) {
        this.image = image;
        this.registry = registry;
        this.blobs = blobs;
        this.platform = platform;
        this.limits = limits;
    }

    @Override
    public Content read() throws IOException {
        byte[] top =
                registry.manifest(image, image.digest().map(Digest::toString).orElse(image.tag()));
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

    private byte[] readManifest(Descriptor descriptor) throws IOException {
        byte[] content = registry.manifest(image, descriptor.digest().toString());
        Digest.of(content).require(descriptor.digest(), "a manifest of " + image);
        return content;
    }

    private byte[] readConfig(Descriptor descriptor) throws IOException {
        if (blobs.has(descriptor.digest())) {
            return blobs.read(descriptor.digest());
        }
        try (InputStream in = registry.blob(image, descriptor.digest())) {
            byte[] content = in.readNBytes(ImageMetadata.MAX_BYTES);
            Digest.of(content).require(descriptor.digest(), "the configuration of " + image);
            return content;
        }
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
            for (int attempt = 1; !blobs.has(descriptor.digest()); attempt++) {
                limits.requireDisk();
                try (InputStream in = registry.blob(image, descriptor.digest())) {
                    blobs.write(descriptor.digest(), descriptor.size(), in, progress);
                } catch (RegistryUnavailableException | TruncatedBlobException e) {
                    if (attempt == ATTEMPTS) {
                        throw e;
                    }
                    log.atDebug()
                            .addKeyValue("image", image)
                            .addKeyValue("reason", e.getMessage())
                            .log("a layer did not come; it is asked for again");
                }
            }
            return true;
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
