package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
     * Begins a blob that comes in pieces; nothing of it stays unless it is whole and right.
     *
     * @param size that it has to have
     */
    PartialBlob begin(Digest digest, long size) throws IOException {
        return new PartialBlob(Files.createTempFile(temporary, "blob", ".part"), path(digest), digest, size);
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
