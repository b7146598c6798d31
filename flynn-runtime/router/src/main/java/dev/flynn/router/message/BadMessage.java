package dev.flynn.router.message;

/** A peer broke the rules of HTTP; costs no stack trace, because attackers decide how often it happens. */
public final class BadMessage extends Exception {

    private static final long serialVersionUID = 1L;

    private final int status;

    public BadMessage(int status, String reason) {
        super(reason, null, false, false);
        this.status = status;
    }

    public static BadMessage malformed(String reason) {
        return new BadMessage(400, reason);
    }

    static BadMessage connect() {
        return new BadMessage(501, "CONNECT: this is no proxy for other servers");
    }

    /** What a client that sent it is answered. */
    public int status() {
        return status;
    }
}
