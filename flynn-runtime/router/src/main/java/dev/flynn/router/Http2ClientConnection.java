package dev.flynn.router;

import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.Hop;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCountUtil;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client's connection that speaks HTTP/2: starts an {@link Exchange} for each stream. */
final class Http2ClientConnection extends Http2FrameAdapter implements LoopClient {

    private static final Logger log = LoggerFactory.getLogger(Http2ClientConnection.class);

    private static final long DRAIN_PING = 0x666c796e6eL;

    private static final int DRAIN_PATIENCE_SECONDS = 1;

    /** What a client may send after the end; more than a window, less than a flood. */
    private static final int MAX_DISCARDED_BYTES = 256 * 1024;

    private final RouterLoop loop;
    private final Hop hop;
    private final Http2Connection http2;
    private final Http2Connection.PropertyKey streamKey;
    private final Http2ConnectionHandler handler;
    private final Set<Http2ClientStream> streams = new LinkedHashSet<>();
    private final List<Http2ClientStream> unflushed = new ArrayList<>();
    private final Runnable flush = this::flush;
    private @Nullable ChannelHandlerContext context;
    private boolean flushScheduled;
    private boolean draining;
    private boolean ending;
    private boolean lingering;
    private long idleDeadline;

    private Http2ClientConnection(RouterLoop loop, Hop hop) {
        this.loop = loop;
        this.hop = hop.inHttp2();
        this.http2 = Http2Setup.newConnection(true);
        this.streamKey = http2.newKey();
        http2.addListener(new StreamEnds());
        http2.remote().flowController().listener(this::writabilityChanged);
        this.handler = Http2Setup.server(http2, this, loop.core().config(), this::endOnMistake);
        idleFor(loop.core().config().headTimeout());
    }

    /**
     * Takes over a connection from the handler that found out what the client speaks.
     *
     * @param received the first bytes, if any were read; released
     */
    static void takeOver(ChannelHandlerContext predecessor, RouterLoop loop, Hop hop, @Nullable ByteBuf received) {
        Http2ClientConnection connection = new Http2ClientConnection(loop, hop);
        ChannelPipeline pipeline = predecessor.pipeline();
        pipeline.replace(predecessor.handler(), "http2", connection.handler);
        connection.begin(pipeline.context(connection.handler), received);
    }

    private void begin(ChannelHandlerContext ctx, @Nullable ByteBuf received) {
        context = ctx;
        loop.add(this);
        ctx.channel().closeFuture().addListener(closed -> loop.remove(this));
        try {
            http2.local()
                    .flowController()
                    .incrementWindowSize(http2.connectionStream(), Http2Setup.EXTRA_CONNECTION_WINDOW);
            if (received != null) {
                handler.channelRead(ctx, received);
            }
            handler.channelReadComplete(ctx);
        } catch (Exception e) {
            log.atDebug().setCause(e).log("connection failed");
            ctx.close();
        }
        ctx.channel().config().setAutoRead(true);
        if (loop.core().isClosing()) {
            closeWhenIdle();
        }
    }

    // ---- for its streams

    RouterLoop loop() {
        return loop;
    }

