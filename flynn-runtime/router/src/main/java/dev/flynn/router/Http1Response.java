package dev.flynn.router;

import dev.flynn.router.message.Answer;
import dev.flynn.router.message.AnswerForm;
import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Bodies;
import dev.flynn.router.message.Field;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeadBuffer;
import dev.flynn.router.message.HeaderEdits;
import dev.flynn.router.message.RequestHeadWriter;
import dev.flynn.router.message.ResponseHeadWriter;
import dev.flynn.router.message.Trailers;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The answers on an HTTP/1.1 connection, one after the other: their framing, and whether the connection outlives them. */
final class Http1Response implements ClientSide {

    private static final byte[] TRAILERS = Ascii.bytes("trailers");

    /** Bodies of so many bytes are copied behind the head: that costs less than to have the system gather the two. */
    private static final int MAX_JOINED_BYTES = 4096;

    private final ClientConnection connection;
    private final RouterLoop loop;
    private final RouterCore core;
    private final RequestTrace trace = new RequestTrace();
    private boolean http10;
    private boolean upgrade;
    private boolean expectsContinue;
    private boolean acceptsTrailers;
    private boolean keepAlive;
    private boolean chunked;
    private boolean endsWithConnection;

    /** A head that waits for a moment for the body that came with it. */
    private @Nullable ByteBuf unsent;

    Http1Response(ClientConnection connection, RouterLoop loop) {
        this.connection = connection;
        this.loop = loop;
        this.core = loop.core();
    }

    /** Begins with the next request. */
    void begin(Head request) {
        http10 = request.isHttp10();
        upgrade = RequestHeadWriter.asksForUpgrade(request);
        expectsContinue = request.indexOf(Field.EXPECT) >= 0;
        keepAlive =
                !upgrade && !request.connectionHas(Head.CLOSE) && (!http10 || request.connectionHas(Head.KEEP_ALIVE));
        acceptsTrailers = acceptsTrailers(request);
        chunked = false;
        endsWithConnection = false;
    }

    @Override
    public RequestTrace trace() {
        return trace;
    }

    @Override
    public ByteBufAllocator alloc() {
        return context().alloc();
    }

    @Override
    public void resume() {
        connection.resume();
    }

    @Override
    public void writeInterim(Head head) {
        if (!http10) {
            HeadBuffer out = loop.headBuffer();
            ResponseHeadWriter.write(head, false, ResponseHeadWriter.Connection.UNSAID, HeaderEdits.NONE, null, out);
            context().writeAndFlush(out.toBuffer(alloc(), 0), context().voidPromise());
        }
    }

    @Override
    public void writeHead(Head head, long framing, HeaderEdits edits, @Nullable String cookie) {
        boolean untold = framing < 0;
        chunked = untold && !http10;
        endsWithConnection = untold && http10;
        boolean restMayNotCome = !connection.hasWholeRequest() && (expectsContinue || head.status() >= 300);
        if (endsWithConnection || restMayNotCome || core.isClosing()) {
            keepAlive = false;
        }
        HeadBuffer out = loop.headBuffer();
        ResponseHeadWriter.write(head, chunked, connectionField(), edits, cookie, out);
        boolean joins = framing > 0 && framing <= MAX_JOINED_BYTES;
        unsent = out.toBuffer(alloc(), joins ? (int) framing : 0);
        connection.waitForever();
    }

    @Override
    public void expectMore(Duration within) {
        connection.expectMore(within);
    }

    @Override
    public void writeData(ByteBuf data) {
        if (unsent != null && !chunked && data.readableBytes() <= unsent.writableBytes()) {
            unsent.writeBytes(data);
            data.release();
            return;
        }
        writeUnsent();
        Bodies.write(context(), data, chunked);
    }

    @Override
    public void writeEnd(Trailers trailers) {
        writeUnsent();
        Bodies.writeEnd(context(), chunked, acceptsTrailers ? trailers : Trailers.NONE);
    }

    @Override
    public void flush() {
        writeUnsent();
        context().flush();
    }

    private void writeUnsent() {
        ByteBuf head = unsent;
        if (head != null) {
            unsent = null;
            context().write(head, context().voidPromise());
        }
    }

    /** The connection ends: what is not on its way will never be. */
    void drop() {
        if (unsent != null) {
            unsent.release();
            unsent = null;
        }
    }

    @Override
    public void answer(Answer page, AnswerForm form, boolean headOnly) {
        keepAlive = keepAlive && connection.hasWholeRequest() && !core.isClosing();
        context()
                .writeAndFlush(
                        page.response(form, headOnly, connectionField(), alloc()),
                        context().voidPromise());
    }

    @Override
    public void awaitRestOfRequest() {
        connection.awaitRestOfRequest(keepAlive);
    }

    @Override
    public void exchangeDone() {
        connection.exchangeDone(keepAlive);
    }

    @Override
    public void breakOff() {
        writeUnsent();
        if (endsWithConnection) {
            connection.abort();
        } else {
            connection.breakOff();
        }
    }

    @Override
    public void abort() {
        connection.abort();
    }

    @Override
    public void beginTunnel(
            Head head,
            HeaderEdits edits,
            @Nullable String cookie,
            BackendConnection backend,
            @Nullable Duration idle,
            Runnable ended) {
        HeadBuffer out = loop.headBuffer();
        ResponseHeadWriter.write(head, false, ResponseHeadWriter.Connection.UNSAID, edits, cookie, out);
        context().write(out.toBuffer(alloc(), 0), context().voidPromise());
        context().channel().closeFuture().addListener(closed -> ended.run());
        connection.beginTunnel(backend, idle, trace());
    }

    /** Trailers go to who asked for them only (RFC 9110, section 6.5.1). */
    private static boolean acceptsTrailers(Head request) {
        for (int i = request.indexOf(Field.TE); i >= 0; i = request.indexOf(Field.TE, i + 1)) {
            if (Ascii.containsIgnoreCase(request.bytes(), request.valueStart(i), request.valueEnd(i), TRAILERS)) {
                return true;
            }
        }
        return false;
    }

    private ResponseHeadWriter.Connection connectionField() {
        if (!keepAlive) {
            return ResponseHeadWriter.Connection.CLOSE;
        }
        return http10 ? ResponseHeadWriter.Connection.KEEP_ALIVE : ResponseHeadWriter.Connection.UNSAID;
    }

    private ChannelHandlerContext context() {
        return connection.context();
    }
}
