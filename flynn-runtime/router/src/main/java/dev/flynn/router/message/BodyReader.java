package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Takes a body out of the bytes that follow a head, whatever its framing, without holding any of it. */
public final class BodyReader {

    private static final int MAX_EXTENSION_BYTES = 4096;
    private static final int MAX_TRAILER_BYTES = 16 * 1024;
    private static final int MAX_SIZE_DIGITS = 15;
    private static final int MAX_KEPT_LINE = 1024;
    private static final byte[] NO_BYTES = {};

    private enum State {
        /** A counted run of data. */
        DATA,
        SIZE,
        EXTENSION,
        SIZE_LF,
        DATA_CR,
        DATA_LF,
        /** At the start of a line after the last chunk. */
        TRAILER_START,
        TRAILER,
        TRAILER_LF,
        END_LF,
        UNTIL_CLOSE,
        DONE
    }

    private State state = State.DONE;
    private boolean chunked;
    private long remaining;
    private int digits;
    private int overhead;
    private byte[] line = NO_BYTES;
    private int lineLength;
    private Trailers.@Nullable Collector trailers;

    /** Begins the body of the next message. */
    public void begin(long framing) {
        chunked = framing == Framing.CHUNKED;
        remaining = Math.max(framing, 0);
        trailers = null;
        if (chunked) {
            startSize();
        } else if (framing == Framing.UNTIL_CLOSE) {
            state = State.UNTIL_CLOSE;
        } else {
            state = framing == 0 ? State.DONE : State.DATA;
        }
    }

    /** The fields behind the body, once it is complete. */
    public Trailers trailers() {
        return trailers == null ? Trailers.NONE : trailers.toTrailers();
    }

    public boolean isDone() {
        return state == State.DONE;
    }

    /** Whether the end of the connection is the end of the body. */
    public boolean endsWithConnection() {
        return state == State.UNTIL_CLOSE;
    }

    /**
     * Takes what belongs to the body.
     *
     * @param data receives slices that it has to release
     * @return whether the body is complete; what is left in the buffer belongs to the next message
     */
    public boolean read(ByteBuf in, Consumer<ByteBuf> data) throws BadMessage {
        while (state != State.DONE && in.isReadable()) {
            switch (state) {
                case UNTIL_CLOSE -> data.accept(in.readRetainedSlice(in.readableBytes()));
                case DATA -> readData(in, data);
                default -> readByte(in.readByte());
            }
        }
        return state == State.DONE;
    }

    /** Whether all in the buffer is data of the body: then it can be handed on as it is, and {@link #took} is told instead. */
    public boolean takesAll(ByteBuf in) {
        return state == State.UNTIL_CLOSE || (state == State.DATA && in.readableBytes() <= remaining);
    }

    /**
     * So much data was taken.
     *
     * @return whether the body is complete
     */
    public boolean took(int length) {
        if (state == State.DATA) {
            remaining -= length;
            if (remaining == 0) {
                state = chunked ? State.DATA_CR : State.DONE;
            }
        }
        return state == State.DONE;
    }

    private void readData(ByteBuf in, Consumer<ByteBuf> data) {
        int length = (int) Math.min(remaining, in.readableBytes());
        boolean unused = took(length);
        data.accept(in.readRetainedSlice(length));
    }

    private void readByte(byte b) throws BadMessage {
        switch (state) {
            case SIZE -> readSize(b);
            case EXTENSION -> readExtension(b);
            case SIZE_LF -> {
                require(b == '\n');
                overhead = 0;
                state = remaining == 0 ? State.TRAILER_START : State.DATA;
            }
            case DATA_CR -> {
                require(b == '\r');
                state = State.DATA_LF;
            }
            case DATA_LF -> {
                require(b == '\n');
                startSize();
            }
            case TRAILER_START -> {
                if (b == '\r') {
                    state = State.END_LF;
                } else {
                    state = State.TRAILER;
                    lineLength = 0;
                    readTrailer(b);
                }
            }
            case TRAILER -> readTrailer(b);
            case TRAILER_LF -> {
                require(b == '\n');
                endTrailer();
                state = State.TRAILER_START;
            }
            case END_LF -> {
                require(b == '\n');
                state = State.DONE;
            }
            case DATA, UNTIL_CLOSE, DONE -> throw new IllegalStateException("no framing in " + state);
        }
    }

    private void startSize() {
        state = State.SIZE;
        remaining = 0;
        digits = 0;
        overhead = 0;
    }

    private void readSize(byte b) throws BadMessage {
        int digit = Character.digit(b, 16);
        if (digit >= 0) {
            require(++digits <= MAX_SIZE_DIGITS);
            remaining = remaining * 16 + digit;
            return;
        }
        require(digits > 0);
        if (b == '\r') {
            state = State.SIZE_LF;
        } else {
            require(b == ';' || Ascii.isBlank(b));
            state = State.EXTENSION;
        }
    }

    private void readExtension(byte b) throws BadMessage {
        if (b == '\r') {
            state = State.SIZE_LF;
        } else {
            require(!Ascii.isForbiddenInValue(b) && ++overhead <= MAX_EXTENSION_BYTES);
        }
    }

    private void readTrailer(byte b) throws BadMessage {
        if (b == '\r') {
            state = State.TRAILER_LF;
            return;
        }
        require(!Ascii.isForbiddenInValue(b) && ++overhead <= MAX_TRAILER_BYTES);
        if (lineLength == line.length) {
            line = Arrays.copyOf(line, Math.max(64, 2 * lineLength));
        }
        line[lineLength++] = b;
    }

    private void endTrailer() throws BadMessage {
        if (trailers == null) {
            trailers = new Trailers.Collector();
        }
        trailers.addLine(line, lineLength);
        if (line.length > MAX_KEPT_LINE) {
            line = NO_BYTES;
        }
    }

    private static void require(boolean valid) throws BadMessage {
        if (!valid) {
            throw BadMessage.malformed("the chunked encoding is malformed");
        }
    }
}
