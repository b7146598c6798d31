package dev.flynn.router.tls;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Looks at the first byte of a connection: a TLS handshake begins with a byte that no request begins with. Then it goes. */
public final class TlsDetector extends ChannelInboundHandlerAdapter {

    /** The content type of a handshake record (RFC 8446, section 5.1). */
    private static final int HANDSHAKE = 22;

    private final Duration patience;
    private final Consumer<Channel> encrypted;
    private final Consumer<Channel> plain;
    private @Nullable ScheduledFuture<?> giveUp;

    /**
     * @param patience for the first byte
     * @param encrypted adds the handlers of a connection that begins with a handshake
     * @param plain adds those of any other
     */
    public TlsDetector(Duration patience, Consumer<Channel> encrypted, Consumer<Channel> plain) {
        this.patience = patience;
        this.encrypted = encrypted;
        this.plain = plain;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        giveUp = ctx.executor().schedule(() -> ctx.close(), patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        if (giveUp != null) {
            giveUp.cancel(false);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        if (!in.isReadable()) {
            in.release();
            return;
        }
        boolean isHandshake = in.getUnsignedByte(in.readerIndex()) == HANDSHAKE;
        (isHandshake ? encrypted : plain).accept(ctx.channel());
        ctx.fireChannelRead(in);
        ctx.pipeline().remove(this);
    }
}
