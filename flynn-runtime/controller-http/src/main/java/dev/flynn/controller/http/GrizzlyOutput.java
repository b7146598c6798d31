package dev.flynn.controller.http;

import jakarta.ws.rs.container.AsyncResponse;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.CloseListener;
import org.glassfish.grizzly.Closeable;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.ICloseType;
import org.glassfish.grizzly.IOEvent;
import org.glassfish.grizzly.WriteHandler;
import org.glassfish.grizzly.http.io.NIOOutputStream;
import org.glassfish.grizzly.http.server.Response;
import org.glassfish.grizzly.memory.Buffers;
import org.glassfish.grizzly.nio.NIOConnection;
import org.glassfish.grizzly.nio.NIOTransport;
import org.jspecify.annotations.Nullable;

/**
 * A response of Grizzly's, written to directly: Jersey, which has suspended it, would need a thread that waits. Jersey ends it.
 *
 * <p>What many clients are sent is put into a chunk (RFC 9112, 7.1) and given to the queue of the connection: the way through the
 * filters of the connection would do the same for each of them, and copy it. The head and the end of the response go that way.
 */
final class GrizzlyOutput implements StreamOutput {

    /** The request property that holds the response, where there is no other server between. */
    static final String RESPONSE = "dev.flynn.controller.response";

    private static final StreamingOutput NOTHING_MORE = out -> {};

    private static final byte[] END_OF_LINE = {'\r', '\n'};

    private final Response response;
    private final AsyncResponse suspended;
    private final String mediaType;
    private final Connection<?> connection;
    private final NIOOutputStream out;
    private boolean isChunked;
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
        isChunked = response.getResponse().isChunked();
    }

    @Override
    public boolean canWrite() {
        return out.canWrite();
    }

    @Override
    public void write(byte[] bytes) throws IOException {
        if (isChunked && connection.getTransport() instanceof NIOTransport transport) {
            queue(transport, Buffers.wrap(transport.getMemoryManager(), chunk(bytes)));
        } else {
            out.write(bytes);
            out.flush();
        }
    }

    /** If it cannot be written, the connection is closed, which {@link #whenLeft} tells. */
    @SuppressWarnings({"unchecked", "NullAway"}) // Grizzly's way to say that nobody waits for the result
    private void queue(NIOTransport transport, Buffer chunk) {
        transport.getWriter(connection).write((Connection<SocketAddress>) connection, null, chunk, null);
    }

    /** Its length in hexadecimal digits, and itself. */
    static byte[] chunk(byte[] bytes) {
        byte[] length = Integer.toHexString(bytes.length).getBytes(StandardCharsets.US_ASCII);
        byte[] chunk = new byte[length.length + bytes.length + 2 * END_OF_LINE.length];
        System.arraycopy(length, 0, chunk, 0, length.length);
        System.arraycopy(END_OF_LINE, 0, chunk, length.length, END_OF_LINE.length);
        System.arraycopy(bytes, 0, chunk, length.length + END_OF_LINE.length, bytes.length);
        System.arraycopy(END_OF_LINE, 0, chunk, chunk.length - END_OF_LINE.length, END_OF_LINE.length);
        return chunk;
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
