package dev.flynn.configurator;

/** A request that is not carried out; its message is the answer, and its status that of HTTP. */
public final class Refusal extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;

    private Refusal(int status, String message) {
        super(message);
        this.status = status;
    }

    /** What was sent is wrong; the message may be that of the tool that said so. */
    public static Refusal invalid(String message) {
        return new Refusal(400, message);
    }

    static Refusal notFound(ConfigPath path) {
        return new Refusal(404, "there is nothing at \"%s\"".formatted(path));
    }

    static Refusal notAllowed(String message) {
        return new Refusal(405, message);
    }

    static Refusal conflict(String message) {
        return new Refusal(409, message);
    }

    public int status() {
        return status;
    }

    /** It is the answer to a caller, and not a defect: nobody needs to know where it was made. */
    @Override
    public synchronized Throwable fillInStackTrace() {
        return this;
    }
}
