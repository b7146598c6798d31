package dev.flynn.controller.http;

import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.util.Optional;
import org.glassfish.grizzly.CloseListener;
import org.glassfish.grizzly.Closeable;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.ICloseType;
import org.glassfish.grizzly.IOEvent;
import org.glassfish.grizzly.WriteHandler;
import org.glassfish.grizzly.http.io.NIOOutputStream;
import org.glassfish.grizzly.http.server.Response;
import org.glassfish.grizzly.nio.NIOConnection;
import org.jspecify.annotations.Nullable;

/**
 * A response of Grizzly's, written to directly: Jersey, which has suspended it, would need a thread that waits. Jersey ends it.
 */
final class GrizzlyOutput implements StreamOutput {

    /** The request property that holds the response, where there is no other server between. */
    static final String RESPONSE = "dev.flynn.controller.response";

    private static final StreamingOutput NOTHING_MORE = out -> {};

    private final Response response;
    private final AsyncResponse suspended;
    private final String mediaType;
    private final Connection<?> connection;
    private final NIOOutputStream out;
    private @Nullable CloseListener<Closeable, ICloseType> onLeft;

    private GrizzlyOutput(Response response, AsyncResponse suspended, String mediaType) {
        this.response = response;
        this.suspended = suspended;
        this.mediaType = mediaType;
        this.connection = response.getRequest().getContext().getConnection();
        this.out = response.getNIOOutputStream();
    }

    /** Nothing if somebody else has to write the response. */
    static Optional<StreamOutput> of(ContainerRequestContext request, AsyncResponse suspended, String mediaType) {
        return request.getProperty(RESPONSE) instanceof Response response
                ? Optional.of(new GrizzlyOutput(response, suspended, mediaType))
                : Optional.empty();
    }

    @Override
    public void begin() throws IOException {
        if (connection instanceof NIOConnection nio) {
            // Grizzly does not read while a response is suspended, and would not notice that the client left
            nio.enableIOEvent(IOEvent.READ);
        }
        response.setStatus(200);
        response.addHeader("Content-Type", mediaType);
        out.flush();
    }

    @Override
    public boolean canWrite() {
        return out.canWrite();
    }

    @Override
    public void write(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }

    @Override
    public void whenWritable(Runnable action) {
        out.notifyCanWrite(new WriteHandler() {
            @Override
            public void onWritePossible() {
                action.run();
            }

            @Override
            public void onError(Throwable left) {
                action.run();
            }
        });
    }

    @Override
    public void whenLeft(Runnable action) {
        onLeft = (closed, type) -> action.run();
        connection.addCloseListener(onLeft);
    }

    @Override
    public void finish() {
        if (onLeft != null) {
            connection.removeCloseListener(onLeft);
        }
        boolean unused = suspended.resume(NOTHING_MORE);
    }

    @Override
    public void abort() {
        connection.terminateSilently();
        finish();
    }
}
