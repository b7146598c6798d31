package dev.flynn.link;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.link.Wire.ProtocolException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.codec.DecoderException;
import io.netty.util.collection.IntObjectHashMap;
import io.netty.util.collection.IntObjectMap;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection between two hosts that know each other. All maps belong to its event loop; other threads hand over frames in a
 * {@link FrameQueue}.
 */
final class Connection extends ByteToMessageDecoder {

    private static final Logger log = LoggerFactory.getLogger(Connection.class);

    private static final int TICKS_PER_DEATH = 6;
    private static final long MAX_TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long RETIRED_IDLE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final LinkCore core;
    private final Channel channel;
    private final PeerKey peer;
    private final X509Certificate certificate;
    private final long instance;
    private final boolean dialled;

    private final FrameQueue outgoing;
    private volatile boolean open = true;
    private volatile boolean retired;

    // of the event loop
    private final IntObjectMap<PendingCall> calls = new IntObjectHashMap<>();
    private final IntObjectMap<CompletableFuture<ByteBuffer>> serving = new IntObjectHashMap<>();
    private final IntObjectMap<StreamEnd> streams = new IntObjectHashMap<>();
    private int lastCall;
    private int lastStream;
    private boolean reading;
    private boolean broken;
    private long lastRead = System.nanoTime();
    private long lastTick = lastRead;
    private long lastUse = lastRead;
    private String reasonToClose = "the connection was lost";

    Connection(
            LinkCore core, Channel channel, PeerKey peer, X509Certificate certificate, long instance, boolean dialled) {
        this.core = core;
        this.channel = channel;
        this.outgoing = new FrameQueue(this, channel);
        this.peer = peer;
        this.certificate = certificate;
        this.instance = instance;
        this.dialled = dialled;
        this.lastStream = dialled ? -1 : 0;
    }

    PeerKey peer() {
        return peer;
    }

    X509Certificate certificate() {
        return certificate;
    }

    long instance() {
        return instance;
    }

    boolean dialled() {
        return dialled;
    }

    boolean isOpen() {
        return open;
    }

    /** Sends nothing new by itself from now on, and ends once it has not been used for a while. */
    void retire() {
        retired = true;
    }

    // sending, from any thread

    /** Takes a call over, or refuses it because too much waits already. */
    void send(PendingCall call) {
        if (outgoing.waitingBytes() > core.config().maxWaitingBytes()) {
            call.completeExceptionally(FlynnException.unavailable(
                    "too much waits to be sent to host \"%s\"".formatted(peer.hostId()), null));
            return;
        }
        send(call.frame());
    }

    void send(Outgoing frame) {
        outgoing.add(frame);
        if (!open) {
            channel.eventLoop().execute(this::writeFrames);
        } else if (!channel.eventLoop().inEventLoop()) {
            outgoing.writeSoon();
        } else if (!reading) {
            outgoing.write();
        }
    }

    /** Nobody waits for this call's answer any more. */
    void forget(PendingCall call) {
        if (open) {
            channel.eventLoop().execute(() -> {
                if (calls.remove(call.number()) != null) {
                    send(head(Wire.CANCEL, call.number()));
                }
            });
        }
    }

    /** Opens a stream; from any thread. */
    LinkStream open(String service, String method, byte[] argument, StreamListener listener) {
        StreamEnd stream = new StreamEnd(this, core.config().streamWindow(), core.workers(), listener);
        send(new Outgoing() {
            @Override
            ByteBuffer payload() {
                return ByteBuffer.wrap(argument);
            }

            @Override
            boolean writeHead(Connection connection, ByteBuf out) {
                lastStream += 2;
                streams.put(lastStream, stream);
                stream.number(lastStream);
                out.writeByte(Wire.OPEN).writeInt(lastStream);
                Wire.writeText(out, service);
                Wire.writeText(out, method);
                return true;
            }

            @Override
            void lost(RuntimeException why) {
                stream.failed(FlynnException.unavailable(String.valueOf(why.getMessage()), why));
            }
        });
        return stream;
    }

    boolean isOnItsLoop() {
        return channel.eventLoop().inEventLoop();
    }

