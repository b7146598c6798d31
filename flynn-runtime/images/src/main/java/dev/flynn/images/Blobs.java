package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/** Blobs by their digest. Each is verified when it is written, and again when it is read. */
final class Blobs {

    private final Path directory;
    private final Path temporary;

    Blobs(Path directory, Path temporary) throws IOException {
        this.directory = Files.createDirectories(directory.resolve("sha256"));
        this.temporary = temporary;
    }

    boolean has(Digest digest) {
        return Files.exists(path(digest));
    }

    InputStream open(Digest digest) throws IOException {
        return Files.newInputStream(path(digest));
    }

    /** A small blob; verified, because a disk may forget. */
    byte[] read(Digest digest) throws IOException {
        byte[] content = Files.readAllBytes(path(digest));
        Digest.of(content).require(digest, path(digest).toString());
        return content;
    }

    void write(Digest digest, byte[] content) throws IOException {
        if (!has(digest)) {
            StoreFiles.write(path(digest), content, temporary);
        }
    }

    /**
     * Writes a blob as it comes; nothing of it stays unless it is whole and right.
     *
     * @param size that it has to have
     */
    void write(Digest digest, long size, InputStream content, LongConsumer progress) throws IOException {
        Path part = Files.createTempFile(temporary, "blob", ".part");
        try {
            try (var in = new MeteredInputStream(content, size, progress);
                    var channel = FileChannel.open(part, StandardOpenOption.WRITE)) {
                in.transferTo(Channels.newOutputStream(channel));
                if (in.count() != size) {
                    throw new TruncatedBlobException(
                            "the blob %s is truncated: %d of %d bytes came".formatted(digest, in.count(), size));
                }
                in.digest().require(digest, "the blob");
                channel.force(true);
            }
            Files.move(part, path(digest), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    void delete(Digest digest) throws IOException {
        Files.deleteIfExists(path(digest));
    }

    long size(Digest digest) throws IOException {
        return Files.size(path(digest));
    }

    List<Digest> all() throws IOException {
        var digests = new ArrayList<Digest>();
        try (var files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                String name = String.valueOf(file.getFileName());
                if (Digest.isHex(name)) {
                    digests.add(new Digest(name));
                }
            }
        }
        return digests;
    }

    Path path(Digest digest) {
        return directory.resolve(digest.hex());
    }
}
