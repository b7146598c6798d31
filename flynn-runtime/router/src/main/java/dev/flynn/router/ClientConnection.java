package dev.flynn.router;

import dev.flynn.router.message.AnswerForm;
import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.Entrance;
import dev.flynn.router.message.ErrorPage;
import dev.flynn.router.message.Framing;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.Hop;
import dev.flynn.router.message.RequestTarget;
import dev.flynn.router.message.ResponseHeadWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.CodecException;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client's connection: reads requests and starts an {@link Exchange} for each, one after the other. */
final class ClientConnection extends ChannelInboundHandlerAdapter implements LoopClient {

    private static final Logger log = LoggerFactory.getLogger(ClientConnection.class);

    /** What may wait for a backend, or behind a request in flight, before the client is no longer read. */
    private static final int MAX_WAITING_BYTES = 64 * 1024;

    private enum Phase {
        HEAD,
        BODY,
        /** The request is complete and its exchange is not. */
        RESPONSE,
        /** Everything was said to the client; what it still sends is read and dropped, so that it can read the answer. */
        DRAIN,
        /** The connection belongs to a tunnel, or is closed. */
        ENDED
    }

    private final RouterLoop loop;
    private final boolean ownPort;
    private final RequestBytes received;
    private final Consumer<ByteBuf> bodySink = this::forward;
    private final Http1Response response;
    private Phase phase = Phase.HEAD;
    private @Nullable ChannelHandlerContext context;
    private @Nullable Hop hop;
    private @Nullable Exchange exchange;
    private boolean processing;
    private final Deadline deadline;

