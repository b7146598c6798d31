package dev.flynn.router;

import dev.flynn.router.tls.TunnelTls;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Copies bytes between two connections, both ways; when one side has said everything, the other way goes on. */
final class Tunnel {

    private static final Logger log = LoggerFactory.getLogger(Tunnel.class);

    private final End client;
    private final End backend;

    private Tunnel(Channel client, Channel backend, Counts counts) {
        this.client = new End(client, backend, counts::received);
        this.backend = new End(backend, client, counts::sent);
    }

    /** Is told what passes. */
    interface Counts {

        /** Bytes of the client. */
        void received(int bytes);

        /** Bytes of the backend. */
        void sent(int bytes);
    }

    /**
     * Puts a tunnel in the place of the handlers; what was read before goes first.
     *
     * @param fromClient released once it is sent
     * @param fromBackend released once it is sent
     * @param idle for which nothing may pass either way before both are closed; null for any time
     */
    static void join(
            ChannelHandlerContext client,
            @Nullable ByteBuf fromClient,
            ChannelHandlerContext backend,
            @Nullable ByteBuf fromBackend,
            @Nullable Duration idle,
            Counts counts) {
        Tunnel tunnel = new Tunnel(client.channel(), backend.channel(), counts);
        if (idle != null) {
            client.pipeline()
                    .addBefore(client.name(), "idle", new IdleStateHandler(0, 0, idle.toNanos(), TimeUnit.NANOSECONDS));
        }
        client.pipeline().replace(client.handler(), "tunnel", tunnel.client);
        backend.pipeline().replace(backend.handler(), "tunnel", tunnel.backend);
        tunnel.client.start(fromClient);
        TunnelTls.takeOver(client.channel());
        tunnel.backend.start(fromBackend);
    }

    private void oneWayEnded() {
        if (client.ended && backend.ended) {
            client.closeAfterWriting();
            backend.closeAfterWriting();
        }
    }

    /** One of the two connections. */
    private final class End extends ChannelInboundHandlerAdapter {

        private final Channel self;
        private final Channel peer;
        private final IntConsumer counted;
        private boolean ended;

        End(Channel self, Channel peer, IntConsumer counted) {
            this.self = self;
            this.peer = peer;
            this.counted = counted;
        }

        void start(@Nullable ByteBuf first) {
            self.config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
            if (first != null) {
                pass(first);
            }
            peer.flush();
            self.config().setAutoRead(peer.isWritable());
            if (self instanceof DuplexChannel duplex && duplex.isInputShutdown()) {
                end();
            }
        }

        private void pass(ByteBuf bytes) {
            counted.accept(bytes.readableBytes());
            peer.write(bytes, peer.voidPromise());
        }

        void closeAfterWriting() {
            self.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            pass((ByteBuf) message);
            if (!peer.isWritable()) {
                self.config().setAutoRead(false);
            }
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            peer.flush();
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            peer.config().setAutoRead(self.isWritable());
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            if (event == ChannelInputShutdownEvent.INSTANCE || event instanceof SslCloseCompletionEvent) {
                end();
            } else if (event instanceof IdleStateEvent) {
                self.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            ended = true;
            peer.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            log.atDebug()
                    .addKeyValue("address", self.remoteAddress())
                    .setCause(cause)
                    .log("tunnel failed");
            self.close();
        }

        private void end() {
            if (!ended) {
                ended = true;
                peer.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(sent -> HalfClose.endOutput(peer));
                oneWayEnded();
            }
        }
    }
}
