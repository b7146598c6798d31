package dev.flynn.router;

import dev.flynn.router.table.Backend;
import dev.flynn.router.table.TcpTarget;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A client's connection to the port of a TCP route: finds a backend that accepts, then becomes a {@link Tunnel}. What the
 * client says meanwhile waits.
 */
final class TcpConnection extends ChannelInboundHandlerAdapter implements LoopClient {

    private static final Logger log = LoggerFactory.getLogger(TcpConnection.class);

    /** What may wait for a backend before the client is no longer read. */
    private static final int MAX_WAITING_BYTES = 64 * 1024;

    private final RouterLoop loop;
    private final int port;
    private final List<Backend> tried = new ArrayList<>();
    private @Nullable ChannelHandlerContext context;
    private @Nullable ByteBuf pending;
    private @Nullable ChannelFuture dialing;

    TcpConnection(RouterLoop loop, int port) {
        this.loop = loop;
        this.port = port;
    }

    private ChannelHandlerContext context() {
        if (context == null) {
            throw new IllegalStateException("not connected");
        }
        return context;
    }

    // ---- what the loop says

    @Override
    public boolean isLate(long now) {
        return false;
    }

    @Override
    public void timeOut() {
        abort();
    }

    /** It is in flight until it ends, while a backend is looked for too. */
    @Override
    public void closeWhenIdle() {}

    @Override
    public void abort() {
        Channel channel = context().channel();
        if (channel.isActive()) {
            channel.config().setOption(ChannelOption.SO_LINGER, 0);
        }
        channel.close();
    }

    // ---- what the channel says

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        context = ctx;
        ctx.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
        loop.add(this);
        ctx.channel().closeFuture().addListener(closed -> loop.remove(this));
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        TcpTarget target = loop.core().table().tcp(port);
        if (target == null) {
            noneAccepts(null);
            return;
        }
        var trace = new TcpTrace(loop.cell(target.meter()));
        ctx.channel().closeFuture().addListener(closed -> trace.end());
        dialNext(target, trace);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        pending = Pending.append(ctx.alloc(), pending, (ByteBuf) message);
        if (pending.readableBytes() >= MAX_WAITING_BYTES) {
            ctx.channel().config().setAutoRead(false);
        }
    }

    /** Who leaves without a word is not waited for; who has said all there is to say may still want the answer. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE && pending == null) {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (dialing != null) {
            dialing.cancel(false);
        }
        dropPending();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.atDebug()
                .addKeyValue("client", ctx.channel().remoteAddress())
                .setCause(cause)
                .log("connection failed");
        ctx.close();
    }

    // ---- dialing

    /** The newest table is asked each time, because it may know backends that are up by now. */
    private void dialNext(TcpTarget target, TcpTrace trace) {
        Backend next = loop.core().table().backends(target.service()).choose(tried);
        if (next == null) {
            noneAccepts(target);
            return;
        }
        next.begin();
        trace.ask(loop.cell(next.meter()));
        dialing = loop.dialer(loop.core().config().dialMillis())
                .handler(new Dialed())
                .connect(next.socketAddress());
        dialing.addListener(outcome -> {
            ChannelFuture dialed = dialing;
            dialing = null;
            if (!outcome.isSuccess()) {
                next.end();
                if (context().channel().isActive()) {
                    next.failures().refused(System.nanoTime());
                    trace.notAccepted();
                    tried.add(next);
                    dialNext(target, trace);
                }
            } else if (dialed != null) {
                next.failures().accepted();
                join(next, dialed.channel(), trace);
            }
        });
    }

    private void noneAccepts(@Nullable TcpTarget target) {
        log.atDebug()
                .addKeyValue("port", port)
                .addKeyValue("service", target == null ? "" : target.service())
                .log("no backend accepts");
        dropPending();
        context().close();
    }

    private void join(Backend backend, Channel dialed, TcpTrace trace) {
        dialed.closeFuture().addListener(closed -> backend.end());
        if (!context().channel().isActive()) {
            dialed.close();
            return;
        }
        ByteBuf first = pending;
        pending = null;
        Tunnel.join(context(), first, dialed.pipeline().context(Dialed.class), null, null, trace);
    }

    private void dropPending() {
        if (pending != null) {
            pending.release();
            pending = null;
        }
    }

    /** Keeps the place of the tunnel in the connection to the backend. */
    private static final class Dialed extends ChannelInboundHandlerAdapter {}
}
