package dev.flynn.router;

import dev.flynn.router.message.Trailers;
import dev.flynn.router.table.Backend;
import io.netty.buffer.ByteBuf;

/** Who answers a request: an HTTP/1.1 connection to a backend, or a stream of HTTP/2. */
interface BackendSide {

    Backend backend();

    /**
     * Serves one request from now on.
     *
     * @param served hears of the response
     * @param headOnly whether the response will have no body, because {@code HEAD} was asked
     * @param framing of the request's body
     */
    void begin(BackendListener served, boolean headOnly, long framing);

    /** Writes the head of the request, in the form of HTTP/1.1, which it releases. */
    void sendHead(ByteBuf head);

    /** Writes a piece of the request's body, which it releases. */
    void sendData(ByteBuf data);

    /** @param trailers of a body without a length, to who understands them */
    void sendEnd(Trailers trailers);

    void flush();

    /** Whether more of the request's body can be taken now. */
    boolean isWritable();

    /** Whether more of the response is wanted now. */
    void setReading(boolean on);

    /** Whether the connection carried a request before the present one. */
    boolean isReused();

    boolean hasReceivedBytes();

    /** The exchange is over: what can be used again is kept. */
    void release();

    /** The exchange is over before its time. */
    void close();
}
