package dev.flynn.link;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostName;
import dev.flynn.identity.JoinDesk;
import dev.flynn.link.Wire.Hello;
import dev.flynn.link.Wire.ProtocolException;
import dev.flynn.link.Wire.Role;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets in who dials, or not: reads the greeting, checks the certificate, and makes room for what follows. Until then nothing
 * of the link is within reach, and time and room are short.
 */
final class ServerGate extends ByteToMessageDecoder {

    private static final Logger log = LoggerFactory.getLogger(ServerGate.class);

    private static final int HEAD_BYTES = 7;

    /** Longer than the store takes to answer or fail. */
    private static final int JOIN_SECONDS = 30;

    private final LinkCore core;
    private final StrangerLimits limits;
    private final @Nullable JoinDesk joinDesk;
    private final Consumer<Connection> onPeer;
    private boolean joining;
    private boolean decided;
    private boolean left;
    private Runnable onDecision = () -> {};

    ServerGate(LinkCore core, StrangerLimits limits, @Nullable JoinDesk joinDesk, Consumer<Connection> onPeer) {
        this.core = core;
        this.limits = limits;
        this.joinDesk = joinDesk;
        this.onPeer = onPeer;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        Channel channel = context.channel();
        InetAddress from = ((InetSocketAddress) channel.remoteAddress()).getAddress();
        if (!limits.enter(from)) {
            channel.close();
            return;
        }
        channel.closeFuture().addListener(closed -> leave(from));
        var late = channel.eventLoop()
                .schedule(
                        () -> channel.close(), core.config().handshakeTimeout().toNanos(), TimeUnit.NANOSECONDS);
        onDecision = () -> {
            late.cancel(false);
            leave(from);
        };
    }

    private void leave(InetAddress from) {
        if (!left) {
            left = true;
            limits.leave(from);
        }
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        if (decided) {
            in.skipBytes(in.readableBytes()); // whoever goes on talking does not fill the memory
            return;
        }
        if (joining) {
            join(context, in);
            return;
        }
        if (in.readableBytes() < HEAD_BYTES) {
            return;
        }
        int start = in.readerIndex();
        if (in.getInt(start) != Wire.MAGIC) {
            throw new ProtocolException("that is no greeting");
        }
        int length = in.getUnsignedShort(start + 5);
        if (length > Wire.MAX_HELLO_BYTES) {
            throw new ProtocolException("a greeting of %d bytes".formatted(length));
        }
        if (in.readableBytes() < HEAD_BYTES + length) {
            return;
        }
        byte version = in.getByte(start + 4);
        in.skipBytes(HEAD_BYTES);
        ByteBuf content = in.readSlice(length);
        try {
            if (version != Wire.VERSION) {
                throw otherVersion(version);
            }
            greet(context, content);
        } catch (FlynnException refused) {
            refuse(context, refused);
        }
    }

    private FlynnException otherVersion(byte version) {
        return new FlynnException(
                ErrorCode.UNSUPPORTED,
                "host \"%s\" speaks version %d of the link and whoever dialled version %d: update the older of the two"
                        .formatted(core.hostId(), Wire.VERSION, version & 0xff));
    }

    private void greet(ChannelHandlerContext context, ByteBuf content) throws ProtocolException {
        if (!content.isReadable()) {
            throw new ProtocolException("a greeting without a role");
        }
        Role role = Role.of(content.readByte());
        Hello hello = Hello.read(content);
        Optional<X509Certificate> certificate =
                Tls.certificateOfPeer(context.pipeline().get(SslHandler.class));
        if (role == Role.STRANGER) {
            admitStranger(context);
            return;
        }
        if (certificate.isEmpty()) {
            throw new FlynnException(
                    ErrorCode.UNAUTHORIZED,
                    "host \"%s\" speaks to hosts of its cluster only, and whoever dialled showed no certificate"
                            .formatted(core.hostId()));
        }
        HostName caller = core.credentials().admit(certificate.get());
        if (!hello.host().isEmpty() && !hello.host().equals(core.hostId())) {
            throw new FlynnException(
                    ErrorCode.UNAUTHORIZED,
                    "host \"%s\" was dialled, and host \"%s\" is here".formatted(hello.host(), core.hostId()));
        }
        boolean isThisHost = caller.hostId().equals(core.hostId());
        if (role == Role.PEER && isThisHost) {
            throw FlynnException.conflict(
                    "host \"%s\" was dialled by a host of the same id: it dials itself, or its data directory was copied to another host"
                            .formatted(core.hostId()));
        }
        var connection = new Connection(
                core,
                context.channel(),
                new PeerKey(caller.hostId(), hello.address()),
                certificate.get(),
                hello.instance(),
                false);
        decided(context);
        accept(context);
        core.connections().add(connection);
        context.pipeline().addAfter(context.name(), "link", connection);
        if (role == Role.PEER && !hello.address().isEmpty()) {
            onPeer.accept(connection);
        }
        context.pipeline().remove(this);
    }

