package dev.flynn.router;

import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.Bodies;
import dev.flynn.router.message.BodyReader;
import dev.flynn.router.message.Framing;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeadScanner;
import dev.flynn.router.message.Trailers;
import dev.flynn.router.table.Backend;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelOutputShutdownEvent;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection to a backend: reads responses, one after the other, for the listener that it serves at the time. */
final class BackendConnection extends ChannelInboundHandlerAdapter implements BackendSide {

    private static final Logger log = LoggerFactory.getLogger(BackendConnection.class);

    private enum Phase {
        IDLE,
        HEAD,
        BODY,
        /** The response is complete and the request perhaps not. */
        ANSWERED
    }

    private final RouterLoop loop;
    private final Backend backend;
    private final HeadScanner scanner;
    private final BodyReader body = new BodyReader();
    private final Consumer<ByteBuf> bodySink = this::forward;
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf pending;
    private @Nullable BackendListener listener;
    private Phase phase = Phase.IDLE;
    private boolean answersHead;
    private boolean chunkedRequest;
    private boolean keepAlive;
    private boolean reused;
    private boolean receivedBytes;
    private boolean failed;
    private long idleSince;

    private BackendConnection(RouterLoop loop, Backend backend) {
        this.loop = loop;
        this.backend = backend;
        this.scanner = new HeadScanner(loop.core().config().maxHeadBytes());
    }

    /** Dials; the outcome is told on the loop's thread. Cancelling the future gives up. */
    static ChannelFuture dial(
            RouterLoop loop,
            Backend backend,
            int patienceMillis,
            Consumer<? super BackendConnection> connected,
            Runnable refused) {
        BackendConnection connection = new BackendConnection(loop, backend);
        ChannelFuture dialing = loop.dialer(patienceMillis).handler(connection).connect(backend.socketAddress());
        dialing.addListener(outcome -> {
            if (outcome.isSuccess()) {
                connected.accept(connection);
            } else {
                log.atDebug()
                        .addKeyValue("backend", backend)
                        .setCause(outcome.cause())
                        .log("dial failed");
                refused.run();
            }
        });
        return dialing;
    }

    @Override
    public Backend backend() {
        return backend;
    }

    @Override
    public void begin(BackendListener served, boolean headOnly, long framing) {
        listener = served;
        answersHead = headOnly;
        chunkedRequest = framing == Framing.CHUNKED;
        phase = Phase.HEAD;
        receivedBytes = false;
        scanner.reset();
    }

    @Override
    public void sendHead(ByteBuf head) {
        context().write(head, context().voidPromise());
    }

    @Override
    public void sendData(ByteBuf data) {
        Bodies.write(context(), data, chunkedRequest);
    }

    /** Without trailers: the contract has the router drop those of requests, and RFC 9112, section 7.1.2, allows it. */
    @Override
    public void sendEnd(Trailers trailers) {
        Bodies.writeEnd(context(), chunkedRequest, Trailers.NONE);
    }

