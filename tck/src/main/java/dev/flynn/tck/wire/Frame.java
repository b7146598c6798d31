package dev.flynn.tck.wire;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** What goes over an attached job's connection, in either direction. */
sealed interface Frame {

    int STDIN = 0;
    int STDOUT = 1;
    int STDERR = 2;

    record Data(int stream, byte[] bytes) implements Frame {
        boolean isEnd() {
            return bytes.length == 0;
        }

        String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    record Exit(long status) implements Frame {}

    record Error(String message) implements Frame {}

    /** A frame of a kind that a client of the controller must not see. */
    record Unknown(int kind) implements Frame {}

    static Frame read(DataInputStream in) throws IOException {
        int kind = in.readUnsignedByte();
        return switch (kind) {
            case 0x02 -> new Error(new String(bytes(in), StandardCharsets.UTF_8));
            case 0x03 -> {
                int stream = in.readUnsignedByte();
                yield new Data(stream, bytes(in));
            }
            case 0x05 -> new Exit(in.readInt() & 0xffffffffL);
            default -> new Unknown(kind);
        };
    }

    private static byte[] bytes(DataInputStream in) throws IOException {
        int length = in.readInt();
        if (length < 0 || length > 16 * 1024 * 1024) {
            throw new IOException("a frame of " + (length & 0xffffffffL) + " bytes");
        }
        return in.readNBytes(length);
    }

    static byte[] data(int stream, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(6 + bytes.length)
                .put((byte) 3)
                .put((byte) stream)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    static byte[] signal(int number) {
        return ByteBuffer.allocate(5).put((byte) 4).putInt(number).array();
    }

    static byte[] resize(int height, int width) {
        return ByteBuffer.allocate(5)
                .put((byte) 6)
                .putShort((short) height)
                .putShort((short) width)
                .array();
    }
}
