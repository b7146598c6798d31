package dev.flynn.router;

import dev.flynn.router.message.Answer;
import dev.flynn.router.message.AnswerForm;
import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.ErrorPage;
import dev.flynn.router.message.Framing;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeadScanner;
import dev.flynn.router.message.HeaderEdits;
import dev.flynn.router.message.Http2Heads;
import dev.flynn.router.message.RequestTarget;
import dev.flynn.router.message.ResponseHeadWriter;
import dev.flynn.router.message.Trailers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One request of an HTTP/2 connection and its response. */
final class Http2ClientStream implements ClientSide {

    private final Http2ClientConnection connection;
    private final Http2Stream stream;
    private final RequestTrace trace = new RequestTrace();
    private @Nullable Exchange exchange;

    /** Null for other requests. */
    private @Nullable Http2WebSocket webSocket;

    /** What came before the backend could take it; the client was not yet told that it may send as much again. */
    private @Nullable ByteBuf waiting;

    private Trailers trailers = Trailers.NONE;
    private boolean requestEnded;
    private boolean responseEnded;
    private boolean writable = true;

    /** Of a body whose length is known, so that its last piece ends the stream. */
    private long remaining = -1;

    /** When the last piece of the response is sent. */
    private @Nullable ChannelFuture responseSent;

    private final Deadline deadline;

    Http2ClientStream(Http2ClientConnection connection, Http2Stream stream) {
        this.connection = connection;
        this.stream = stream;
        this.deadline = new Deadline(connection.loop(), this::timeOut);
    }

    // ---- what the connection says

    void begin(Http2Headers headers, boolean endOfStream) {
        requestEnded = endOfStream;
        Head head = connection.loop().requestHead();
        if (!read(headers, head)) {
            return;
        }
        try {
            long framing = webSocket == null ? Http2Heads.framing(head, endOfStream) : 0;
            RequestTarget target = RequestTarget.of(head);
            Exchange started = new Exchange(this, connection.loop(), head, framing);
            exchange = started;
            started.start(head, target, connection.hop());
            if (exchange == started && !started.hasStartedResponse()) {
                deadline.in(started.responsePatience());
            }
        } catch (BadMessage fault) {
            connection.logRefusal(fault);
            refuse(ErrorPage.of(fault));
        }
    }

    /** @return how many of the bytes were passed on */
    int data(ByteBuf data, boolean endOfStream) {
        int length = data.readableBytes();
        requestEnded |= endOfStream;
        Http2Tunnel tunnel = tunnel();
        if (tunnel != null) {
            connection.flushRequestSoon(this);
            return tunnel.data(data, endOfStream);
        }
        Exchange current = exchange;
        if (current == null) {
            return length;
        }
        refreshDeadline(current);
        int passed = 0;
        if (length > 0) {
            if (waiting == null && acceptsData(current)) {
                current.requestData(data.retain());
                passed = length;
            } else {
                waiting = waiting == null
                        ? alloc().buffer(length).writeBytes(data)
                        : Pending.append(alloc(), waiting, data.retain());
            }
        }
        if (requestEnded && waiting == null && webSocket == null) {
            current.requestEnd(trailers);
        }
        connection.flushRequestSoon(this);
        return passed;
    }

    /** What follows a wish for a WebSocket is not for HTTP. */
    private boolean acceptsData(Exchange current) {
        return webSocket == null ? current.acceptsRequestData() : current.discardsRequest();
    }

    private @Nullable Http2Tunnel tunnel() {
        return webSocket == null ? null : webSocket.tunnel();
    }

    void trailers(Http2Headers headers) {
        requestEnded = true;
        try {
            trailers = Http2Heads.trailers(headers);
        } catch (BadMessage fault) {
            connection.logRefusal(fault);
            reset(Http2Error.PROTOCOL_ERROR);
            return;
        }
        if (webSocket != null) {
            reset(Http2Error.PROTOCOL_ERROR);
        } else if (exchange != null && waiting == null) {
            exchange.requestEnd(trailers);
            connection.flushRequestSoon(this);
        }
    }

