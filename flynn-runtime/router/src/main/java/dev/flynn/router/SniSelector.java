package dev.flynn.router;

import dev.flynn.router.message.Entrance;
import dev.flynn.router.table.RoutingTable;
import dev.flynn.router.tls.ChallengeCertificates;
import dev.flynn.router.tls.ClientHello;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.AbstractSniHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the certificate by the name that the client asks for: that of the route, else the default one; without a name the
 * default one. A name that no route has fails the handshake. A certificate authority that asks whether this router serves a
 * domain gets the certificate that says so, and nothing else.
 */
final class SniSelector extends AbstractSniHandler<SniSelector.Choice> {

    /** Alerts of RFC 6066, section 3, and RFC 7301, section 3.2. */
    private static final int UNRECOGNIZED_NAME = 112;

    private static final int NO_APPLICATION_PROTOCOL = 120;

    private final RouterCore core;
    private final boolean ownPort;
    private final Optional<SslContext> defaultContext;
    private boolean isAuthority;

    /**
     * What to do with the handshake.
     *
     * @param alert why it fails, without a context
     */
    record Choice(Optional<SslContext> context, int alert) {}

    SniSelector(RouterCore core, boolean ownPort, Optional<SslContext> defaultContext) {
        super(core.config().headTimeout().toMillis());
        this.core = core;
        this.ownPort = ownPort;
        this.defaultContext = defaultContext;
    }

    @Override
    protected Future<Choice> lookup(ChannelHandlerContext ctx, @Nullable ByteBuf clientHello) throws Exception {
        isAuthority = clientHello != null && ClientHello.offers(clientHello, ChallengeCertificates.PROTOCOL);
        return super.lookup(ctx, clientHello);
    }

    @Override
    protected Future<Choice> lookup(ChannelHandlerContext ctx, @Nullable String hostname) {
        return ctx.executor()
                .newSucceededFuture(isAuthority ? chooseChallenge(hostname) : choose(ctx.channel(), hostname));
    }

    @Override
    protected void onLookupComplete(ChannelHandlerContext ctx, @Nullable String hostname, Future<Choice> chosen) {
        Choice choice = chosen.getNow();
        choice.context().ifPresentOrElse(context -> begin(ctx, context), () -> refuse(ctx, choice.alert()));
    }

    private Choice choose(Channel channel, @Nullable String hostname) {
        if (hostname == null) {
            return new Choice(defaultContext, UNRECOGNIZED_NAME);
        }
        RoutingTable table = core.table();
        var at = new Entrance(((InetSocketAddress) channel.localAddress()).getPort(), ownPort);
        if (!table.serves(at, hostname)) {
            return new Choice(Optional.empty(), UNRECOGNIZED_NAME);
        }
        return new Choice(table.tls(at, hostname).or(() -> defaultContext), UNRECOGNIZED_NAME);
    }

    private Choice chooseChallenge(@Nullable String hostname) {
        return new Choice(
                Optional.ofNullable(hostname)
                        .flatMap(name -> core.table().challenges().tls(name)),
                NO_APPLICATION_PROTOCOL);
    }

    private void begin(ChannelHandlerContext ctx, SslContext context) {
        if (isAuthority) {
            ctx.pipeline().addAfter(ctx.name(), "end", new EndAfterHandshake());
        }
        ctx.pipeline().replace(this, "tls", context.newHandler(ctx.alloc()));
    }

    /** A record with a fatal alert. */
    private static void refuse(ChannelHandlerContext ctx, int alert) {
        byte[] alertRecord = {21, 3, 1, 0, 2, 2, (byte) alert};
        ctx.writeAndFlush(Unpooled.wrappedBuffer(alertRecord)).addListener(ChannelFutureListener.CLOSE);
    }

    /** Such connections are for nothing else (RFC 8737, section 4). */
    private static final class EndAfterHandshake extends ChannelInboundHandlerAdapter {

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event instanceof SslHandshakeCompletionEvent) {
                ctx.close();
            }
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            ReferenceCountUtil.release(message);
        }
    }
}
