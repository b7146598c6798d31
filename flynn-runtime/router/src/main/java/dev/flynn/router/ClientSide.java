package dev.flynn.router;

import dev.flynn.router.message.Answer;
import dev.flynn.router.message.AnswerForm;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeaderEdits;
import dev.flynn.router.message.Trailers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Who asked, as an {@link Exchange} sees it: an HTTP/1.1 connection at its present request, or a stream of HTTP/2. */
interface ClientSide {

    ByteBufAllocator alloc();

    /** For the request that begins now. */
    RequestTrace trace();

    /** Takes up reading where it was left, if the exchange is ready for more; sends what the request has. */
    void resume();

    /** Writes a response that is not the last one, such as {@code 100} or {@code 103}, to who understands it. */
    void writeInterim(Head head);

    /**
     * Writes the head of the response; from now on the backend may take its time.
     *
     * @param framing how the backend delimits the body
     * @param edits of the fields that the backend sent
     * @param cookie the value of a {@code Set-Cookie} field to add
     */
    void writeHead(Head head, long framing, HeaderEdits edits, @Nullable String cookie);

    /** More of the response has to come within that time, unless it is the client who does not read. */
    void expectMore(Duration within);

    /** Writes a piece of the response's body, which it releases. */
    void writeData(ByteBuf data);

    /** Ends the response; with these trailers, if the client understands them. */
    void writeEnd(Trailers trailers);

    /** Sends what was written. */
    void flush();

    /** Writes and sends an answer of the router's own. */
    void answer(Answer page, AnswerForm form, boolean headOnly);

    /** The response is complete and the request is not. */
    void awaitRestOfRequest();

    /** Request and response are complete. */
    void exchangeDone();

    /** Ends the response before its time, in a way that cannot be taken for its regular end. */
    void breakOff();

    /** Ends everything at once. */
    void abort();

    /**
     * Passes an answer to an upgrade on, and joins the client with the backend for good.
     *
     * @param idle for which both may be silent; null for any time
     * @param ended runs when the client has gone
     */
    void beginTunnel(
            Head head,
            HeaderEdits edits,
            @Nullable String cookie,
            BackendConnection backend,
            @Nullable Duration idle,
            Runnable ended);
}