    void close(String reason) {
        channel.eventLoop().execute(() -> {
            reasonToClose = reason;
            channel.close();
        });
    }

    static Outgoing head(byte type, int number) {
        return new Outgoing() {
            @Override
            boolean writeHead(Connection connection, ByteBuf out) {
                out.writeByte(type).writeInt(number);
                return true;
            }
        };
    }

    static Outgoing failure(byte type, int number, FlynnException failure) {
        return new Outgoing() {
            @Override
            boolean writeHead(Connection connection, ByteBuf out) {
                out.writeByte(type).writeInt(number);
                Wire.writeFailure(out, failure);
                return true;
            }
        };
    }

    // of the event loop

    int number(PendingCall call) {
        do {
            lastCall++;
        } while (calls.containsKey(lastCall));
        calls.put(lastCall, call);
        return lastCall;
    }

    void forgetStream(int number) {
        channel.eventLoop().execute(() -> streams.remove(number));
    }

    void writeFrames() {
        if (open) {
            outgoing.write();
        } else {
            outgoing.lose(lost());
        }
    }

    private FlynnException lost() {
        return FlynnException.unavailable(
                "host \"%s\" at %s: %s".formatted(peer.hostId(), peer.address(), reasonToClose), null);
    }

    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        long tick = Math.min(MAX_TICK_NANOS, core.config().deadAfter().toNanos() / TICKS_PER_DEATH);
        var ticking = channel.eventLoop().scheduleAtFixedRate(this::tick, tick, tick, TimeUnit.NANOSECONDS);
        channel.closeFuture().addListener(closed -> ticking.cancel(false));
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (channel.isWritable()) {
            writeFrames();
        }
        context.fireChannelWritabilityChanged();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
        lastRead = System.nanoTime();
        reading = true;
        super.channelRead(context, message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) throws Exception {
        reading = false;
        if (!outgoing.isEmpty()) {
            writeFrames();
        }
        super.channelReadComplete(context);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) throws Exception {
        while (!broken && in.readableBytes() >= Integer.BYTES) {
            int length = in.getInt(in.readerIndex());
            int most = core.config().maxMessageBytes() + Wire.OVERHEAD_BYTES;
            if (length < Wire.HEAD_BYTES || length > most) {
                throw new ProtocolException("a frame of %s bytes, where %d to %d are allowed"
                        .formatted(Integer.toUnsignedString(length), Wire.HEAD_BYTES, most));
            }
            if (in.readableBytes() - Integer.BYTES < length) {
                return;
            }
            in.skipBytes(Integer.BYTES);
            int end = in.readerIndex() + length;
            int writer = in.writerIndex();
            in.writerIndex(end);
            receive(in);
            in.writerIndex(writer).readerIndex(end);
        }
    }

    private void receive(ByteBuf in) throws ProtocolException {
        byte type = in.readByte();
        int number = in.readInt();
        if (type != Wire.PING && type != Wire.PONG) {
            lastUse = lastRead;
        }
        switch (type) {
            case Wire.CALL -> called(number, in);
            case Wire.ANSWER -> answered(number, in);
            case Wire.FAILURE -> refused(number, in);
            case Wire.CANCEL -> cancelled(number);
            case Wire.OPEN -> opened(number, in);
            case Wire.DATA -> received(number, in);
            case Wire.WINDOW -> widened(number, in);
            case Wire.END -> ended(number);
            case Wire.RESET -> reset(number, in);
            case Wire.PING -> send(head(Wire.PONG, number));
            case Wire.PONG -> {}
            default -> throw new ProtocolException("no frame has the type " + type);
        }
    }

