package dev.flynn.blobstore;

import dev.flynn.spi.blob.BlobStore.Blob;
import dev.flynn.spi.blob.BlobStore.BlobInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The copies on this host, by version. Thread-safe. */
final class Copies {

    private final FileBlobStore files;

    /** What is here, once it was looked at; a file that somebody took away is noticed when it is wanted. */
    private final Set<String> versions = ConcurrentHashMap.newKeySet();

    private boolean listed;

    Copies(FileBlobStore files) {
        this.files = files;
    }

    /** @param etag what the content must have */
    BlobInfo put(String version, String contentType, InputStream content, Optional<String> etag) throws IOException {
        BlobInfo stored = files.put(version, contentType, content, etag);
        versions.add(version);
        return stored;
    }

    Optional<Blob> open(String version) throws IOException {
        Optional<Blob> found = files.open(version);
        if (found.isEmpty()) {
            versions.remove(version);
        }
        return found;
    }

    void delete(String version) throws IOException {
        files.delete(version);
        versions.remove(version);
    }

    /** All of them; reads every file the first time. */
    synchronized Set<String> versions() throws IOException {
        if (!listed) {
            files.keys("").stream().filter(Copies::isVersion).forEach(versions::add);
            listed = true;
        }
        return Set.copyOf(versions);
    }

    /** What was kept here by its object's key, before objects had copies. */
    List<String> olderObjects() throws IOException {
        return files.keys("").stream().filter(key -> !isVersion(key)).toList();
    }

    private static boolean isVersion(String key) {
        try {
            return UUID.fromString(key).toString().equals(key);
        } catch (IllegalArgumentException other) {
            return false;
        }
    }

    void close() {
        files.close();
    }
}
