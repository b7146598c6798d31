package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.function.LongConsumer;

/** A layer as it is packed, wherever it is. */
interface LayerBlob {

    /**
     * Brings it to this machine if it is not here.
     *
     * @return whether {@code progress} was told; if not, reading is what takes the time
     */
    default boolean fetch(LongConsumer progress) throws IOException {
        return false;
    }

    /** Its bytes, from the first one, each time this is called. */
    InputStream open() throws IOException;

    long size();

    /** What its bytes have to be; empty if only the unpacked form has a digest, as in Docker's archives. */
    Optional<Digest> digest();

    /** The layer is unpacked: a copy that was made by {@link #fetch} is not needed any more. */
    default void discard() throws IOException {}
}
