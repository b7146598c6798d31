package dev.flynn.router.api;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client that follows events. It has no thread; what it has not read yet waits in its connection, up to a limit. Who is slower
 * is cut off, and has to begin again.
 */
final class EventClient implements RouterEvents.Follower {

    private static final Logger log = LoggerFactory.getLogger(EventClient.class);

    /** How often a client hears that the connection is there. */
    private static final long KEEP_ALIVE_SECONDS = 30;

    /** One line, not followed by a blank one: reference clients would take that for an item. */
    private static final byte[] KEEP_ALIVE = ":\n".getBytes(StandardCharsets.US_ASCII);

    private final ChannelHandlerContext ctx;
    private final Set<String> types;
    private final int maxWaitingBytes;
    private final AtomicLong waitingBytes = new AtomicLong();

    EventClient(ChannelHandlerContext ctx, Set<String> types, int maxWaitingBytes) {
        this.ctx = ctx;
        this.types = types;
        this.maxWaitingBytes = maxWaitingBytes;
    }

    /** Sends the head at once, before the first event. */
    void open() {
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8")
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_CACHE)
                .set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        ctx.writeAndFlush(head);
        var beat = ctx.executor()
                .scheduleAtFixedRate(() -> tell(KEEP_ALIVE), KEEP_ALIVE_SECONDS, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
        ctx.channel().closeFuture().addListener(closed -> beat.cancel(false));
    }

    /** What is true at the start does not count as waiting: it may be any number of backends. */
    @Override
    public void begin(List<byte[]> items) {
        items.forEach(item -> ctx.write(content(item)));
        ctx.flush();
    }

    @Override
    public void tell(byte[] item) {
        if (waitingBytes.addAndGet(item.length) > maxWaitingBytes) {
            log.atWarn()
                    .addKeyValue("client", ctx.channel().remoteAddress())
                    .log("a client that follows the router's events reads too slowly and was cut off");
            ctx.close();
            return;
        }
        ctx.writeAndFlush(content(item)).addListener(sent -> waitingBytes.addAndGet(-item.length));
    }

    @Override
    public boolean wants(String type) {
        return types.contains(type);
    }

    private static DefaultHttpContent content(byte[] bytes) {
        return new DefaultHttpContent(Unpooled.wrappedBuffer(bytes));
    }
}
