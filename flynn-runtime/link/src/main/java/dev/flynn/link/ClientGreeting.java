package dev.flynn.link;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostName;
import dev.flynn.link.Wire.Hello;
import dev.flynn.link.Wire.ProtocolException;
import dev.flynn.link.Wire.Role;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Says who dials and makes sure who answers. */
final class ClientGreeting extends ByteToMessageDecoder {

    private static final int HEAD_BYTES = 7;

    private final LinkCore core;
    private final PeerKey peer;
    private final CompletableFuture<Connection> connected;
    private Runnable onDecision = () -> {};

    ClientGreeting(LinkCore core, PeerKey peer, CompletableFuture<Connection> connected) {
        this.core = core;
        this.peer = peer;
        this.connected = connected;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        long patience = core.config().handshakeTimeout().toMillis();
        var late = context.channel()
                .eventLoop()
                .schedule(
                        () -> fail(
                                context,
                                FlynnException.unavailable(
                                        "host \"%s\" at %s did not say who it is in %d ms"
                                                .formatted(peer.hostId(), peer.address(), patience),
                                        null)),
                        core.config().connectTimeout().toMillis() + patience,
                        TimeUnit.MILLISECONDS);
        onDecision = () -> late.cancel(false);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            try {
                requireExpected(certificate(context));
                greet(context);
            } catch (FlynnException e) {
                fail(context, e);
            }
        }
        super.userEventTriggered(context, event);
    }

    private static X509Certificate certificate(ChannelHandlerContext context) {
        return Tls.certificateOfPeer(context.pipeline().get(SslHandler.class))
                .orElseThrow(() -> new IllegalStateException("TLS lets no server go without a certificate"));
    }

    private void requireExpected(X509Certificate certificate) {
        HostName name = core.credentials().admit(certificate);
        if (!name.hostId().equals(peer.hostId())) {
            throw new FlynnException(
                    ErrorCode.UNAUTHORIZED,
                    "host \"%s\" is at %s, where host \"%s\" was expected"
                            .formatted(name.hostId(), peer.address(), peer.hostId()));
        }
    }

    private void greet(ChannelHandlerContext context) {
        ByteBuf greeting = context.alloc().buffer();
        greeting.writeInt(Wire.MAGIC).writeByte(Wire.VERSION);
        int at = greeting.writerIndex();
        greeting.writeShort(0).writeByte(Role.PEER.ordinal());
        new Hello(core.instance(), peer.hostId(), core.advertised()).write(greeting);
        greeting.setShort(at, greeting.writerIndex() - at - Short.BYTES);
        context.writeAndFlush(greeting);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (connected.isDone() || in.readableBytes() < HEAD_BYTES) {
            return;
        }
        int start = in.readerIndex();
        int length = in.getUnsignedShort(start + 5);
        if (in.getInt(start) != Wire.MAGIC || length < 1) {
            throw new ProtocolException("that is no greeting");
        }
        if (in.readableBytes() < HEAD_BYTES + length) {
            return;
        }
        in.skipBytes(HEAD_BYTES);
        ByteBuf content = in.readSlice(length);
        if (content.readByte() == Wire.REFUSED) {
            fail(context, Wire.readFailure(content));
            return;
        }
        Hello hello = Hello.read(content);
        var connection = new Connection(core, context.channel(), peer, certificate(context), hello.instance(), true);
        onDecision.run();
        core.connections().add(connection);
        context.pipeline().addAfter(context.name(), "link", connection);
        connected.complete(connection);
        context.pipeline().remove(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        fail(
                context,
                FlynnException.unavailable(
                        "host \"%s\" at %s hung up at once; its log may say why"
                                .formatted(peer.hostId(), peer.address()),
                        null));
        super.channelInactive(context);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        fail(
                context,
                Tls.complaint(failure)
                        .map(complaint -> new FlynnException(ErrorCode.UNAUTHORIZED, complaint))
                        .orElseGet(() -> FlynnException.unavailable(
                                "cannot speak with host \"%s\" at %s: %s"
                                        .formatted(peer.hostId(), peer.address(), failure.getMessage()),
                                failure)));
    }

    private void fail(ChannelHandlerContext context, FlynnException why) {
        onDecision.run();
        connected.completeExceptionally(why);
        context.close();
    }
}
