package dev.flynn.host.api;

import dev.flynn.base.NamedThreads;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connection of one attached client, from the moment on from which it carries raw frames. Input is read only as fast as the
 * job takes it, and handed on in order by threads of the executor.
 */
final class AttachChannel extends ChannelInboundHandlerAdapter implements Attaching.Client {

    private static final Logger log = LoggerFactory.getLogger(AttachChannel.class);

    /** How long a client may take to notice the end. */
    private static final Duration LINGER = Duration.ofSeconds(5);

    private final Channel channel;
    private final Executor executor;
    private final Object lock = new Object();

    // guarded by lock
    private final Queue<ByteBuffer> input = new ArrayDeque<>();
    private boolean passing;
    private boolean deaf;

    private volatile @Nullable Attaching attaching;
    private AttachFrames.@Nullable Reader frames;

    AttachChannel(Channel channel, Executor executor) {
        this.channel = channel;
        this.executor = executor;
    }

    /** Begins; from here on the job is asked. */
    void begin(Function<Attaching.Client, Attaching> open) {
        Attaching opened = open.apply(this);
        synchronized (lock) {
            frames = new AttachFrames.Reader(opened);
        }
        attaching = opened;
        if (channel.isActive()) {
            opened.begin();
            passInputSoon();
            channel.read();
        } else {
            opened.close();
        }
    }

    // what the client is sent

    @Override
    public void send(byte[] frame) {
        if (awaitRoom()) {
            channel.writeAndFlush(Unpooled.wrappedBuffer(frame), channel.voidPromise());
        }
    }

    /** False if the client is gone. */
    private boolean awaitRoom() {
        synchronized (lock) {
            while (channel.isActive() && !channel.isWritable()) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
        }
        return channel.isActive();
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        wakeSenders();
    }

    private void wakeSenders() {
        synchronized (lock) {
            lock.notifyAll();
        }
    }

    /**
     * The client reads end of file once it has read all, and what it still sends is read and dropped: closing at once would make
     * the kernel discard the last frames when unread input is there.
     */
    @Override
    public void finish() {
        stopReading();
        channel.eventLoop().execute(() -> {
            SslHandler tls = channel.pipeline().get(SslHandler.class);
            if (tls != null) {
                var unused = tls.closeOutbound();
            } else if (channel instanceof DuplexChannel duplex) {
                channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(written -> duplex.shutdownOutput());
            }
            channel.config().setAutoRead(true);
            var unused = channel.eventLoop().schedule(() -> channel.close(), LINGER.toMillis(), TimeUnit.MILLISECONDS);
        });
    }

    // what the client sends

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        try {
            if (message instanceof ByteBuf bytes) {
                synchronized (lock) {
                    if (deaf) {
                        return;
                    }
                    input.add(ByteBuffer.wrap(ByteBufUtil.getBytes(bytes)));
                }
                passInputSoon();
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    private void passInputSoon() {
        synchronized (lock) {
            if (passing || frames == null || input.isEmpty()) {
                return;
            }
            passing = true;
        }
        try {
            executor.execute(this::passInput);
        } catch (RejectedExecutionException stopped) {
            channel.close();
        }
    }

    private void passInput() {
        while (true) {
            ByteBuffer next;
            AttachFrames.Reader reader;
            synchronized (lock) {
                next = input.poll();
                reader = frames;
                if (next == null || reader == null) {
                    passing = false;
                    break;
                }
            }
            try {
                reader.read(next);
            } catch (AttachFrames.ProtocolException e) {
                log.atDebug().setCause(e).log("an attached client does not speak the protocol");
                stopReading();
            }
        }
        channel.read();
    }

    @Override
    public void stopReading() {
        synchronized (lock) {
            deaf = true;
            input.clear();
        }
    }

    // the end

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        wakeSenders();
        Attaching open = attaching;
        if (open != null) {
            // whatever holds what it needs, the thread of all connections does not wait
            new NamedThreads("host-api-detach").newThread(open::close).start();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        log.atDebug().setCause(cause).log("attached client is gone");
        context.close();
    }
}
