package dev.flynn.embedded;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * An address that no other host on this machine has, because its port is taken: hosts are told apart by their addresses in
 * discovery. Nothing listens there, so whoever connects is refused.
 */
final class ReservedAddress implements AutoCloseable {

    private final Socket socket = new Socket();

    ReservedAddress(String ip) {
        try {
            socket.bind(new InetSocketAddress(ip, 0));
        } catch (IOException e) {
            throw new UncheckedIOException("no port of " + ip + " can be taken", e);
        }
    }

    /** {@code ip:port} */
    String text() {
        return socket.getLocalAddress().getHostAddress() + ":" + socket.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
