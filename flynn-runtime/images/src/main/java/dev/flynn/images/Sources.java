package dev.flynn.images;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;

/** Opens what a reference leads to. */
final class Sources implements AutoCloseable {

    private final ImageSettings settings;
    private final Platform platform;
    private final LayerLimits limits;
    private final Path temporary;
    private final Blobs blobs;
    private final RegistryClient registries;
    private final Retries retries;

    Sources(ImageSettings settings, Platform platform, LayerLimits limits, Path temporary, Blobs blobs) {
        this.settings = settings;
        this.platform = platform;
        this.limits = limits;
        this.temporary = temporary;
        this.blobs = blobs;
        this.registries = new RegistryClient(settings, RegistryClient.PATIENCE);
        this.retries = new Retries(settings.retryPause());
    }

    /** @param patient whether what fails is tried again */
    ImageSource open(ImageReference reference, boolean patient) throws IOException {
        Retries tried = patient ? retries : Retries.none();
        if (reference instanceof ImageReference.Layout layout) {
            return new LocalSource(layout.text(), new DirectoryMembers(layout.directory()), layout.tag(), platform);
        }
        if (reference instanceof ImageReference.Archive archive) {
            try (InputStream in = Files.newInputStream(archive.file())) {
                // only a file that can be read where it is needs no copy
                return isPlain(archive.file())
                        ? new LocalSource(archive.text(), ArchiveMembers.open(archive.file()), archive.tag(), platform)
                        : copy(archive.text(), in, archive.tag());
            }
        }
        if (reference instanceof ImageReference.Remote remote) {
            return tried.run(remote.text(), () -> {
                try (InputStream in = settings.archives().open(remote.url())) {
                    return copy(remote.text(), new Download(in, remote.text()), "");
                }
            });
        }
        return new RegistrySource((ImageReference.Registry) reference, registries, blobs, platform, limits, tried);
    }

    /** What breaks off while it is read may come the next time. */
    private static final class Download extends FilterInputStream {

        private final String image;

        Download(InputStream in, String image) {
            super(in);
            this.image = image;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            try {
                return super.read(buffer, offset, length);
            } catch (IOException e) {
                throw new RegistryUnavailableException(
                        "the image %s does not come: %s".formatted(image, e.getMessage()), e);
            }
        }
    }

    private static boolean isPlain(Path file) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file), 64)) {
            return Compression.decompress(in) == in;
        }
    }

    /** An archive that cannot be read where it is; it is gone with the source. */
    private ImageSource copy(String image, InputStream packed, String tag) throws IOException {
        limits.requireDisk();
        Path file = Files.createTempFile(temporary, "archive", ".tar");
        try {
            try (var plain =
                            new MeteredInputStream(Compression.decompress(packed), limits.archiveBytes(), count -> {});
                    var channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                plain.transferTo(Channels.newOutputStream(channel));
            }
            return new LocalSource(image, new TemporaryArchive(ArchiveMembers.open(file), file), tag, platform);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(file);
            throw e;
        }
    }

    /** Changes when the reference may mean another image; empty if only asking can tell. */
    String fingerprint(ImageReference reference) throws IOException {
        if (reference instanceof ImageReference.Layout layout) {
            return fingerprint(layout.directory().resolve("index.json"), layout.text());
        }
        if (reference instanceof ImageReference.Archive archive) {
            return fingerprint(archive.file(), archive.text());
        }
        if (reference instanceof ImageReference.Registry registry) {
            return registry.digest().map(Digest::toString).orElse("");
        }
        return "url";
    }

    private static String fingerprint(Path file, String image) throws IOException {
        if (!Files.exists(file)) {
            throw new IOException("%s does not exist: there is no %s".formatted(image, file));
        }
        if (!Files.isRegularFile(file)) {
            throw new IOException("%s is no image: %s is not a file".formatted(image, file));
        }
        var attributes = Files.readAttributes(file, BasicFileAttributes.class);
        return "%s:%d:%s".formatted(attributes.fileKey(), attributes.size(), attributes.lastModifiedTime());
    }

    @Override
    public void close() {
        registries.close();
    }
}
