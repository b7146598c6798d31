package dev.flynn.router;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the certificate by the name that the client asks for: that of the route, else the default one; without a name the
 * default one. A name that no route has fails the handshake.
 */
final class SniSelector extends AbstractSniHandler<Optional<SslContext>> {

    /** A record with the fatal alert {@code unrecognized_name} (RFC 6066, section 3). */
    private static final byte[] UNRECOGNIZED_NAME = {21, 3, 1, 0, 2, 2, 112};

    private final RouterCore core;
    private final boolean ownPort;
    private final Optional<SslContext> defaultContext;

    SniSelector(RouterCore core, boolean ownPort, Optional<SslContext> defaultContext) {
        super(core.config().headTimeout().toMillis());
        this.core = core;
        this.ownPort = ownPort;
        this.defaultContext = defaultContext;
    }

    @Override
    protected Future<Optional<SslContext>> lookup(ChannelHandlerContext ctx, @Nullable String hostname) {
        return ctx.executor().newSucceededFuture(choose(ctx.channel(), hostname));
    }

    @Override
    protected void onLookupComplete(
            ChannelHandlerContext ctx, @Nullable String hostname, Future<Optional<SslContext>> chosen) {
        chosen.getNow()
                .ifPresentOrElse(
                        context -> ctx.pipeline().replace(this, "tls", context.newHandler(ctx.alloc())),
                        () -> refuse(ctx));
    }

    private Optional<SslContext> choose(Channel channel, @Nullable String hostname) {
        if (hostname == null) {
            return defaultContext;
        }
        RoutingTable table = core.table();
        var at = new Entrance(((InetSocketAddress) channel.localAddress()).getPort(), ownPort);
        if (!table.serves(at, hostname)) {
            return Optional.empty();
        }
        return table.tls(at, hostname).or(() -> defaultContext);
    }

    private static void refuse(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(Unpooled.wrappedBuffer(UNRECOGNIZED_NAME)).addListener(ChannelFutureListener.CLOSE);
    }
}
