package dev.flynn.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.jspecify.annotations.Nullable;

/** Bytes that were received and not yet read. */
final class Pending {

    private Pending() {}

    /**
     * Puts what came behind what is there, in room that reading has freed where possible.
     *
     * @param held released if it is not the result
     * @param added released if it is not the result
     */
    static ByteBuf append(ByteBufAllocator allocator, @Nullable ByteBuf held, ByteBuf added) {
        if (held == null) {
            return added;
        }
        ByteBuf joined = held;
        if (held.refCnt() == 1 && !held.isReadOnly()) {
            if (held.writableBytes() < added.readableBytes()) {
                held.discardReadBytes();
            }
        } else {
            // slices of it are still on their way
            joined = allocator.buffer(held.readableBytes() + added.readableBytes());
            joined.writeBytes(held);
            held.release();
        }
        joined.writeBytes(added);
        added.release();
        return joined;
    }
}