    void flushRequest() {
        Http2Tunnel tunnel = tunnel();
        if (tunnel != null) {
            tunnel.flushToBackend();
        } else if (exchange != null) {
            exchange.flushRequest();
        }
    }

    void writabilityChanged(boolean nowWritable) {
        if (nowWritable == writable) {
            return;
        }
        writable = nowWritable;
        Http2Tunnel tunnel = tunnel();
        if (tunnel != null) {
            tunnel.clientWritable(nowWritable);
            return;
        }
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        if (current.hasStartedResponse() && !current.isAnswered()) {
            if (writable) {
                deadline.never();
            } else {
                deadline.in(config().responseTimeout());
            }
        }
        current.clientWritable(writable);
    }

    /** Ends the stream without another word to the client. */
    void end() {
        stream.close();
    }

    /** The stream is over, for whatever reason. */
    void closed() {
        dropWaiting();
        Exchange ending = exchange;
        exchange = null;
        deadline.never();
        if (ending != null) {
            ending.cancel();
        }
        Http2Tunnel tunnel = tunnel();
        if (tunnel != null) {
            tunnel.closed();
        }
    }

    boolean isLate(long now) {
        return deadline.isOver(now);
    }

    void timeOut() {
        deadline.never();
        if (exchange != null && !exchange.hasStartedResponse()) {
            exchange.timeOut();
        } else {
            reset(Http2Error.CANCEL);
        }
    }

    // ---- what the exchange says

    @Override
    public RequestTrace trace() {
        return trace;
    }

    @Override
    public ByteBufAllocator alloc() {
        return connection.context().alloc();
    }

    @Override
    public void resume() {
        Exchange current = exchange;
        ByteBuf data = waiting;
        if (current == null) {
            return;
        }
        if (data != null && acceptsData(current)) {
            waiting = null;
            int length = data.readableBytes();
            current.requestData(data);
            if (requestEnded && webSocket == null) {
                current.requestEnd(trailers);
            }
            connection.consumed(stream, length);
        }
        if (exchange != null) {
            exchange.flushRequest();
        }
    }

    @Override
    public void writeInterim(Head head) {
        connection.writeHeaders(stream, Http2Heads.response(head, HeaderEdits.NONE, null), false);
        flush();
    }

    @Override
    public void writeHead(Head head, long framing, HeaderEdits edits, @Nullable String cookie) {
        remaining = framing > 0 ? framing : -1;
        responseEnded = framing == 0 || framing == Framing.EMPTY;
        deadline.never();
        Http2Headers headers = Http2Heads.response(head, edits, cookie);
        if (webSocket != null && head.status() < 300) {
            headers.status(Http2Heads.BAD_GATEWAY);
        }
        responseSent = connection.writeHeaders(stream, headers, responseEnded);
        writabilityChanged(connection.isWritable(stream));
    }

    @Override
    public void expectMore(Duration within) {
        if (writable) {
            deadline.in(within);
        }
    }

    @Override
    public void writeData(ByteBuf data) {
        if (remaining > 0) {
            remaining -= data.readableBytes();
            responseEnded = remaining == 0;
        }
        responseSent = connection.writeData(stream, data, responseEnded);
        writabilityChanged(connection.isWritable(stream));
    }

    @Override
    public void writeEnd(Trailers ofResponse) {
        if (responseEnded) {
            return;
        }
        responseEnded = true;
        if (ofResponse.isEmpty()) {
            responseSent = connection.writeData(stream, Unpooled.EMPTY_BUFFER, true);
        } else {
            responseSent = connection.writeHeaders(stream, Http2Heads.trailers(ofResponse), true);
        }
    }

    @Override
    public void flush() {
        connection.flushSoon();
    }

