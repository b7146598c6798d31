package dev.flynn.controller;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.CloseListener;
import org.glassfish.grizzly.Closeable;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.ICloseType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Responses that go on for long: each is written by a thread of its own, which is interrupted when its client leaves. */
final class Streams implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Streams.class);

    /** The request property that holds the connection. */
    static final String CONNECTION = "dev.flynn.controller.connection";

    /** How long a client may not read before it is given up. */
    private static final Duration WRITE_PATIENCE = Duration.ofMinutes(10);

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final ExecutorService threads =
            java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("controller-stream"));

    /** Writes a response until there is nothing more to say, or the client has left. */
    interface Writer extends AutoCloseable {

        void write(OutputStream out) throws IOException, InterruptedException;

        /** Called when writing has ended, or did not begin. */
        @Override
        void close();
    }

    void start(AsyncResponse response, ContainerRequestContext request, String mediaType, Writer writer) {
        Connection<?> connection = (Connection<?>) request.getProperty(CONNECTION);
        connection.setWriteTimeout(WRITE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        try {
            Future<?> task = threads.submit(() -> resume(response, mediaType, writer));
            CloseListener<Closeable, ICloseType> onClose = (closed, type) -> task.cancel(true);
            connection.addCloseListener(onClose);
        } catch (RuntimeException e) {
            writer.close();
            throw e;
        }
    }

    private static void resume(AsyncResponse response, String mediaType, Writer writer) {
        try (writer) {
            StreamingOutput body = out -> {
                try {
                    sendHead(out);
                    writer.write(out);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                } catch (IOException e) {
                    log.atDebug().setCause(e).log("client of a stream left");
                }
            };
            response.resume(Response.ok(body).header("Content-Type", mediaType).build());
        } catch (RuntimeException e) {
            log.atDebug().setCause(e).log("stream ended");
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
