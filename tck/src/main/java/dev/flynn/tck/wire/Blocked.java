package dev.flynn.tck.wire;

/** A check could not look at what it is about, because something it needs first was not to be had. */
final class Blocked extends RuntimeException {

    private static final long serialVersionUID = 1;

    Blocked(String message) {
        super(message, null, false, false);
    }
}
