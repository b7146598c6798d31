package dev.flynn.router;

import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.Head;
import dev.flynn.router.table.Backend;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.handler.codec.http2.Http2Connection;
import io.netty.handler.codec.http2.Http2ConnectionAdapter;
import io.netty.handler.codec.http2.Http2ConnectionHandler;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameAdapter;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection to a backend that speaks HTTP/2 by prior knowledge. */
final class Http2BackendConnection extends Http2FrameAdapter {

    private static final Logger log = LoggerFactory.getLogger(Http2BackendConnection.class);

    private final RouterLoop loop;
    private final Backend backend;
    private final Http2Connection http2;
    private final Http2Connection.PropertyKey streamKey;
    private final Http2ConnectionHandler handler;
    private final Head head = new Head();
    private final Runnable flush = this::flush;
    private @Nullable ChannelHandlerContext context;
    private boolean flushScheduled;
    private boolean used;
    private int pendingStreams;
    private long idleSince = System.nanoTime();

    Http2BackendConnection(RouterLoop loop, Backend backend) {
        this.loop = loop;
        this.backend = backend;
        this.http2 = Http2Setup.newConnection(false);
        this.streamKey = http2.newKey();
        http2.addListener(new StreamEnds());
        http2.remote().flowController().listener(this::writabilityChanged);
        this.handler = Http2Setup.client(http2, this, loop.core().config());
    }

    ChannelInitializer<Channel> initializer() {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) throws Http2Exception {
                channel.pipeline().addLast(handler);
                context = channel.pipeline().context(handler);
                channel.closeFuture().addListener(closed -> loop.http2Backends().remove(Http2BackendConnection.this));
            }
        };
    }

    Backend backend() {
        return backend;
    }

    RouterLoop loop() {
        return loop;
    }

    /** For parsing; its content is good until the next use. */
    Head head() {
        return head;
    }

    boolean isActive() {
        return context().channel().isActive();
    }

    /** Whether it can carry one more request. */
    boolean hasRoom() {
        int streams = http2.numActiveStreams() + pendingStreams;
        return isActive()
                && !http2.goAwayReceived()
                && !http2.goAwaySent()
                && streams
                        < Math.min(Http2Setup.MAX_BACKEND_STREAMS, http2.local().maxActiveStreams())
                && http2.local().lastStreamCreated() < Integer.MAX_VALUE - 2 * Http2Setup.MAX_BACKEND_STREAMS;
    }

    Http2BackendStream newStream() {
        boolean reused = used;
        used = true;
        pendingStreams++;
        return new Http2BackendStream(this, reused);
    }

    boolean isIdle() {
        return http2.numActiveStreams() + pendingStreams == 0;
    }

    long idleNanos(long now) {
        return now - idleSince;
    }

    void close() {
        context().close();
    }

    // ---- for its streams

    /** Begins the request; null if the connection is about to end. */
    @Nullable
    Http2Stream send(Http2BackendStream begun, Http2Headers headers, boolean endOfStream) {
        pendingStreams--;
        int id = http2.local().incrementAndGetNextStreamId();
        handler.encoder()
                .writeHeaders(context(), id, headers, 0, endOfStream, context().newPromise());
        Http2Stream stream = http2.stream(id);
        if (stream != null) {
            stream.setProperty(streamKey, begun);
        }
        flushSoon();
        return stream;
    }

    /** A stream that was promised will not begin. */
    void forget() {
        pendingStreams--;
    }

    void writeData(Http2Stream stream, ByteBuf data, boolean endOfStream) {
        handler.encoder()
                .writeData(
                        context(), stream.id(), data, 0, endOfStream, context().newPromise());
    }

    void writeTrailers(Http2Stream stream, Http2Headers trailers) {
        handler.encoder()
                .writeHeaders(
                        context(), stream.id(), trailers, 0, true, context().newPromise());
    }

    boolean isWritable(Http2Stream stream) {
        return http2.remote().flowController().isWritable(stream);
    }

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

    void flushSoon() {
        if (!flushScheduled) {
            flushScheduled = true;
            execute(flush);
        }
    }

    void execute(Runnable task) {
        context().executor().execute(task);
    }

    ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not connected");
        }
        return context;
    }

    private void flush() {
        flushScheduled = false;
        handler.flush(context());
    }

    // ---- what the backend says

    @Override
    public void onSettingsRead(ChannelHandlerContext ctx, Http2Settings settings) throws Http2Exception {
        Http2Stream connectionStream = http2.connectionStream();
        if (http2.local().flowController().initialWindowSize(connectionStream) < Http2Setup.EXTRA_BACKEND_WINDOW) {
            http2.local().flowController().incrementWindowSize(connectionStream, Http2Setup.EXTRA_BACKEND_WINDOW);
            flushSoon();
        }
    }

    @Override
    public void onHeadersRead(
            ChannelHandlerContext ctx, int id, Http2Headers headers, int padding, boolean endOfStream) {
        Http2BackendStream stream = stream(id);
        if (stream != null) {
            stream.headers(headers, endOfStream);
        }
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
        Http2BackendStream stream = stream(id);
        return padding + (stream == null ? data.readableBytes() : stream.data(data, endOfStream));
    }

    private @Nullable Http2BackendStream stream(int id) {
        return http2.stream(id).getProperty(streamKey);
    }

    private void writabilityChanged(Http2Stream stream) {
        Http2BackendStream known = stream.getProperty(streamKey);
        if (known != null && isWritable(stream)) {
            known.writable();
        }
    }

    private final class StreamEnds extends Http2ConnectionAdapter {
        @Override
        public void onStreamClosed(Http2Stream stream) {
            idleSince = System.nanoTime();
            Http2BackendStream known = stream.getProperty(streamKey);
            if (known != null) {
                known.closed();
            }
        }
    }

    void logFault(BadMessage fault) {
        log.atDebug()
                .addKeyValue("backend", backend)
                .addKeyValue("fault", fault.getMessage())
                .log("malformed response");
    }
}
