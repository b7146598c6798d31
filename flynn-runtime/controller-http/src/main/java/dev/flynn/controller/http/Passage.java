package dev.flynn.controller.http;

import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.TimeUnit;
import org.glassfish.jersey.server.ChunkedOutput;
import org.glassfish.jersey.server.ContainerResponse;
import org.glassfish.jersey.server.spi.ContainerResponseWriter;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries the answer of an inner application to the outer one. */
final class Passage implements ContainerResponseWriter {

    private static final Logger log = LoggerFactory.getLogger(Passage.class);

    private final AsyncResponse outer;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private Response.@Nullable ResponseBuilder head;
    private @Nullable StreamingOutput stream;

    Passage(AsyncResponse outer) {
        this.outer = outer;
    }

    /** The answer's body is written to the client while it is made, by the thread that commits the answer. */
    void stream(int status, MultivaluedMap<String, String> headers, StreamingOutput written) {
        this.head = head(status, headers);
        this.stream = written;
    }

    @Override
    public OutputStream writeResponseStatusAndHeaders(long length, ContainerResponse response) {
        if (head == null) {
            head = head(response.getStatus(), response.getStringHeaders());
        }
        return body;
    }

    /** How long the body is, the outer application says, which may change it. */
    private static Response.ResponseBuilder head(int status, MultivaluedMap<String, String> headers) {
        Response.ResponseBuilder head = Response.status(status).type(Answers.TEXT);
        headers.forEach((name, values) -> {
            if (name.equalsIgnoreCase("Content-Type")) {
                head.header(name, null);
            }
            if (!name.equalsIgnoreCase("Content-Length")) {
                values.forEach(value -> head.header(name, value));
            }
        });
        return head;
    }

    @Override
    public void commit() {
        if (head == null) {
            return;
        }
        if (stream == null) {
            // even if it is empty: servlets show a page of their own instead of an error without an entity
            outer.resume(head.entity(body.toByteArray()).build());
            return;
        }
        try (var chunks = new Chunks()) {
            if (outer.resume(head.entity(chunks.output).build())) {
                stream.write(chunks);
            }
        } catch (IOException | RuntimeException e) {
            // the outer application wraps what a client causes that left
            log.atDebug().setCause(e).log("stream ended");
        }
    }

    @Override
    public void failure(Throwable error) {
        log.atError().setCause(error).log("request failed");
        outer.resume(Response.status(500).entity(new byte[0]).type(Answers.TEXT).build());
    }

    /** The outer request is suspended already, without a limit. */
    @Override
    public boolean suspend(long timeOut, TimeUnit unit, @Nullable TimeoutHandler handler) {
        return true;
    }

    @Override
    public void setSuspendTimeout(long timeOut, TimeUnit unit) {}

    @Override
    public boolean enableResponseBuffering() {
        return false;
    }

    /** Sends what it was given when it is flushed; a stream of Jersey's holds back the first 8 KiB. */
    private static final class Chunks extends OutputStream {

        private static final int MAX_BYTES = 8192;

        private final ChunkedOutput<byte[]> output = new ChunkedOutput<>(byte[].class);
        private final ByteArrayOutputStream held = new ByteArrayOutputStream();

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            held.write(bytes, offset, length);
            if (held.size() >= MAX_BYTES) {
                flush();
            }
        }

        /** A chunk of nothing sends the head. */
        @Override
        public void flush() throws IOException {
            byte[] chunk = held.toByteArray();
            held.reset();
            try {
                output.write(chunk);
            } catch (RuntimeException e) {
                throw new IOException("a chunk could not be sent", e);
            }
        }

        @Override
        public void close() throws IOException {
            try (output) {
                if (held.size() > 0 && !output.isClosed()) {
                    flush();
                }
            }
        }
    }
}
