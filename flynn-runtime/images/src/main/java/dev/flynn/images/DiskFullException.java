package dev.flynn.images;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** What an image needs would touch the part of the disk that is kept for the platform. */
final class DiskFullException extends IOException {

    private static final long serialVersionUID = 1L;

    DiskFullException(FlynnException reason) {
        super(reason.getMessage(), reason);
    }

    static boolean isReasonOf(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof DiskFullException) {
                return true;
            }
        }
        return false;
    }
}
