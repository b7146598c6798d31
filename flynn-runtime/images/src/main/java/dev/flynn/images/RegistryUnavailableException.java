package dev.flynn.images;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A registry did not answer, or not with an answer about the image. */
final class RegistryUnavailableException extends IOException {

    private static final long serialVersionUID = 1L;

    RegistryUnavailableException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
