package dev.flynn.images;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A registry did not answer, or not with an answer about the image. Asked again, it may. */
final class RegistryUnavailableException extends IOException {

    private static final long serialVersionUID = 1L;

    private final Duration notBefore;

    RegistryUnavailableException(String message, @Nullable Throwable cause) {
        this(message, Duration.ZERO, cause);
    }

    /** @param notBefore how long it wants to be left alone */
    RegistryUnavailableException(String message, Duration notBefore, @Nullable Throwable cause) {
        super(message, cause);
        this.notBefore = notBefore;
    }

    Duration notBefore() {
        return notBefore;
    }
}