    @Override
    public void flush() {
        context().flush();
    }

    ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not connected");
        }
        return context;
    }

    boolean isActive() {
        return context().channel().isActive();
    }

    @Override
    public boolean isWritable() {
        return context().channel().isWritable();
    }

    @Override
    public boolean isReused() {
        return reused;
    }

    @Override
    public boolean hasReceivedBytes() {
        return receivedBytes;
    }

    long idleNanos(long now) {
        return now - idleSince;
    }

    /** Keeps it for another listener if it is in a state for that, else closes it once everything is sent. */
    @Override
    public void release() {
        listener = null;
        if (!hasSentEverything()) {
            context().flush();
        }
        if (!hasSentEverything()) {
            closeAfterWriting();
        } else if (isReusable()) {
            phase = Phase.IDLE;
            reused = true;
            idleSince = System.nanoTime();
            setReading(true);
            loop.pool().add(this);
        } else {
            close();
        }
    }

    @Override
    public void setReading(boolean on) {
        context().channel().config().setAutoRead(on);
    }

    @Override
    public void close() {
        listener = null;
        context().close();
    }

    /** Gives up the channel to a tunnel; returns what was received beyond the response's head. */
    @Nullable
    ByteBuf surrender() {
        listener = null;
        ByteBuf rest = pending;
        pending = null;
        return rest;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (listener == null || phase == Phase.ANSWERED) {
            in.release();
            keepAlive = false;
            if (listener == null) {
                loop.pool().remove(this);
                ctx.close();
            }
            return;
        }
        receivedBytes = true;
        pending = Pending.append(ctx.alloc(), pending, in);
        try {
            process();
        } catch (BadMessage fault) {
            keepAlive = false;
            if (listener != null) {
                listener.backendFailed("malformed response: " + fault.getMessage());
            }
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (listener != null) {
            listener.flushResponse();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (listener != null && ctx.channel().isWritable()) {
            listener.backendWritable();
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelOutputShutdownEvent.INSTANCE) {
            keepAlive = false;
            if (listener != null) {
                listener.backendStoppedReading();
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        dropPending();
        if (listener == null) {
            loop.pool().remove(this);
            return;
        }
        keepAlive = false;
        if (phase == Phase.BODY && body.endsWithConnection() && !failed) {
            phase = Phase.ANSWERED;
            listener.responseEnd(body.trailers());
        } else {
            listener.backendFailed("connection closed before the response was complete");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed = true;
        log.atDebug().addKeyValue("backend", backend).setCause(cause).log("connection failed");
    }

    private void process() throws BadMessage {
        while (listener != null && pending != null) {
            if (phase == Phase.HEAD) {
                if (!readHead(listener, pending)) {
                    return;
                }
            } else if (phase == Phase.BODY) {
                if (!readBody(pending)) {
                    return;
                }
                phase = Phase.ANSWERED;
                if (listener != null) {
                    listener.responseEnd(body.trailers());
                }
            } else {
                return;
            }
        }
    }

    /** @return false when more bytes have to come first */
    private boolean readBody(ByteBuf in) throws BadMessage {
        if (body.takesAll(in)) {
            pending = null;
            boolean done = body.took(in.readableBytes());
            forward(in);
            return done;
        }
        boolean done = body.read(in, bodySink);
        dropPendingIfEmpty();
        return done;
    }

    /** @return false when more bytes have to come first */
    private boolean readHead(BackendListener served, ByteBuf in) throws BadMessage {
        int length = scanner.find(in);
        if (length < 0) {
            return false;
        }
        Head head = loop.responseHead();
        head.readResponse(in, length);
        dropPendingIfEmpty();
        if (head.status() == 101) {
            served.upgraded(head, this);
        } else if (head.status() < 200) {
            served.interimResponse(head);
        } else {
            long framing = Framing.ofResponse(head, answersHead);
            body.begin(framing);
            keepAlive = framing != Framing.UNTIL_CLOSE && announcesKeepAlive(head);
            phase = Phase.BODY;
            served.responseHead(head, framing);
            if (body.isDone() && listener != null) {
                phase = Phase.ANSWERED;
                listener.responseEnd(body.trailers());
            }
        }
        return true;
    }

    private static boolean announcesKeepAlive(Head head) {
        return head.isHttp10() ? head.connectionHas(Head.KEEP_ALIVE) : !head.connectionHas(Head.CLOSE);
    }

    private void forward(ByteBuf data) {
        if (listener == null) {
            data.release();
        } else {
            listener.responseData(data);
        }
    }

    private boolean isReusable() {
        return keepAlive
                && phase == Phase.ANSWERED
                && pending == null
                && isActive()
                && !failed
                && !backend.isRetired()
                && !loop.core().isClosing();
    }

    private void closeAfterWriting() {
        context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        var unused = context()
                .executor()
                .schedule(this::close, loop.core().config().linger().toMillis(), TimeUnit.MILLISECONDS);
    }

    private boolean hasSentEverything() {
        var outbound = context().channel().unsafe().outboundBuffer();
        return outbound != null && outbound.totalPendingWriteBytes() == 0;
    }

    private void dropPendingIfEmpty() {
        if (pending != null && !pending.isReadable()) {
            dropPending();
        }
    }

    private void dropPending() {
        if (pending != null) {
            pending.release();
            pending = null;
        }
    }
}
