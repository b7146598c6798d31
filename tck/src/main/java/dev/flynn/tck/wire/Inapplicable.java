package dev.flynn.tck.wire;

/** A check is about what this cluster does not have, or what the caller did not allow. */
final class Inapplicable extends RuntimeException {

    private static final long serialVersionUID = 1;

    Inapplicable(String message) {
        super(message, null, false, false);
    }
}
