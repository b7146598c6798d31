package dev.flynn.images;

import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** A layer as it is packed, wherever it is. */
interface LayerBlob {

    /** Its bytes, from the first one, each time this is called. */
    InputStream open() throws IOException;

    long size();

    /** What its bytes have to be; empty if only the unpacked form has a digest, as in Docker's archives. */
    Optional<Digest> digest();
}
