package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One client that has images pulled and follows how far that is (contract: layer 0, Pull endpoints). The pull ends with the
 * client; the connection with the pull.
 */
final class PullStream {

    private static final Duration STEP = Duration.ofMillis(200);

    private final Channel channel;
    private final FlynnJson json;

    // guarded by this
    private @Nullable Thread puller;
    private boolean left;

    PullStream(Channel channel, FlynnJson json) {
        this.channel = channel;
        this.json = json;
    }

    /** One line of what happens; {@code done} and {@code total} while a layer is on its way. */
    private record Line(
            String repo,
            String type,
            String id,
            String status,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long done,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            Long total) {

        static Line of(String image, String type, String id, boolean fetched) {
            return new Line(image, type, id, fetched ? "downloaded" : "exists", null, null);
        }
    }

    /** Pulls one image after the other on this thread. */
    void run(HostImages images, List<String> uris) {
        if (!enter()) {
            return;
        }
        writeHead();
        String failure = null;
        try {
            for (String uri : uris) {
                pull(images, uri);
            }
        } catch (IOException | FlynnException e) {
            failure = String.valueOf(e.getMessage());
        } finally {
            leave();
        }
        end(failure);
    }

    private void pull(HostImages images, String uri) throws IOException {
        var progress = new Told(uri);
        String id = images.pull(uri, progress);
        write(json.writeBytes(Line.of(uri, "image", id, progress.fetched)));
    }

    private synchronized boolean enter() {
        if (left) {
            return false;
        }
        puller = Thread.currentThread();
        return true;
    }

    private synchronized void leave() {
        puller = null;
        // it was for the pull
        Thread.interrupted();
    }

    /** The client is gone. */
    synchronized void close() {
        left = true;
        if (puller != null) {
            puller.interrupt();
        }
    }

    private void writeHead() {
        var head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        head.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8");
        head.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        head.headers().set(HttpHeaderNames.CACHE_CONTROL, "no-cache");
        channel.writeAndFlush(head);
    }

    private void write(byte[] line) {
        byte[] bytes = new byte[line.length + 8];
        System.arraycopy("data: ".getBytes(UTF_8), 0, bytes, 0, 6);
        System.arraycopy(line, 0, bytes, 6, line.length);
        bytes[bytes.length - 2] = '\n';
        bytes[bytes.length - 1] = '\n';
        channel.writeAndFlush(new DefaultHttpContent(Unpooled.wrappedBuffer(bytes)));
    }

    private void end(@Nullable String failure) {
        if (failure != null) {
            byte[] last = ("event: error\ndata: " + failure.replaceAll("\\R", " ") + "\n\n").getBytes(UTF_8);
            channel.write(new DefaultHttpContent(Unpooled.wrappedBuffer(last)));
        }
        channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT).addListener(ChannelFutureListener.CLOSE);
    }

    /** Tells the client now and then, and not at all while it does not read. */
    private final class Told implements HostImages.Progress {

        private final String image;
        private boolean fetched;
        private long last = System.nanoTime();

        Told(String image) {
            this.image = image;
        }

        @Override
        public void onBytes(String layer, long done, long total) {
            long now = System.nanoTime();
            if (now - last >= STEP.toNanos() && channel.isWritable()) {
                last = now;
                write(json.writeBytes(new Line(image, "layer", layer, "downloading", done, total)));
            }
        }

        @Override
        public void onLayer(String layer, boolean now) {
            fetched |= now;
            write(json.writeBytes(Line.of(image, "layer", layer, now)));
        }
    }
}
