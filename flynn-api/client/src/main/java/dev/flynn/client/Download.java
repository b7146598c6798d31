package dev.flynn.client;

import java.io.InputStream;
import java.util.OptionalLong;

/** Something large that is read as it comes; the caller closes it. */
public final class Download implements AutoCloseable {

    private final HttpReply reply;

    Download(HttpReply reply) {
        this.reply = reply;
    }

    /** In bytes, if the server said so; then content that ends earlier is a failure when it is read. */
    public OptionalLong length() {
        return reply.header("content-length")
                .map(length -> OptionalLong.of(Long.parseLong(length)))
                .orElse(OptionalLong.empty());
    }

    public InputStream content() {
        return reply.body();
    }

    @Override
    public void close() {
        reply.connection().close();
    }
}
