package dev.flynn.link;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;

/**
 * A frame on its way out.
 *
 * <p>Written on the connection's event loop, so that it may take its number there.
 */
abstract class Outgoing {

    static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    /** How many bytes it keeps in memory while it waits. */
    int weight() {
        return payload().remaining() + 64;
    }

    /** What ends the frame; may be large. */
    ByteBuffer payload() {
        return NOTHING;
    }

    /**
     * Writes type, number and whatever comes before the payload.
     *
     * @return whether the frame is still wanted; nothing was written if not
     */
    abstract boolean writeHead(Connection connection, ByteBuf out);

    /** It still waits to be sent; a call may be late by now. */
    void stillWaits(long nowNanos, String host) {}

    /** It will never be sent, because the connection is gone. */
    void lost(RuntimeException why) {}
}
