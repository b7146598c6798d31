package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** An answer of the router's own. */
public interface Answer {

    int status();

    /** The same with a page that the operator gave, if it has a page at all. */
    default Answer orPage(byte[] page) {
        return this;
    }

    /**
     * The answer in the form of HTTP/1.1.
     *
     * @param form what the client wants to see
     * @param bodyless whether only the head is wanted
     */
    ByteBuf response(
            AnswerForm form, boolean bodyless, ResponseHeadWriter.Connection connection, ByteBufAllocator allocator);
}
