package dev.flynn.containers.docker;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;

/** The standard input of a job, over the connection that its output comes on. */
final class JobInput extends OutputStream {

    private static final int END_OF_TRANSMISSION = 4;
    /** How soon it is noticed that the job ended. */
    private static final long CHECK_MILLIS = 500;

    private final SocketChannel channel;
    private final boolean terminal;
    private boolean closed;

    /** @param terminal whose end of file is a character, because the connection stays open for its output */
    JobInput(SocketChannel channel, boolean terminal) {
        this.channel = channel;
        this.terminal = terminal;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException("the standard input of the job is closed");
        }
        ByteBuffer rest = ByteBuffer.wrap(bytes, offset, length);
        channel.write(rest);
        if (rest.hasRemaining()) {
            writeWhenThereIsRoom(rest);
        }
    }

    /** The channel is one that does not block, for its reader's sake. */
    private void writeWhenThereIsRoom(ByteBuffer rest) throws IOException {
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_WRITE);
            while (rest.hasRemaining()) {
                selector.select(CHECK_MILLIS);
                if (Thread.currentThread().isInterrupted()) {
                    throw new IOException("interrupted while the job does not read");
                }
                selector.selectedKeys().clear();
                channel.write(rest);
            }
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        if (terminal) {
            write(END_OF_TRANSMISSION);
        } else if (channel.isOpen()) {
            channel.shutdownOutput();
        }
        closed = true;
    }
}
