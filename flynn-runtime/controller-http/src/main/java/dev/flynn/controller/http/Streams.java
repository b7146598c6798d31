package dev.flynn.controller.http;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.CloseListener;
import org.glassfish.grizzly.Closeable;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.ICloseType;
import org.glassfish.grizzly.IOEvent;
import org.glassfish.grizzly.nio.NIOConnection;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Responses that go on for long: each is written by a thread of its own, which is interrupted when its client leaves. */
final class Streams implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Streams.class);

    /**
     * The request property that holds the connection. Without one a client that left is noticed when something cannot be
     * written.
     */
    static final String CONNECTION = "dev.flynn.controller.connection";

    /** How long a client may not read before it is given up. */
    static final Duration WRITE_PATIENCE = Duration.ofMinutes(10);

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final ExecutorService threads =
            java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("controller-stream"));

    /** Writes a response until there is nothing more to say, or the client has left. */
    interface Writer extends AutoCloseable {

        void write(OutputStream out) throws IOException, InterruptedException;

        /** Whether it goes on until the client leaves. */
        default boolean isEndless() {
            return true;
        }

        /** Called when writing has ended, or did not begin. */
        @Override
        void close();
    }

    void start(AsyncResponse response, ContainerRequestContext request, String mediaType, Writer writer)
            throws IOException {
        var connection = (@Nullable Connection<?>) request.getProperty(CONNECTION);
        if (connection != null) {
            connection.setWriteTimeout(WRITE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        }
        try {
            if (writer.isEndless() && connection instanceof NIOConnection nio) {
                // Grizzly does not read while a response is suspended, and would not notice that the client left
                nio.enableIOEvent(IOEvent.READ);
            }
            threads.execute(new Task(connection, response, mediaType, writer));
        } catch (RejectedExecutionException closed) {
            writer.close();
            throw closing();
        } catch (IOException | RuntimeException e) {
            writer.close();
            throw e;
        }
    }

    /** Who asks for a stream while the controller ends is told so, and asks again elsewhere. */
    static WebApplicationException closing() {
        return new WebApplicationException(Response.status(Failures.CLOSING.status())
                .entity(Failures.CLOSING.body().orElseThrow())
                .type(MediaType.APPLICATION_JSON)
                .build());
    }

    /** Writes one response; interrupted when its connection is closed. */
    private static final class Task implements Runnable, CloseListener<Closeable, ICloseType> {

        private final @Nullable Connection<?> connection;
        private final AsyncResponse response;
        private final String mediaType;
        private final Writer writer;
        private boolean closed;
        private @Nullable Thread thread;

        Task(@Nullable Connection<?> connection, AsyncResponse response, String mediaType, Writer writer) {
            this.connection = connection;
            this.response = response;
            this.mediaType = mediaType;
            this.writer = writer;
        }

        @Override
        public void run() {
            try (writer) {
                if (connection != null) {
                    connection.addCloseListener(this);
                }
                if (begin()) {
                    response.resume(Response.ok((StreamingOutput) this::write)
                            .header("Content-Type", mediaType)
                            .build());
                }
            } catch (RuntimeException e) {
                log.atDebug().setCause(e).log("stream ended");
            } finally {
                if (connection != null) {
                    connection.removeCloseListener(this);
                }
                end();
            }
        }

        private void write(OutputStream out) {
            try {
                sendHead(out);
                writer.write(out);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (IOException e) {
                log.atDebug().setCause(e).log("client of a stream left");
            }
        }

        private synchronized boolean begin() {
            thread = Thread.currentThread();
            return !closed;
        }

        private synchronized void end() {
            thread = null;
            boolean unused = Thread.interrupted();
        }

        @Override
        public synchronized void onClosed(Closeable connection, ICloseType type) {
            closed = true;
            if (thread != null) {
                thread.interrupt();
            }
        }
    }

    /** Writing nothing commits the response. */
    private static void sendHead(OutputStream out) throws IOException {
        out.write(new byte[0]);
        out.flush();
    }

    @Override
    public void close() {
        Executors.stop(threads, "controller streams", STOP_PATIENCE);
    }
}
