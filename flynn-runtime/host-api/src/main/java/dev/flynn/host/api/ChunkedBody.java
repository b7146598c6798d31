package dev.flynn.host.api;

import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A body that goes out while it is written: two chunks of it are in memory at most, and whoever writes waits for who reads. It
 * ends with the digest of what was sent, without which it is not complete.
 */
final class ChunkedBody extends OutputStream {

    private static final int CHUNK = 64 << 10;

    /** How long whoever reads may not read. */
    private static final long PATIENCE_SECONDS = 60;

    private final Channel channel;
    private final MessageDigest digest = ChunkedInput.newDigest();
    private byte[] chunk = new byte[CHUNK];
    private int filled;
    private @Nullable ChannelFuture previous;

    ChunkedBody(Channel channel) {
        this.channel = channel;
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        digest.update(bytes, offset, length);
        int done = 0;
        while (done < length) {
            int part = Math.min(length - done, CHUNK - filled);
            System.arraycopy(bytes, offset + done, chunk, filled, part);
            filled += part;
            done += part;
            if (filled == CHUNK) {
                send();
            }
        }
    }

    private void send() throws IOException {
        ChannelFuture sent = channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(chunk, 0, filled)));
        chunk = new byte[CHUNK];
        filled = 0;
        await(previous);
        previous = sent;
    }

    private static void await(@Nullable ChannelFuture write) throws IOException {
        if (write == null) {
            return;
        }
        try {
            if (!write.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("the other side does not read");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
        if (!write.isSuccess()) {
            throw new IOException("the connection is closed", write.cause());
        }
    }

    /** All was written. */
    void complete() throws IOException {
        if (filled > 0) {
            send();
        }
        var last = new DefaultLastHttpContent();
        last.trailingHeaders().set(ChunkedInput.DIGEST, ChunkedInput.text(digest));
        ChannelFuture end = channel.writeAndFlush(last);
        await(previous);
        await(end);
    }
}