    @Override
    public void answer(Answer page, AnswerForm form, boolean headOnly) {
        ByteBuf answer = page.response(form, headOnly, ResponseHeadWriter.Connection.UNSAID, alloc());
        try {
            Head head = new Head();
            head.readResponse(answer, new HeadScanner(answer.readableBytes() + 1).find(answer));
            responseEnded = true;
            boolean hasBody = answer.isReadable();
            responseSent = connection.writeHeaders(stream, Http2Heads.response(head, HeaderEdits.NONE, null), !hasBody);
            if (hasBody) {
                responseSent = connection.writeData(stream, answer.retain(), true);
            }
            flush();
        } catch (BadMessage impossible) {
            throw new IllegalStateException(impossible);
        } finally {
            answer.release();
        }
    }

    @Override
    public void awaitRestOfRequest() {
        deadline.in(config().linger());
        resume();
        if (exchange != null && exchange.discardsRequest()) {
            stopRequest();
        }
    }

    @Override
    public void exchangeDone() {
        exchange = null;
        dropWaiting();
        deadline.never();
        if (!requestEnded) {
            stopRequest();
        }
    }

    @Override
    public void breakOff() {
        reset(Http2Error.INTERNAL_ERROR);
    }

    @Override
    public void abort() {
        reset(Http2Error.CANCEL);
    }

    @Override
    public void beginTunnel(
            Head head,
            HeaderEdits edits,
            @Nullable String cookie,
            BackendConnection backend,
            @Nullable Duration idle,
            Runnable ended) {
        exchange = null;
        deadline.never();
        backend.context().channel().closeFuture().addListener(closed -> ended.run());
        if (webSocket == null || !webSocket.begin(connection, stream, head, edits, cookie, backend, idle, trace)) {
            dropWaiting();
            refuse(ErrorPage.SERVICE_UNAVAILABLE);
            return;
        }
        Http2Tunnel tunnel = tunnel();
        ByteBuf early = waiting == null ? Unpooled.EMPTY_BUFFER : waiting;
        waiting = null;
        if (tunnel != null) {
            connection.consumed(stream, tunnel.data(early, requestEnded));
        }
        early.release();
        connection.flushRequestSoon(this);
    }

    // ---- inside

    /** Reads the head, or resets the stream if that is malformed (RFC 9113, section 8.1.1). */
    private boolean read(Http2Headers headers, Head head) {
        ByteBuf text = alloc().buffer(512);
        try {
            webSocket = Http2WebSocket.askedFor(headers);
            Http2Heads.writeRequest(headers, webSocket == null ? null : webSocket.key(), text);
            head.readRequest(text, text.readableBytes());
            return true;
        } catch (BadMessage fault) {
            connection.logRefusal(fault);
            if (fault.status() == 400) {
                reset(Http2Error.PROTOCOL_ERROR);
            } else {
                refuse(ErrorPage.of(fault));
            }
            return false;
        } finally {
            text.release();
        }
    }

    private void refuse(Answer page) {
        answer(page, AnswerForm.TEXT, false);
        if (!requestEnded) {
            stopRequest();
        }
    }

    /** Once the response is sent, tells the client that the rest of its request is not wanted (RFC 9113, section 8.1). */
    private void stopRequest() {
        if (responseSent != null) {
            responseSent.addListener(sent -> {
                if (!requestEnded) {
                    connection.reset(stream, Http2Error.NO_ERROR);
                }
            });
        }
    }

    private void refreshDeadline(Exchange current) {
        if (!current.hasStartedResponse()) {
            deadline.in(current.responsePatience());
        } else if (current.isAnswered()) {
            deadline.in(config().linger());
        }
    }

    private void reset(Http2Error error) {
        closed();
        connection.reset(stream, error);
    }

    private void dropWaiting() {
        if (waiting != null) {
            waiting.release();
            waiting = null;
        }
    }

    private RouterConfig config() {
        return connection.loop().core().config();
    }
}
