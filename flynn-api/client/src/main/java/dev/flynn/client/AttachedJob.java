package dev.flynn.client;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * A one-off job whose input and output are connected to this program (contract: controller, Frames).
 *
 * <p>One thread reads with {@link #run}; any thread may write.
 */
public final class AttachedJob implements AutoCloseable {

    private static final int ERROR = 2;
    private static final int DATA = 3;
    private static final int SIGNAL = 4;
    private static final int EXIT = 5;
    private static final int RESIZE = 6;
    private static final int STDIN = 0;
    private static final int HEAD_BYTES = 6;
    private static final int MAX_FRAME_BYTES = 16 << 20;

    private final HttpConnection connection;
    private final DataInputStream in;
    private final DataOutputStream out;

    /** A frame of input as a whole, so that it is sent with as few records and packets as its length needs. */
    private byte[] frame = new byte[HEAD_BYTES];

    AttachedJob(HttpReply reply) {
        this.connection = reply.connection();
        this.in = new DataInputStream(reply.body());
        this.out = new DataOutputStream(connection.out());
    }

    /** What the job writes. */
    @FunctionalInterface
    public interface Output {
        void write(OutputStreamKind stream, byte[] bytes) throws IOException;
    }

    /**
     * Delivers the job's output until it ends.
     *
     * @return its exit status; 0 for one that a signal ended
     * @throws FlynnException what the server says went wrong
     */
    public int run(Output output) throws IOException {
        while (true) {
            int type = in.read();
            switch (type) {
                case DATA -> data(output);
                case EXIT -> {
                    return in.readInt();
                }
                case ERROR -> throw FlynnException.unavailable(new String(bytes(), StandardCharsets.UTF_8), null);
                case -1 -> throw new EOFException("the connection to the job was lost");
                default -> throw new IOException("unknown frame type " + type);
            }
        }
    }

    private void data(Output output) throws IOException {
        int stream = in.readUnsignedByte();
        byte[] bytes = bytes();
        if (bytes.length > 0) {
            output.write(kind(stream), bytes);
        }
    }

    private static OutputStreamKind kind(int stream) throws IOException {
        return switch (stream) {
            case 1 -> OutputStreamKind.STDOUT;
            case 2 -> OutputStreamKind.STDERR;
            case 3 -> OutputStreamKind.INIT;
            default -> throw new IOException("unknown stream " + stream);
        };
    }

    private byte[] bytes() throws IOException {
        int length = in.readInt();
        if (length < 0 || length > MAX_FRAME_BYTES) {
            throw new IOException("frame of " + Integer.toUnsignedString(length) + " bytes");
        }
        byte[] bytes = new byte[length];
        in.readFully(bytes);
        return bytes;
    }

    /** Writes to the job's standard input; no bytes mean end of file. */
    public void stdin(byte[] bytes, int length) throws IOException {
        synchronized (out) {
            if (frame.length < HEAD_BYTES + length) {
                frame = new byte[HEAD_BYTES + length];
            }
            ByteBuffer.wrap(frame)
                    .put((byte) DATA)
                    .put((byte) STDIN)
                    .putInt(length)
                    .put(bytes, 0, length);
            out.write(frame, 0, HEAD_BYTES + length);
            out.flush();
        }
    }

    /** End of file on the job's standard input. */
    public void closeStdin() throws IOException {
        stdin(new byte[0], 0);
    }

    public void signal(int number) throws IOException {
        synchronized (out) {
            out.writeByte(SIGNAL);
            out.writeInt(number);
            out.flush();
        }
    }

    /** Only for a job with a terminal. */
    public void resize(TerminalSize size) throws IOException {
        synchronized (out) {
            out.writeByte(RESIZE);
            out.writeShort(size.lines());
            out.writeShort(size.columns());
            out.flush();
        }
    }

    /** Lets go of the job, which keeps running. */
    @Override
    public void close() {
        connection.close();
    }
}
