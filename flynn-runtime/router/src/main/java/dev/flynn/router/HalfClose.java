package dev.flynn.router;

import dev.flynn.router.tls.TunnelTls;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;

/** Ending one direction of a connection. */
final class HalfClose {

    private HalfClose() {}

    /** Tells the peer that nothing more will come, and goes on reading. What was written must have been sent. */
    static void endOutput(Channel channel) {
        if (!channel.isActive()) {
            return;
        }
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        ChannelHandlerContext tunnelTls = channel.pipeline().context(TunnelTls.class);
        if (tls != null) {
            tls.closeOutbound();
        } else if (tunnelTls != null) {
            ((TunnelTls) tunnelTls.handler()).endOutput(tunnelTls);
        } else if (channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
        } else {
            channel.close();
        }
    }
}
