package dev.flynn.router;

/** A peer broke the rules of HTTP; costs no stack trace, because attackers decide how often it happens. */
final class BadMessage extends Exception {

    private static final long serialVersionUID = 1L;

    private final int status;

    BadMessage(int status, String reason) {
        super(reason, null, false, false);
        this.status = status;
    }

    static BadMessage malformed(String reason) {
        return new BadMessage(400, reason);
    }

    static BadMessage connect() {
        return new BadMessage(501, "CONNECT: this is no proxy for other servers");
    }

    /** What a client that sent it is answered. */
    int status() {
        return status;
    }
}
