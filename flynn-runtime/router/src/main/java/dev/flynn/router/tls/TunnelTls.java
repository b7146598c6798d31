package dev.flynn.router.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProtocols;
import javax.net.ssl.SSLException;

/**
 * TLS 1.3 by OpenSSL in a tunnel, where each direction ends by itself (RFC 8446, section 6.1). Netty's own handler for it ends
 * both when the peer ends one, as earlier versions want it (RFC 5246, section 7.2.1); this one takes its session over.
 */
public final class TunnelTls extends ChannelDuplexHandler {

    private final OpenSslSession session;
    private boolean inPlace;
    private boolean endTold;

    private TunnelTls(OpenSslSession session) {
        this.session = session;
    }

    /** From now on, if the channel has that; what was written before goes first. */
    public static void takeOver(Channel channel) {
        ChannelPipeline pipeline = channel.pipeline();
        SslHandler handler = pipeline.get(SslHandler.class);
        if (handler == null
                || !(handler.engine() instanceof ReferenceCountedOpenSslEngine engine)
                || !engine.getSession().getProtocol().equals(SslProtocols.TLS_v1_3)) {
            return;
        }
        channel.flush();
        if (!channel.isActive() || engine.isInboundDone() || engine.isOutboundDone()) {
            return; // it has ended by now, both ways
        }
        var own = new TunnelTls(new OpenSslSession(engine));
        pipeline.addAfter(pipeline.context(handler).name(), "tunnel-tls", own);
        pipeline.remove(handler);
        own.inPlace = true;
    }

    /** Tells the peer that nothing more will come. */
    public void endOutput(ChannelHandlerContext ctx) {
        ctx.writeAndFlush(session.endOutput(ctx.alloc()), ctx.voidPromise());
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws SSLException {
        var received = (ByteBuf) message;
        try {
            session.decrypt(ctx.alloc(), received, ctx::fireChannelRead);
        } finally {
            received.release();
            if (session.hasUnasked()) {
                ctx.writeAndFlush(session.unasked(ctx.alloc()), ctx.voidPromise());
            }
        }
        if (session.isInputEnded() && !endTold) {
            endTold = true;
            ctx.fireUserEventTriggered(SslCloseCompletionEvent.SUCCESS);
        }
    }

    /** Of the handler that goes, its farewell is not passed on. */
    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (inPlace || !(event instanceof SslCloseCompletionEvent)) {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        var plain = (ByteBuf) message;
        try {
            ctx.write(session.encrypt(ctx.alloc(), plain), promise);
        } catch (SSLException e) {
            promise.setFailure(e);
        } finally {
            plain.release();
        }
    }

    @Override
    public void close(ChannelHandlerContext ctx, ChannelPromise promise) {
        endOutput(ctx);
        ctx.close(promise);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        session.close();
    }
}
