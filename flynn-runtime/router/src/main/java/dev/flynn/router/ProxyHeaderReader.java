package dev.flynn.router;

import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.ProxyHeader;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.AttributeKey;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the header of the PROXY protocol from the beginning of a connection, where there is one, and goes. A malformed one
 * closes the connection. How long it may take is up to the handler behind it.
 */
final class ProxyHeaderReader extends ChannelInboundHandlerAdapter {

    private static final Logger log = LoggerFactory.getLogger(ProxyHeaderReader.class);

    private static final AttributeKey<InetSocketAddress> CLIENT =
            AttributeKey.valueOf(ProxyHeaderReader.class, "client");

    private @Nullable ByteBuf pending;
    private boolean refused;

    /** Who is at the other end: who the load balancer says, else who connected. */
    static InetSocketAddress client(Channel channel) {
        InetSocketAddress told = channel.hasAttr(CLIENT) ? channel.attr(CLIENT).get() : null;
        return told == null ? (InetSocketAddress) channel.remoteAddress() : told;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = Pending.append(ctx.alloc(), pending, (ByteBuf) message);
        pending = in;
        if (refused) {
            drop();
            return;
        }
        try {
            Optional<ProxyHeader> header = ProxyHeader.read(in);
            header.ifPresent(found -> goOn(ctx, found, in));
        } catch (BadMessage fault) {
            log.atDebug()
                    .addKeyValue("peer", ctx.channel().remoteAddress())
                    .addKeyValue("fault", fault.getMessage())
                    .log("connection refused");
            refused = true;
            drop();
            ctx.close();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        drop();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        drop();
        ctx.fireChannelInactive();
    }

    private void goOn(ChannelHandlerContext ctx, ProxyHeader header, ByteBuf in) {
        pending = null;
        if (header.client() != null) {
            ctx.channel().attr(CLIENT).set(header.client());
        }
        in.skipBytes(header.length());
        ctx.pipeline().remove(this);
        if (in.isReadable()) {
            ctx.fireChannelRead(in);
        } else {
            in.release();
        }
    }

    private void drop() {
        if (pending != null) {
            pending.release();
            pending = null;
        }
    }
}
