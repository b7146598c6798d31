package dev.flynn.containers.docker;

import dev.flynn.api.host.OutputStreamKind;
import java.nio.ByteBuffer;

/**
 * Takes the two output streams of a container apart: the engine sends frames, each of a kind (4 bytes), a length (4 bytes)
 * and that many bytes. Not thread-safe.
 */
final class FrameDecoder {

    private static final int HEADER = 8;
    private static final int STDERR = 2;

    /** Takes the pieces of frames. */
    @FunctionalInterface
    interface Frames {

        /** @param last whether the frame ends with this piece */
        void piece(OutputStreamKind kind, byte[] bytes, boolean last);
    }

    private final ByteBuffer header = ByteBuffer.allocate(HEADER);
    private OutputStreamKind kind = OutputStreamKind.STDOUT;
    private long remaining;

    void decode(ByteBuffer bytes, Frames frames) {
        while (bytes.hasRemaining()) {
            if (remaining == 0) {
                if (!readHeader(bytes)) {
                    return;
                }
                if (remaining == 0) {
                    frames.piece(kind, new byte[0], true);
                }
            } else {
                byte[] piece = new byte[(int) Math.min(remaining, bytes.remaining())];
                bytes.get(piece);
                remaining -= piece.length;
                frames.piece(kind, piece, remaining == 0);
            }
        }
    }

    private boolean readHeader(ByteBuffer bytes) {
        while (header.hasRemaining() && bytes.hasRemaining()) {
            header.put(bytes.get());
        }
        if (header.hasRemaining()) {
            return false;
        }
        header.flip();
        kind = header.get(0) == STDERR ? OutputStreamKind.STDERR : OutputStreamKind.STDOUT;
        remaining = header.getInt(4) & 0xFFFF_FFFFL;
        header.clear();
        return true;
    }
}