    ClientConnection(RouterLoop loop, boolean ownPort, boolean tls) {
        this.loop = loop;
        this.ownPort = ownPort;
        this.response = new Http1Response(this, loop);
        this.deadline = new Deadline(loop, this::timeOut);
        this.received = new RequestBytes(loop.core().config().maxHeadBytes(), !tls);
    }

    ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not connected");
        }
        return context;
    }

    // ---- what the response says

    boolean hasWholeRequest() {
        return phase != Phase.BODY;
    }

    /** Takes up reading where it was left, if the exchange is ready for more; sends what the request has. */
    void resume() {
        process();
    }

    /** The response has begun: its backend may take its time. */
    void waitForever() {
        deadline.never();
    }

    /** More of the response has to come within that time, unless it is the client who does not read. */
    void expectMore(Duration within) {
        if (context().channel().isWritable()) {
            expect(within);
        }
    }

    /** The response is complete and the request is not. */
    void awaitRestOfRequest(boolean keepAlive) {
        expect(loop.core().config().linger());
        if (!keepAlive) {
            endOutput();
        }
        process();
    }

    void exchangeDone(boolean keepAlive) {
        exchange = null;
        if (!keepAlive) {
            if (received.isEmpty()) {
                closeAfterWriting();
            } else {
                drain();
            }
            return;
        }
        phase = Phase.HEAD;
        expect(loop.core().config().clientIdle());
        if (loop.core().isClosing()) {
            closeWhenIdle();
        }
        process();
    }

    /** Ends the connection once everything is sent, in the midst of a body whose framing shows that. */
    void breakOff() {
        endExchange();
        drain();
    }

    /** Ends the connection at once, with a reset that cannot be taken for the regular end of a body. */
    @Override
    public void abort() {
        endExchange();
        phase = Phase.ENDED;
        Channel channel = context().channel();
        if (channel.isActive()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        }
        channel.close();
    }

    /** Joins this connection and the backend's for good. */
    void beginTunnel(BackendConnection backend, @Nullable Duration idle, Tunnel.Counts counts) {
        exchange = null;
        phase = Phase.ENDED;
        deadline.never();
        Tunnel.join(context(), received.surrender(), backend.context(), backend.surrender(), idle, counts);
    }

    // ---- what the loop says

    @Override
    public boolean isLate(long now) {
        return deadline.isOver(now);
    }

    @Override
    public void timeOut() {
        deadline.never();
        switch (phase) {
            case HEAD -> {
                if (received.isWithinHead()) {
                    refuse(new BadMessage(408, "the head took too long"));
                } else {
                    context().close();
                }
            }
            case BODY, RESPONSE -> {
                if (exchange != null && !exchange.hasStartedResponse()) {
                    exchange.timeOut();
                } else if (exchange != null && exchange.isAnswered()) {
                    context().close();
                } else {
                    abort();
                }
            }
            case DRAIN -> context().close();
            case ENDED -> abort();
        }
    }

    /**
     * A request may be on its way, and its client would never know whether somebody has seen it: so the connection waits for a
     * moment, and a request that comes is answered as the last one.
     */
    @Override
    public void closeWhenIdle() {
        if (isIdle()) {
            var unused = context()
                    .executor()
                    .schedule(
                            this::closeIfIdle,
                            loop.core().config().lastRequest().toMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    private void closeIfIdle() {
        if (isIdle()) {
            closeAfterWriting();
        }
    }

    private boolean isIdle() {
        return phase == Phase.HEAD && !received.isWithinHead();
    }

    // ---- what the channel says

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        loop.add(this);
        ctx.channel().closeFuture().addListener(closed -> loop.remove(this));
        expect(loop.core().config().headTimeout());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (phase == Phase.DRAIN || phase == Phase.ENDED) {
            in.release();
            return;
        }
        if (phase == Phase.BODY && exchange != null) {
            refreshDeadline(exchange);
        }
        received.append(ctx.alloc(), in);
        process();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        boolean writable = ctx.channel().isWritable();
        if (exchange == null) {
            if (writable) {
                process();
            }
            return;
        }
        if (exchange.hasStartedResponse() && !exchange.isAnswered()) {
            if (writable) {
                deadline.never();
            } else {
                expect(loop.core().config().responseTimeout());
            }
        }
        exchange.clientWritable(writable);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == SslHandshakeCompletionEvent.SUCCESS && phase == Phase.HEAD) {
            SslHandler handshaken = ctx.pipeline().get(SslHandler.class);
            if (handshaken != null && ApplicationProtocolNames.HTTP_2.equals(handshaken.applicationProtocol())) {
                goOnInHttp2();
            }
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        phase = Phase.ENDED;
        deadline.never();
        endExchange();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.atDebug()
                .addKeyValue("client", ctx.channel().remoteAddress())
                .setCause(cause)
                .log("connection failed");
        if (cause instanceof RuntimeException && !(cause instanceof CodecException) && phase != Phase.ENDED) {
            log.atError().setCause(cause).log("a request failed by a defect of the router");
        }
        endExchange();
        ctx.close();
    }

    // ---- reading

    private void process() {
        if (processing) {
            return;
        }
        processing = true;
        try {
            boolean goesOn = true;
            while (goesOn) {
                goesOn = advance();
            }
        } catch (BadMessage fault) {
            if (phase == Phase.HEAD || phase == Phase.BODY) {
                refuse(fault);
            }
        } finally {
            processing = false;
        }
        if (exchange != null) {
            exchange.flushRequest();
        }
        controlReading();
    }

    /** @return false when more bytes, or the exchange, have to come first */
    private boolean advance() throws BadMessage {
        return switch (phase) {
            case HEAD -> readHead();
            case BODY -> readBody();
            case RESPONSE, DRAIN, ENDED -> false;
        };
    }

    private boolean readHead() throws BadMessage {
        if (!context().channel().isWritable()) {
            return false;
        }
        boolean wasWithinHead = received.isWithinHead();
        switch (received.next()) {
            case NOTHING -> {
                return false;
            }
            case PART_OF_HEAD -> {
                if (!wasWithinHead) {
                    expect(loop.core().config().headTimeout());
                }
                return false;
            }
            case HTTP_2 -> {
                goOnInHttp2();
                return false;
            }
            case HEAD -> {
                startExchange();
                return true;
            }
        }
        return false;
    }

    private void startExchange() throws BadMessage {
        Head head = loop.requestHead();
        received.readHead(head);
        long framing = Framing.ofRequest(head);
        RequestTarget target = RequestTarget.of(head);
        received.beginBody(framing);
        phase = framing == 0 ? Phase.RESPONSE : Phase.BODY;
        response.begin(head);
        Exchange started = new Exchange(response, loop, head, framing);
        exchange = started;
        started.start(head, target, hop());
        if (exchange == started && !started.hasStartedResponse()) {
            expect(started.responsePatience());
        }
    }

    private void goOnInHttp2() {
        phase = Phase.ENDED;
        deadline.never();
        Http2ClientConnection.takeOver(context(), loop, hop(), received.surrender());
        loop.remove(this);
    }

    private boolean readBody() throws BadMessage {
        Exchange current = exchange;
        if (received.isEmpty() || current == null || !current.acceptsRequestData()) {
            return false;
        }
        boolean done = received.readBody(bodySink);
        if (phase != Phase.BODY) {
            return false; // the response was broken off because of this very body
        }
        if (done) {
            phase = Phase.RESPONSE;
            current.requestEnd(received.trailers());
        }
        return done;
    }

    private void forward(ByteBuf data) {
        if (exchange == null) {
            data.release();
        } else {
            exchange.requestData(data);
        }
    }

    /** A request whose body moves on is not late, unless it was answered and nobody takes the rest. */
    private void refreshDeadline(Exchange current) {
        if (!current.hasStartedResponse()) {
            expect(current.responsePatience());
        } else if (current.isAnswered() && !current.discardsRequest()) {
            expect(loop.core().config().linger());
        }
    }

    private void controlReading() {
        Channel channel = context().channel();
        boolean reading = switch (phase) {
            case HEAD -> channel.isWritable() || received.waiting() < MAX_WAITING_BYTES;
            case DRAIN -> true;
            case BODY -> (exchange != null && exchange.acceptsRequestData()) || received.waiting() < MAX_WAITING_BYTES;
            case RESPONSE -> received.waiting() < MAX_WAITING_BYTES;
            case ENDED -> channel.config().isAutoRead();
        };
        if (channel.config().isAutoRead() != reading) {
            channel.config().setAutoRead(reading);
        }
    }

    // ---- ending

    private void refuse(BadMessage fault) {
        log.atDebug()
                .addKeyValue("client", context().channel().remoteAddress())
                .addKeyValue("fault", fault.getMessage())
                .log("bad request");
        if (exchange != null && exchange.hasStartedResponse()) {
            abort();
            return;
        }
        endExchange();
        ByteBuf answer = ErrorPage.of(fault)
                .response(
                        AnswerForm.TEXT,
                        false,
                        ResponseHeadWriter.Connection.CLOSE,
                        context().alloc());
        context().writeAndFlush(answer, context().voidPromise());
        drain();
    }

    /** Says that nothing more will come, and reads on, because closing on unread bytes may destroy what was sent. */
    private void drain() {
        received.drop();
        phase = Phase.DRAIN;
        expect(loop.core().config().linger());
        endOutput();
        controlReading();
    }

    private void endOutput() {
        context()
                .writeAndFlush(Unpooled.EMPTY_BUFFER)
                .addListener(sent -> HalfClose.endOutput(context().channel()));
    }

    private void closeAfterWriting() {
        phase = Phase.ENDED;
        expect(loop.core().config().responseTimeout());
        context().writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }

    private void endExchange() {
        received.drop();
        response.drop();
        Exchange ending = exchange;
        exchange = null;
        if (ending != null) {
            ending.cancel();
        }
    }

    private void expect(Duration within) {
        deadline.in(within);
    }

    private Hop hop() {
        if (hop == null) {
            Channel channel = context().channel();
            int port = ((InetSocketAddress) channel.localAddress()).getPort();
            hop = Hop.of(ProxyHeaderReader.client(channel), new Entrance(port, ownPort), tlsVersion(channel));
        }
        return hop;
    }

    private static String tlsVersion(Channel channel) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        return handler == null ? "" : handler.engine().getSession().getProtocol();
    }
}
