package dev.flynn.spi.blob;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * Large objects by key (contract: layer 1, Blobstore).
 *
 * <p>Promises:
 *
 * <ul>
 *   <li>BS-1 A put is atomic: readers see the old content or the new, also when the put fails half way.
 *   <li>BS-2 A put that returned is durable.
 *   <li>BS-3 A reader that has begun keeps reading the content it began with.
 *   <li>BS-4 Reading and writing need memory that does not grow with the object.
 *   <li>BS-5 Deleting an absent key is fine.
 *   <li>BS-6 A key that would leave the store, such as one with {@code ..}, is {@code VALIDATION}.
 *   <li>BS-7 What was put is what is read, from any offset, with its size and content type; another content has another
 *       etag.
 * </ul>
 *
 * <p>Keys are paths of 1 to 1024 characters without a leading slash. Implementations are thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface BlobStore extends AutoCloseable {

    /**
     * Creates or replaces an object; returns when it is durable.
     *
     * @param content read to its end, not closed
     */
    BlobInfo put(String key, String contentType, InputStream content) throws IOException;

    Optional<BlobInfo> info(String key) throws IOException;

    /** Opens an object; the caller closes it. */
    Optional<Blob> open(String key) throws IOException;

    void delete(String key) throws IOException;

    /** The keys that begin with the prefix, sorted. */
    List<String> keys(String prefix) throws IOException;

    @Override
    void close();

    /**
     * What is known about an object.
     *
     * @param etag changes whenever the content does
     */
    record BlobInfo(String key, long size, String contentType, String etag, Instant modifiedAt) {}

    /** An open object. */
    interface Blob extends AutoCloseable {

        BlobInfo info();

        /** The bytes from {@code offset} on; may be called once. */
        InputStream content(long offset) throws IOException;

        @Override
        void close() throws IOException;
    }
}
