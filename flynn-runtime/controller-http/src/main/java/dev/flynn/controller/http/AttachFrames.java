package dev.flynn.controller.http;

import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The frames of an attached connection (contract: controller, Run a job). All integers are big-endian. */
final class AttachFrames {

    /** The protocol's name in the {@code Upgrade} header. */
    static final String PROTOCOL = "flynn-attach/0";

    private static final byte ERROR = 2;
    private static final byte DATA = 3;
    private static final byte SIGNAL = 4;
    private static final byte EXIT = 5;
    private static final byte RESIZE = 6;

    private static final int STDIN = 0;

    private AttachFrames() {}

    /** What precedes so many bytes of output; none are the end of the stream. */
    static ByteBuffer outputHead(OutputStreamKind stream, int length) {
        return ByteBuffer.allocate(6)
                .put(DATA)
                .put((byte) stream.number())
                .putInt(length)
                .flip();
    }

    static ByteBuffer exit(int status) {
        return ByteBuffer.allocate(5).put(EXIT).putInt(status).flip();
    }

    static ByteBuffer error(String message) {
        byte[] text = message.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(5 + text.length)
                .put(ERROR)
                .putInt(text.length)
                .put(text)
                .flip();
    }

    /** What a client may ask for. */
    interface Input {

        void stdin(byte[] bytes);

        void endOfStdin();

        void signal(int number);

        void resize(TerminalSize size);
    }

    /** Reads the frames of a client, however the network cuts them up; payload is passed on without waiting for its end. */
    static final class Reader {

        private final Input input;
        private final ByteBuffer head = ByteBuffer.allocate(6);
        private long payloadLeft;
        private boolean payloadIsStdin;

        Reader(Input input) {
            this.input = input;
        }

        /** @throws ProtocolException for a frame that a client must not send */
        void read(ByteBuffer bytes) throws ProtocolException {
            while (bytes.hasRemaining()) {
                if (payloadLeft > 0) {
                    readPayload(bytes);
                } else {
                    readHead(bytes);
                }
            }
        }

        private void readPayload(ByteBuffer bytes) {
            byte[] part = new byte[(int) Math.min(payloadLeft, bytes.remaining())];
            bytes.get(part);
            payloadLeft -= part.length;
            if (payloadIsStdin) {
                input.stdin(part);
            }
        }

        private void readHead(ByteBuffer bytes) throws ProtocolException {
            head.put(bytes.get());
            if (head.position() < headLength(head.get(0))) {
                return;
            }
            head.flip();
            byte type = head.get();
            switch (type) {
                case DATA -> {
                    payloadIsStdin = head.get() == STDIN;
                    payloadLeft = Integer.toUnsignedLong(head.getInt());
                    if (payloadLeft == 0 && payloadIsStdin) {
                        input.endOfStdin();
                    }
                }
                case SIGNAL -> input.signal(head.getInt());
                case RESIZE -> {
                    int lines = Short.toUnsignedInt(head.getShort());
                    int columns = Short.toUnsignedInt(head.getShort());
                    if (lines > 0 && columns > 0) {
                        input.resize(new TerminalSize(columns, lines));
                    }
                }
                default -> throw new IllegalStateException("headLength let frame type " + type + " pass");
            }
            head.clear();
        }

        private static int headLength(byte type) throws ProtocolException {
            return switch (type) {
                case DATA -> 6;
                case SIGNAL, RESIZE -> 5;
                default -> throw new ProtocolException("a client must not send frames of type " + type);
            };
        }
    }

    /** The peer does not speak the protocol. */
    static final class ProtocolException extends Exception {

        private static final long serialVersionUID = 1L;

        ProtocolException(String message) {
            super(message);
        }
    }
}
