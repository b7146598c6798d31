package dev.flynn.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies bytes between a stream of HTTP/2 and a connection to a backend, both ways (RFC 8441, RFC 9113 section 8.5); when one
 * side has said everything, the other way goes on. Who does not read stops the other side, and no other stream.
 */
final class Http2Tunnel extends ChannelInboundHandlerAdapter {

    private static final Logger log = LoggerFactory.getLogger(Http2Tunnel.class);

    private final Http2ClientConnection client;
    private final Http2Stream stream;
    private final Channel backend;
    private final Tunnel.Counts counts;

    /** What the client may not send again before the backend has taken it. */
    private int owed;

    private boolean clientEnded;
    private boolean failed;

    /** When the client has been told that nothing more will come from the backend. */
    private @Nullable ChannelFuture endTold;

    private boolean over;

    private Http2Tunnel(Http2ClientConnection client, Http2Stream stream, Channel backend, Tunnel.Counts counts) {
        this.client = client;
        this.stream = stream;
        this.backend = backend;
        this.counts = counts;
    }

    /**
     * Puts a tunnel in the place of the backend's handler; what was read before goes first.
     *
     * @param fromBackend released once it is sent
     * @param idle for which nothing may pass either way before both are closed; null for any time
     */
    static Http2Tunnel join(
            Http2ClientConnection client,
            Http2Stream stream,
            ChannelHandlerContext backend,
            @Nullable ByteBuf fromBackend,
            @Nullable Duration idle,
            Tunnel.Counts counts) {
        var tunnel = new Http2Tunnel(client, stream, backend.channel(), counts);
        if (idle != null) {
            backend.pipeline()
                    .addBefore(
                            backend.name(), "idle", new IdleStateHandler(0, 0, idle.toNanos(), TimeUnit.NANOSECONDS));
        }
        backend.pipeline().replace(backend.handler(), "tunnel", tunnel);
        tunnel.start(fromBackend);
        return tunnel;
    }

    private void start(@Nullable ByteBuf first) {
        backend.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        if (first != null) {
            toClient(first);
        }
        backend.config().setAutoRead(client.isWritable(stream));
        if (backend instanceof DuplexChannel duplex && duplex.isInputShutdown()) {
            var unused = endOfBackend();
        }
        client.flushSoon();
    }

    // ---- what the client does

    /** @return how many of the bytes the client may send again */
    int data(ByteBuf data, boolean endOfStream) {
        int length = data.readableBytes();
        int free = length;
        if (length > 0) {
            counts.received(length);
            backend.write(data.retain(), backend.voidPromise());
            if (!backend.isWritable()) {
                owed += length;
                free = 0;
            }
        }
        if (endOfStream && !clientEnded) {
            clientEnded = true;
            backend.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> HalfClose.endOutput(backend));
        }
        return free;
    }

    void flushToBackend() {
        backend.flush();
    }

    void clientWritable(boolean writable) {
        backend.config().setAutoRead(writable);
    }

    /** The stream is over, for whatever reason. */
    void closed() {
        over = true;
        backend.close();
    }

    // ---- what the backend does

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (over) {
            ((ByteBuf) message).release();
            return;
        }
        toClient((ByteBuf) message);
    }

    private void toClient(ByteBuf data) {
        counts.sent(data.readableBytes());
        client.writeData(stream, data, false);
        if (!client.isWritable(stream)) {
            backend.config().setAutoRead(false);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        client.flushSoon();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (owed > 0 && backend.isWritable()) {
            int taken = owed;
            owed = 0;
            client.consumed(stream, taken);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            var unused = endOfBackend();
        } else if (event instanceof IdleStateEvent) {
            client.reset(stream, Http2Error.CANCEL);
        }
    }

    private ChannelFuture endOfBackend() {
        if (endTold == null) {
            endTold = client.writeData(stream, Unpooled.EMPTY_BUFFER, true);
            client.flushSoon();
        }
        return endTold;
    }

    /** Nobody takes any more what the client says. */
    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (over) {
            return;
        }
        if (failed && endTold == null) {
            client.reset(stream, Http2Error.CONNECT_ERROR);
            return;
        }
        endOfBackend().addListener(told -> {
            if (!over && !clientEnded) {
                client.reset(stream, Http2Error.NO_ERROR);
            }
        });
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        failed = true;
        log.atDebug()
                .addKeyValue("backend", backend.remoteAddress())
                .setCause(cause)
                .log("tunnel failed");
        backend.close();
    }
}
