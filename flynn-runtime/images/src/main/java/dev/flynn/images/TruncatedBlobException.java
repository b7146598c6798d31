package dev.flynn.images;

import java.io.IOException;

/** A blob did not come to its end; asked for again, it may. */
final class TruncatedBlobException extends IOException {

    private static final long serialVersionUID = 1L;

    TruncatedBlobException(String message) {
        super(message);
    }
}
