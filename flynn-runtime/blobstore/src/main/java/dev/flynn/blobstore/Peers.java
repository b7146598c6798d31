package dev.flynn.blobstore;

import dev.flynn.spi.blob.BlobStore.BlobInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** The blobstores of the other hosts. */
interface Peers {

    Members members();

    /** Returns when the copy is durable there. */
    void send(String host, String version, BlobInfo info, InputStream content) throws IOException;

    /** The bytes of a copy from an offset on; empty if that host has none. Closing it ends the transfer. */
    Optional<InputStream> open(String host, String version, long offset) throws IOException;

    /** Drops a copy that nothing refers to; failing costs space for a while and nothing else. */
    void discard(String host, String version);
}
