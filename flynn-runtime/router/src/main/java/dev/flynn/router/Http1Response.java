package dev.flynn.router;

import dev.flynn.router.message.Answer;
import dev.flynn.router.message.AnswerForm;
import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Bodies;
import dev.flynn.router.message.Field;
import dev.flynn.router.message.Head;
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

    private final ClientConnection connection;
    private final RouterCore core;
    private final RequestTrace trace = new RequestTrace();
    private boolean http10;
    private boolean upgrade;
    private boolean expectsContinue;
    private boolean acceptsTrailers;
    private boolean keepAlive;
    private boolean chunked;
    private boolean endsWithConnection;

    Http1Response(ClientConnection connection, RouterCore core) {
        this.connection = connection;
        this.core = core;
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
            ByteBuf out = alloc().buffer(256);
            ResponseHeadWriter.write(head, false, ResponseHeadWriter.Connection.UNSAID, HeaderEdits.NONE, null, out);
            context().writeAndFlush(out, context().voidPromise());
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
        ByteBuf out = alloc().buffer(512);
        ResponseHeadWriter.write(head, chunked, connectionField(), edits, cookie, out);
        context().write(out, context().voidPromise());
        connection.waitForever();
    }

    @Override
    public void expectMore(Duration within) {
        connection.expectMore(within);
    }

    @Override
    public void writeData(ByteBuf data) {
        Bodies.write(context(), data, chunked);
    }

    @Override
    public void writeEnd(Trailers trailers) {
        Bodies.writeEnd(context(), chunked, acceptsTrailers ? trailers : Trailers.NONE);
    }

    @Override
    public void flush() {
        context().flush();
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
        ByteBuf out = alloc().buffer(512);
        ResponseHeadWriter.write(head, false, ResponseHeadWriter.Connection.UNSAID, edits, cookie, out);
        context().write(out, context().voidPromise());
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
