package dev.flynn.controller.http;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.glassfish.grizzly.http.io.NIOInputStream;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.nio.NIOConnection;

/**
 * A connection that its server does not look at any more: whoever took it reads and writes the socket, and waits where the
 * socket does. The server's way takes two more threads for each byte that comes, and copies each that goes.
 *
 * <p>One thread may read while others write. The server can still answer the request on it, once, with {@code Connection:
 * close}; closing tells the server too.
 */
final class TakenConnection implements AutoCloseable {

    private final NIOConnection connection;
    private final SocketChannel channel;

    /** What the server had read before. */
    private final NIOInputStream early;

    private TakenConnection(NIOConnection connection, SocketChannel channel, NIOInputStream early) {
        this.connection = connection;
        this.channel = channel;
        this.early = early;
    }

    /** To be called by the thread that serves the request, because the server does not read then. */
    static TakenConnection of(Request request) throws IOException {
        if (request.getContext().getConnection() instanceof NIOConnection connection
                && connection.getChannel() instanceof SocketChannel channel) {
            SelectionKey key = connection.getSelectionKey();
            key.cancel();
            key.selector().wakeup();
            channel.configureBlocking(true);
            return new TakenConnection(connection, channel, request.getNIOInputStream());
        }
        throw new IllegalStateException("not a connection over TCP");
    }

    /**
     * Waits for bytes.
     *
     * @throws EOFException at the end
     */
    void read(ByteBuffer bytes) throws IOException {
        int ready = Math.min(early.readyData(), bytes.remaining());
        if (ready > 0) {
            byte[] there = new byte[ready];
            bytes.put(there, 0, early.read(there));
        } else if (channel.read(bytes) < 0) {
            throw new EOFException("the client has sent all");
        }
    }

    /** Waits until all is written. */
    void write(ByteBuffer... parts) throws IOException {
        ByteBuffer last = parts[parts.length - 1];
        while (last.hasRemaining()) {
            channel.write(parts);
        }
    }

    /** The client reads end of file after what was written. */
    void endOutput() throws IOException {
        channel.shutdownOutput();
    }

    @Override
    public void close() {
        connection.closeSilently();
    }
}
