package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.spi.component.Subscription;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One client that follows the events of this host's jobs. What it has not read yet is bounded: one that is too slow is cut off. */
final class EventStream implements EventHub.Listener {

    /** How much of what happened a client may leave unread, beyond what the connection itself holds. */
    static final int MAX_WAITING_BYTES = 1 << 20;

    static final String TOO_SLOW = "host: the events were not read fast enough; connect again and list the jobs";

    private static final Duration LAST_WORDS = Duration.ofSeconds(5);
    private static final byte[] KEEP_ALIVE = ":\n".getBytes(US_ASCII);

    private final Channel channel;
    private final Optional<String> job;

    // guarded by this
    private long waitingBytes;
    private boolean quiet = true;
    private boolean ended;
    private @Nullable Subscription subscription;
    private @Nullable Future<?> timer;

    EventStream(Channel channel, Optional<String> job) {
        this.channel = channel;
        this.job = job;
    }

    /** To be called when the head of the answer is on its way. */
    void begin(Subscription source, Duration keepAlive) {
        boolean tooLate;
        synchronized (this) {
            tooLate = ended;
            subscription = source;
            if (!tooLate) {
                timer = channel.eventLoop()
                        .scheduleWithFixedDelay(
                                this::keepAlive, keepAlive.toMillis(), keepAlive.toMillis(), TimeUnit.MILLISECONDS);
            }
        }
        if (tooLate) {
            source.close();
        }
    }

    @Override
    public Optional<String> job() {
        return job;
    }

    @Override
    public void onEvent(JobEvents.Kind kind, byte[] frame) {
        boolean behind;
        synchronized (this) {
            if (ended) {
                return;
            }
            behind = waitingBytes + frame.length > MAX_WAITING_BYTES;
            quiet = false;
        }
        if (behind) {
            onEnd(TOO_SLOW);
        } else {
            write(frame);
        }
    }

    private void keepAlive() {
        synchronized (this) {
            boolean idle = quiet && waitingBytes == 0;
            quiet = true;
            if (ended || !idle) {
                return;
            }
        }
        write(KEEP_ALIVE);
    }

    private void write(byte[] bytes) {
        synchronized (this) {
            waitingBytes += bytes.length;
        }
        channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes)))
                .addListener(written -> {
                    synchronized (this) {
                        waitingBytes -= bytes.length;
                    }
                });
    }

    /** Tells the client why, if it still reads, and ends the connection. */
    @Override
    public void onEnd(String reason) {
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
        }
        byte[] last = ("event: error\ndata: " + reason.replaceAll("\\R", " ") + "\n\n").getBytes(UTF_8);
        channel.write(new DefaultHttpContent(Unpooled.wrappedBuffer(last)));
        channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE);
        var unused = channel.eventLoop().schedule(() -> channel.close(), LAST_WORDS.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** The client is gone; called on no thread of the store. */
    void close() {
        Subscription source;
        synchronized (this) {
            ended = true;
            source = subscription;
            subscription = null;
            if (timer != null) {
                timer.cancel(false);
            }
        }
        if (source != null) {
            source.close();
        }
    }
}
