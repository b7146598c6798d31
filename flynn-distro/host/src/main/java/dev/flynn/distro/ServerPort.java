package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

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

    /** A port that is free now: the wanted one, whether or not it is; else the usual one, or any if that is taken. */
    int choose(String ip) {
        if (isWanted && port != 0) {
            return port;
        }
        try {
            return bind(ip, port);
        } catch (IOException taken) {
            try {
                return bind(ip, 0);
            } catch (IOException e) {
                throw FlynnException.conflict("no port of %s can be used: %s".formatted(ip, e.getMessage()));
            }
        }
    }

    private static int bind(String ip, int port) throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(ip, port));
            return socket.getLocalPort();
        }
    }
}
