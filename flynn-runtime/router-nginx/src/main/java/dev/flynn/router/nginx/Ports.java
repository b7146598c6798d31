package dev.flynn.router.nginx;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardSocketOptions;
import java.util.Optional;

/** What can be listened on. */
final class Ports {

    private Ports() {}

    static int require(String name, int port) {
        if (port < 0 || port > 65_535) {
            throw FlynnException.invalidField(name, "must be a port from 0 to 65535, was " + port);
        }
        return port;
    }

    static int free(String ip) {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(ip))) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw FlynnException.unavailable("no port is free on %s (%s)".formatted(ip, e.getMessage()), e);
        }
    }

    /**
     * Why a port cannot be listened on, if so.
     *
     * @param shared whether one that is shared counts as free
     */
    static Optional<String> whyTaken(String ip, int port, boolean shared) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            if (shared) {
                socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            }
            socket.bind(new InetSocketAddress(ip, port));
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
