package dev.flynn.containers.docker;

/** The engine does not answer, or its answer broke off: what was asked may have been done. */
final class EngineAwayException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    EngineAwayException(String message, Throwable cause) {
        super(message, cause);
    }
}
