package dev.flynn.cli;

/** The arguments do not fit the command; the user is shown how they should look. */
final class UsageException extends Exception {

    private static final long serialVersionUID = 1L;

    UsageException(String message) {
        super(message);
    }
}