    private void decided(ChannelHandlerContext context) {
        decided = true;
        onDecision.run();
    }

    private void accept(ChannelHandlerContext context) {
        ByteBuf answer = context.alloc().buffer();
        answer.writeInt(Wire.MAGIC).writeByte(Wire.VERSION);
        int at = answer.writerIndex();
        answer.writeShort(0).writeByte(Wire.ACCEPTED);
        new Hello(core.instance(), core.hostId(), core.advertised()).write(answer);
        answer.setShort(at, answer.writerIndex() - at - Short.BYTES);
        context.writeAndFlush(answer);
    }

    private void refuse(ChannelHandlerContext context, FlynnException why) {
        log.atWarn()
                .addKeyValue("from", context.channel().remoteAddress())
                .addKeyValue("reason", why.getMessage())
                .log("a connection was refused");
        decided = true;
        ByteBuf answer = context.alloc().buffer();
        answer.writeInt(Wire.MAGIC).writeByte(Wire.VERSION);
        int at = answer.writerIndex();
        answer.writeShort(0).writeByte(Wire.REFUSED);
        Wire.writeFailure(answer, why);
        answer.setShort(at, answer.writerIndex() - at - Short.BYTES);
        context.writeAndFlush(answer).addListener(ChannelFutureListener.CLOSE);
    }

    // strangers

    private void admitStranger(ChannelHandlerContext context) {
        if (joinDesk == null) {
            throw new FlynnException(ErrorCode.UNSUPPORTED, "host \"%s\" lets nobody join".formatted(core.hostId()));
        }
        if (!limits.beginJoin()) {
            throw new FlynnException(
                    ErrorCode.RATE_LIMITED,
                    "host \"%s\" has many requests to join; try again in a few seconds".formatted(core.hostId()));
        }
        context.channel().closeFuture().addListener(closed -> limits.endJoin());
        joining = true;
        accept(context);
    }

    private void join(ChannelHandlerContext context, ByteBuf in) throws ProtocolException {
        if (in.readableBytes() < Integer.BYTES) {
            return;
        }
        int length = in.getInt(in.readerIndex());
        if (length < 0 || length > JoinDesk.MAX_REQUEST_BYTES) {
            throw new ProtocolException("a request to join of %s bytes".formatted(Integer.toUnsignedString(length)));
        }
        if (in.readableBytes() < Integer.BYTES + length) {
            return;
        }
        byte[] request = new byte[length];
        in.skipBytes(Integer.BYTES).readBytes(request);
        decided(context);
        JoinDesk desk = joinDesk;
        try {
            core.workers().execute(() -> {
                byte[] answer = desk == null ? new byte[0] : desk.answer(request);
                ByteBuf bytes = context.alloc().buffer(Integer.BYTES + answer.length);
                bytes.writeInt(answer.length).writeBytes(answer);
                context.writeAndFlush(bytes).addListener(ChannelFutureListener.CLOSE);
            });
        } catch (RejectedExecutionException closing) {
            context.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        Optional<String> complaint = Tls.complaint(failure);
        if (complaint.isPresent()) {
            log.atWarn()
                    .addKeyValue("from", context.channel().remoteAddress())
                    .addKeyValue("reason", complaint.get())
                    .log("a connection was refused");
        } else {
            log.atDebug()
                    .addKeyValue("from", context.channel().remoteAddress())
                    .setCause(failure)
                    .log("whoever dialled does not speak the link's language");
        }
        decided = true;
        context.close();
    }
}
