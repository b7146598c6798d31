package dev.flynn.host.api;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;

/** A client's side of an attachment (contract: layer 0, Attach protocol). One thread reads, any thread writes. */
public final class AttachedHostJob implements AutoCloseable {

    private static final int MAX_FRAME_BYTES = 16 << 20;

    private final HostHttp connection;
    private final DataInputStream in;
    private final OutputStream out;
    private final Set<OutputStreamKind> open = EnumSet.noneOf(OutputStreamKind.class);

    AttachedHostJob(HostHttp connection, AttachRequest request) {
        this.connection = connection;
        this.in = new DataInputStream(connection.in());
        this.out = connection.out();
        open.addAll(request.ending());
    }

    /** What the job writes. */
    @FunctionalInterface
    public interface Output {
        void write(OutputStreamKind stream, byte[] bytes) throws IOException;
    }

    /** Whether the host knows the job; false if the attachment waits for one. Asks once. */
    public boolean awaitFirstAnswer() throws IOException {
        return switch (in.read()) {
            case AttachFrames.SUCCESS -> true;
            case AttachFrames.WAITING -> false;
            case AttachFrames.ERROR -> throw failure();
            case -1 -> throw new EOFException("the host closed the connection");
            default -> throw new IOException("the host sent an unknown frame");
        };
    }

    /** Waits until a job that was not known is. */
    public void awaitAttached() throws IOException {
        if (!awaitFirstAnswer()) {
            throw new IOException("the host waits twice for one job");
        }
    }

    /**
     * Delivers the job's output until it ends.
     *
     * @return the exit status, if the host told it: 0 for a job that a signal ended
     * @throws FlynnException what the host says went wrong
     */
    public OptionalInt run(Output output) throws IOException {
        while (true) {
            int type = in.read();
            switch (type) {
                case AttachFrames.DATA -> {
                    if (data(output)) {
                        return OptionalInt.empty();
                    }
                }
                case AttachFrames.EXIT -> {
                    return OptionalInt.of(in.readInt());
                }
                case AttachFrames.ERROR -> throw failure();
                case -1 -> throw new EOFException("the connection to the job was lost");
                default -> throw new IOException("the host sent an unknown frame, of type " + type);
            }
        }
    }

    /** Whether this was the end of the last stream. */
    private boolean data(Output output) throws IOException {
        OutputStreamKind stream = kind(in.readUnsignedByte());
        byte[] bytes = bytes();
        if (bytes.length > 0) {
            output.write(stream, bytes);
            return false;
        }
        open.remove(stream);
        return open.isEmpty();
    }

    private static OutputStreamKind kind(int number) throws IOException {
        for (OutputStreamKind kind : OutputStreamKind.values()) {
            if (kind.number() == number) {
                return kind;
            }
        }
        throw new IOException("unknown stream " + number);
    }

    private FlynnException failure() throws IOException {
        return FlynnException.invalid(new String(bytes(), StandardCharsets.UTF_8));
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
        send(ByteBuffer.allocate(6 + length)
                .put(AttachFrames.DATA)
                .put((byte) AttachFrames.STDIN)
                .putInt(length)
                .put(bytes, 0, length));
    }

    public void closeStdin() throws IOException {
        stdin(new byte[0], 0);
    }

    public void signal(int number) throws IOException {
        send(ByteBuffer.allocate(5).put(AttachFrames.SIGNAL).putInt(number));
    }

    /** Only for a job with a terminal. */
    public void resize(TerminalSize size) throws IOException {
        send(ByteBuffer.allocate(5)
                .put(AttachFrames.RESIZE)
                .putShort((short) size.lines())
                .putShort((short) size.columns()));
    }

    private void send(ByteBuffer frame) throws IOException {
        synchronized (out) {
            out.write(frame.array());
            out.flush();
        }
    }

    /** Lets go of the job, which goes on. */
    @Override
    public void close() {
        connection.close();
    }
}
