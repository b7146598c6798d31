package dev.flynn.router;

import dev.flynn.router.message.Head;
import dev.flynn.router.message.Trailers;
import io.netty.buffer.ByteBuf;

/** Hears what a {@link BackendSide} does with a request. */
interface BackendListener {

    /** A response that is not the last one, such as {@code 100} or {@code 103}; its content is good during the call. */
    void interimResponse(Head head);

    /**
     * The response begins.
     *
     * @param head its content is good during the call
     * @param framing how the backend delimits the body
     */
    void responseHead(Head head, long framing);

    /** A piece of the response's body, which the listener releases. */
    void responseData(ByteBuf data);

    /** Nothing more is there for now. */
    void flushResponse();

    void responseEnd(Trailers trailers);

    /** The backend answers 101: the connection is no longer one of HTTP. */
    void upgraded(Head head, BackendConnection connection);

    /** More of the request can be taken. */
    void backendWritable();

    /** The backend takes no more of the request; it may have answered all the same. */
    void backendStoppedReading();

    /** The connection ended, or what came over it was no HTTP. */
    void backendFailed(String reason);
}
