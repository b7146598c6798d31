package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;

/**
 * A port that is kept for a server which begins later: nobody else gets it meanwhile, and whoever asks there is refused, as
 * before any server begins. Without it two hosts that start on one machine at the same time choose the same one.
 */
final class HeldPort implements AutoCloseable {

    /** Bound, and does not listen. */
    private final SocketChannel holder;

    private final int port;

    private HeldPort(SocketChannel holder, int port) {
        this.holder = holder;
        this.port = port;
    }

    /**
     * @param port 0 for any free one
     * @throws IOException if it is taken
     */
    static HeldPort of(String ip, int port) throws IOException {
        SocketChannel holder = SocketChannel.open();
        try {
            holder.bind(new InetSocketAddress(ip, port));
            return new HeldPort(holder, ((InetSocketAddress) holder.getLocalAddress()).getPort());
        } catch (IOException e) {
            holder.close();
            throw e;
        }
    }

    /**
     * The usual port if it is free, else any.
     *
     * @throws FlynnException {@code CONFLICT} if there is none
     */
    static HeldPort usually(String ip, int usual) {
        try {
            return of(ip, usual);
        } catch (IOException taken) {
            try {
                return of(ip, 0);
            } catch (IOException e) {
                throw FlynnException.conflict("no port of %s can be used: %s".formatted(ip, e.getMessage()));
            }
        }
    }

    int port() {
        return port;
    }

    /** Lets the server have it. */
    @Override
    public void close() {
        try {
            holder.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