    private static ByteBuffer rest(ByteBuf in) {
        byte[] bytes = new byte[in.readableBytes()];
        in.readBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    // calls

    private void called(int number, ByteBuf in) throws ProtocolException {
        if (in.readableBytes() < Integer.BYTES || serving.containsKey(number)) {
            throw new ProtocolException("a call that is cut short or has the number of another");
        }
        in.readInt(); // the caller's patience: it cancels by itself
        String service = Wire.readText(in);
        String method = Wire.readText(in);
        CallHandler handler = core.services().get(service);
        if (handler == null) {
            refuse(number, new FlynnException(ErrorCode.NOT_FOUND, core.noService(service)));
            return;
        }
        if (serving.size() >= core.config().maxCallsInFlight()) {
            refuse(
                    number,
                    new FlynnException(
                            ErrorCode.RATE_LIMITED,
                            "host \"%s\" still works on %d calls of host \"%s\""
                                    .formatted(core.hostId(), serving.size(), peer.hostId())));
            return;
        }
        CompletableFuture<ByteBuffer> answer;
        try {
            answer = handler.handle(peer.hostId(), method, rest(in));
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        if (answer.isDone()) {
            answer(number, answer);
        } else {
            CompletableFuture<ByteBuffer> later = answer;
            serving.put(number, later);
            answer.whenComplete((bytes, failure) -> {
                if (isOnItsLoop()) {
                    answerLater(number, later);
                } else {
                    send(new Answer(number, later));
                }
            });
        }
    }

    private void answerLater(int number, CompletableFuture<ByteBuffer> answer) {
        if (serving.remove(number, answer)) {
            answer(number, answer);
        }
    }

    private void refuse(int number, FlynnException why) {
        send(failure(Wire.FAILURE, number, why));
    }

    private void answer(int number, CompletableFuture<ByteBuffer> answer) {
        send(new Answer(number, answer));
    }

    /** An answer that is there: its bytes or its failure. */
    private final class Answer extends Outgoing {

        private final int number;
        private final CompletableFuture<ByteBuffer> answer;
        private @Nullable FlynnException failure;
        private ByteBuffer bytes = NOTHING;

        Answer(int number, CompletableFuture<ByteBuffer> answer) {
            this.number = number;
            this.answer = answer;
            try {
                bytes = answer.join();
                if (bytes.remaining() > core.config().maxMessageBytes()) {
                    failure = FlynnException.internal(
                            "the answer has %d bytes, more than %d"
                                    .formatted(bytes.remaining(), core.config().maxMessageBytes()),
                            null);
                    bytes = NOTHING;
                }
            } catch (RuntimeException e) {
                failure = Failures.toTell(core.hostId(), e);
            }
        }

        @Override
        ByteBuffer payload() {
            return bytes;
        }

        @Override
        boolean writeHead(Connection connection, ByteBuf out) {
            serving.remove(number, answer);
            if (answer.isCancelled()) {
                return false;
            }
            out.writeByte(failure == null ? Wire.ANSWER : Wire.FAILURE).writeInt(number);
            if (failure != null) {
                Wire.writeFailure(out, failure);
            }
            return true;
        }
    }

    private void answered(int number, ByteBuf in) {
        PendingCall call = calls.remove(number);
        if (call != null) {
            call.complete(rest(in));
        }
    }

    private void refused(int number, ByteBuf in) throws ProtocolException {
        FlynnException why = Wire.readFailure(in);
        PendingCall call = calls.remove(number);
        if (call != null) {
            call.completeExceptionally(why);
        }
    }

    private void cancelled(int number) {
        CompletableFuture<ByteBuffer> answer = serving.remove(number);
        if (answer != null) {
            answer.cancel(false);
        }
    }

    // streams

    private void opened(int number, ByteBuf in) throws ProtocolException {
        boolean theirs = (number & 1) == (dialled ? 0 : 1);
        if (!theirs || streams.containsKey(number)) {
            throw new ProtocolException("a stream has a number that is not free");
        }
        String service = Wire.readText(in);
        String method = Wire.readText(in);
        StreamHandler handler = core.streamServices().get(service);
        if (handler == null) {
            send(failure(Wire.RESET, number, new FlynnException(ErrorCode.NOT_FOUND, core.noService(service))));
            return;
        }
        if (streams.size() >= core.config().maxStreams()) {
            send(failure(
                    Wire.RESET,
                    number,
                    new FlynnException(
                            ErrorCode.RATE_LIMITED,
                            "host \"%s\" has %d streams with host \"%s\" already"
                                    .formatted(core.hostId(), streams.size(), peer.hostId()))));
            return;
        }
        byte[] argument = rest(in).array();
        StreamEnd stream = new StreamEnd(this, core.config().streamWindow(), core.workers(), null);
        stream.number(number);
        streams.put(number, stream);
        stream.serve(() -> handler.open(peer.hostId(), method, argument, stream), core.hostId());
    }

    private void received(int number, ByteBuf in) throws ProtocolException {
        StreamEnd stream = streams.get(number);
        if (stream != null) {
            stream.received(rest(in).array());
        }
    }

    private void widened(int number, ByteBuf in) throws ProtocolException {
        if (in.readableBytes() != Integer.BYTES) {
            throw new ProtocolException("a window of the wrong size");
        }
        int more = in.readInt();
        StreamEnd stream = streams.get(number);
        if (stream != null) {
            stream.widen(more);
        }
    }

    private void ended(int number) {
        StreamEnd stream = streams.get(number);
        if (stream != null) {
            stream.ended();
        }
    }

    private void reset(int number, ByteBuf in) throws ProtocolException {
        FlynnException why = Wire.readFailure(in);
        StreamEnd stream = streams.remove(number);
        if (stream != null) {
            stream.failed(why);
        }
    }

    // time

    private void tick() {
        long now = System.nanoTime();
        long dead = core.config().deadAfter().toNanos();
        long sinceTick = now - lastTick;
        lastTick = now;
        if (sinceTick > dead / 2) {
            // this process itself stood still: the other host may have spoken meanwhile
            lastRead = Math.max(lastRead, now - dead / 2);
        }
        if (now - lastRead > dead) {
            reasonToClose = "nothing came for %d ms".formatted(TimeUnit.NANOSECONDS.toMillis(now - lastRead));
            channel.close();
            return;
        }
        if (now - outgoing.lastWrite() > dead / 4) {
            // unasked: an answer would wait behind the large frame that the other host is sending
            send(head(Wire.PONG, 0));
        }
        if (now - lastRead > dead / 3) {
            send(head(Wire.PING, 0)); // its patience may be longer than ours
        }
        timeOut(now);
        boolean idle = calls.isEmpty() && serving.isEmpty() && streams.isEmpty() && outgoing.isEmpty();
        if (retired && idle && now - lastUse > RETIRED_IDLE_NANOS) {
            reasonToClose = "another connection took its place";
            channel.close();
        }
    }

    private void timeOut(long now) {
        List<PendingCall> late = new ArrayList<>();
        for (PendingCall call : calls.values()) {
            if (call.isLate(now)) {
                late.add(call);
            }
        }
        if (!channel.isWritable()) {
            outgoing.stillWait(now, peer.hostId());
        }
        for (PendingCall call : late) {
            calls.remove(call.number());
            call.timeOut(peer.hostId());
            send(head(Wire.CANCEL, call.number()));
        }
    }

    // the end

    @Override
    protected void handlerRemoved0(ChannelHandlerContext context) {
        closed();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        closed();
        super.channelInactive(context);
    }

    private void closed() {
        if (!open) {
            return;
        }
        open = false;
        core.closed(this);
        FlynnException why = lost();
        List<PendingCall> lostCalls = new ArrayList<>(calls.values());
        calls.clear();
        lostCalls.forEach(call -> call.completeExceptionally(why));
        List<StreamEnd> lostStreams = new ArrayList<>(streams.values());
        streams.clear();
        lostStreams.forEach(stream -> stream.failed(why));
        List<CompletableFuture<ByteBuffer>> unheard = new ArrayList<>(serving.values());
        serving.clear();
        unheard.forEach(answer -> answer.cancel(false));
        outgoing.lose(why);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable failure) {
        Throwable cause =
                failure instanceof DecoderException && failure.getCause() != null ? failure.getCause() : failure;
        broken = true;
        reasonToClose = String.valueOf(cause.getMessage());
        if (cause instanceof ProtocolException) {
            log.atWarn()
                    .addKeyValue("host", peer.hostId())
                    .addKeyValue("reason", cause.getMessage())
                    .log("a host breaks the rules of the link; hanging up");
        } else {
            log.atDebug().addKeyValue("host", peer.hostId()).setCause(cause).log("connection failed");
        }
        context.close();
    }
}
