package dev.flynn.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;

/** An answer of the router's own. */
interface Answer {

    /**
     * The answer in the form of HTTP/1.1.
     *
     * @param asHtml whether a person with a browser asks
     * @param bodyless whether only the head is wanted
     */
    ByteBuf response(
            boolean asHtml, boolean bodyless, ResponseHeadWriter.Connection connection, ByteBufAllocator allocator);
}