    Hop hop() {
        return hop;
    }

    ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not connected");
        }
        return context;
    }

    ChannelFuture writeHeaders(Http2Stream stream, Http2Headers headers, boolean endOfStream) {
        return handler.encoder()
                .writeHeaders(
                        context(),
                        stream.id(),
                        headers,
                        0,
                        endOfStream,
                        context().newPromise());
    }

    ChannelFuture writeData(Http2Stream stream, ByteBuf data, boolean endOfStream) {
        return handler.encoder()
                .writeData(
                        context(), stream.id(), data, 0, endOfStream, context().newPromise());
    }

    boolean isWritable(Http2Stream stream) {
        return http2.remote().flowController().isWritable(stream);
    }

    /** Lets the client send as much again. */
    void consumed(Http2Stream stream, int bytes) {
        try {
            http2.local().flowController().consumeBytes(stream, bytes);
            flushSoon();
        } catch (Http2Exception e) {
            handler.onError(context(), true, e);
        }
    }

    void reset(Http2Stream stream, Http2Error error) {
        handler.resetStream(context(), stream.id(), error.code(), context().newPromise());
        flushSoon();
    }

    void flushRequestSoon(Http2ClientStream stream) {
        unflushed.add(stream);
        flushSoon();
    }

    /** Sends what was written when the event loop has seen to everything that is ready, so that one packet carries much. */
    void flushSoon() {
        if (!flushScheduled) {
            flushScheduled = true;
            context().executor().execute(flush);
        }
    }

    void logRefusal(BadMessage fault) {
        log.atDebug()
                .addKeyValue("client", context().channel().remoteAddress())
                .addKeyValue("fault", fault.getMessage())
                .log("bad request");
    }

    private void flush() {
        flushScheduled = false;
        List<Http2ClientStream> flushing = new ArrayList<>(unflushed);
        unflushed.clear();
        flushing.forEach(Http2ClientStream::flushRequest);
        handler.flush(context());
    }

    // ---- what the loop says

    @Override
    public boolean isLate(long now) {
        if (streams.isEmpty()) {
            return now - idleDeadline >= 0;
        }
        for (Http2ClientStream stream : streams) {
            if (stream.isLate(now)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public void timeOut() {
        if (streams.isEmpty()) {
            end();
            return;
        }
        long now = System.nanoTime();
        for (Http2ClientStream stream : List.copyOf(streams)) {
            if (stream.isLate(now)) {
                stream.timeOut();
            }
        }
    }

    /**
     * Says first that no further requests are wanted, and only when the client has heard that, which were the last ones: so
     * none that was on its way is lost (RFC 9113, section 6.8).
     */
    @Override
    public void closeWhenIdle() {
        if (draining) {
            return;
        }
        draining = true;
        goAway(Integer.MAX_VALUE);
        handler.encoder().writePing(context(), false, DRAIN_PING, context().newPromise());
        flushSoon();
        var unused = context().executor().schedule(this::end, DRAIN_PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void abort() {
        context().channel().close();
    }

    /** Takes no further requests, and closes when those that are there are done. */
    private void end() {
        draining = true;
        if (!ending) {
            ending = true;
            goAway(http2.remote().lastStreamCreated());
        }
        closeIfDone();
    }

    private void closeIfDone() {
        if (ending && streams.isEmpty() && !lingering) {
            lingering = true;
            handler.flush(context());
            context()
                    .writeAndFlush(Unpooled.EMPTY_BUFFER)
                    .addListener(sent -> context().executor().execute(this::linger));
        }
    }

    /**
     * Says that nothing more will come, and reads on until the client has ended too, for a while: closing on unread bytes might
     * destroy what was sent, and a client always has something to say, such as how large its window is.
     */
    private void linger() {
        Channel channel = context().channel();
        // it may have been told to before: by a mistake of the client's while it was ending
        if (channel.isActive() && !context().isRemoved()) {
            channel.pipeline().replace(handler, "end", new Discard());
            handler.encoder().close();
            handler.decoder().close();
            HalfClose.endOutput(channel);
            var unused = channel.eventLoop().schedule(() -> channel.close(), DRAIN_PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /** Reads what nobody wants, up to a bound. */
    private static final class Discard extends ChannelInboundHandlerAdapter {

        private int bytes;

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            bytes += ((ByteBuf) message).readableBytes();
            ReferenceCountUtil.release(message);
            if (bytes > MAX_DISCARDED_BYTES) {
                ctx.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** Ends all requests: the client has broken a rule, and was told so. */
    private void endOnMistake() {
        draining = true;
        ending = true;
        lingering = true;
        context().executor().execute(() -> {
            List.copyOf(streams).forEach(Http2ClientStream::end);
            linger();
        });
    }

    private void goAway(int lastStream) {
        handler.goAway(
                context(),
                lastStream,
                Http2Error.NO_ERROR.code(),
                Unpooled.EMPTY_BUFFER,
                context().newPromise());
        handler.flush(context());
    }

    private void idleFor(Duration patience) {
        idleDeadline = System.nanoTime() + patience.toNanos();
    }

    // ---- what the client says

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean endOfStream) {
        Http2Stream stream = http2.stream(id);
        Http2ClientStream known = stream.getProperty(streamKey);
        if (known != null) {
            known.trailers(headers);
            return;
        }
        Http2ClientStream started = new Http2ClientStream(this, stream);
        stream.setProperty(streamKey, started);
        streams.add(started);
        started.begin(headers, endOfStream);
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx,
            int id,
            Http2Headers headers,
            int dependency,
            short weight,
            boolean exclusive,
            int padding,
            boolean endOfStream) {
        onHeadersRead(ctx, id, headers, padding, endOfStream);
    }

    @Override
    public int onDataRead(ChannelHandlerContext ctx, int id, ByteBuf data, int padding, boolean endOfStream) {
        Http2ClientStream stream = http2.stream(id).getProperty(streamKey);
        return padding + (stream == null ? data.readableBytes() : stream.data(data, endOfStream));
    }

    @Override
    public void onPingAckRead(ChannelHandlerContext ctx, long content) {
        if (content == DRAIN_PING && draining) {
            end();
        }
    }

    private void writabilityChanged(Http2Stream stream) {
        Http2ClientStream known = stream.getProperty(streamKey);
        if (known != null) {
            known.writabilityChanged(isWritable(stream));
        }
    }

    private void streamClosed(Http2ClientStream stream) {
        streams.remove(stream);
        stream.closed();
        if (streams.isEmpty()) {
            idleFor(loop.core().config().clientIdle());
            closeIfDone();
        }
    }

    private final class StreamEnds extends Http2ConnectionAdapter {
        @Override
        public void onStreamClosed(Http2Stream stream) {
            Http2ClientStream known = stream.getProperty(streamKey);
            if (known != null) {
                streamClosed(known);
            }
        }
    }
}
