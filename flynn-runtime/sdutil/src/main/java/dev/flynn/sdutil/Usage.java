package dev.flynn.sdutil;

/** A command line that cannot be carried out; the exit status says why. */
final class Usage extends RuntimeException {

    private static final long serialVersionUID = 1L;

    static final int FATAL = 1;
    static final int BAD_FLAG = 2;

    /** No such network interface, or it has no address. */
    static final int BAD_INTERFACE = 65;

    private final int status;

    Usage(int status, String message) {
        super(message, null, false, false);
        this.status = status;
    }

    int status() {
        return status;
    }
}
