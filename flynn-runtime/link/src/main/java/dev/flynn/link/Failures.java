package dev.flynn.link;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is told of failures. */
final class Failures {

    private static final Logger log = LoggerFactory.getLogger(Failures.class);

    private Failures() {}

    /** What another host may know of a failure here. */
    static FlynnException toTell(String hostId, Throwable failure) {
        Throwable cause = cause(failure);
        if (cause instanceof FlynnException told) {
            return told;
        }
        if (!(cause instanceof java.util.concurrent.CancellationException)) {
            log.atWarn().setCause(cause).log("a call of another host failed");
        }
        return new FlynnException(
                ErrorCode.UNKNOWN, "host \"%s\" failed to answer; its log says why".formatted(hostId));
    }

    static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
