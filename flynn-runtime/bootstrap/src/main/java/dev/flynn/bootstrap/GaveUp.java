package dev.flynn.bootstrap;

/** A step was refused, or has waited for as long as it should: to run it again at once is of no use. */
final class GaveUp extends RuntimeException {

    private static final long serialVersionUID = 1L;

    GaveUp(String message) {
        super(message);
    }
}
