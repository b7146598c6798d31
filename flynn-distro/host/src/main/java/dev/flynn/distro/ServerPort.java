package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;

/**
 * Where one of the host's servers listens, as the operator wants it.
 *
 * @param isOff whether there is no such server
 * @param isWanted whether it has to be this port, rather than any free one if this is taken
 * @param port 0 for any free one
 */
record ServerPort(boolean isOff, boolean isWanted, int port) {

    static ServerPort usually(int port) {
        return new ServerPort(false, false, port);
    }

    /** @throws FlynnException {@code VALIDATION} naming the option */
    static ServerPort parse(String option, String text) {
        if (text.equals("off")) {
            return new ServerPort(true, true, 0);
        }
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65_535) {
                return new ServerPort(false, true, port);
            }
        } catch (NumberFormatException notANumber) {
            // said below
        }
        throw FlynnException.invalid("%s is a port, 0 for any free one, or off; it was \"%s\"".formatted(option, text));
    }
}
