package dev.flynn.router;

import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.Framing;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.Http2Heads;
import dev.flynn.router.message.Trailers;
import dev.flynn.router.table.Backend;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Stream;
import org.jspecify.annotations.Nullable;

/** One request to a backend that speaks HTTP/2, and its response. */
final class Http2BackendStream implements BackendSide {

    private final Http2BackendConnection connection;
    private final boolean reused;
    private @Nullable Http2Stream stream;
    private @Nullable BackendListener listener;

    /** What came while the client did not read. */
    private @Nullable ByteBuf waiting;

    private Trailers trailers = Trailers.NONE;
    private boolean headOnly;
    private boolean begun;
    private boolean requestEnded;
    private boolean receivedBytes;
    private boolean receivedHead;
    private boolean responseEnded;
    private boolean toldEnd;
    private boolean reading = true;

    Http2BackendStream(Http2BackendConnection connection, boolean reused) {
        this.connection = connection;
        this.reused = reused;
    }

    // ---- what the listener says

    @Override
    public Backend backend() {
        return connection.backend();
    }

    @Override
    public void begin(BackendListener served, boolean onlyHead, long framing) {
        listener = served;
        headOnly = onlyHead;
        requestEnded = framing == 0;
    }

    @Override
    public void sendHead(ByteBuf head) {
        begun = true;
        Head parsed = connection.head();
        try {
            parsed.readRequest(head, head.readableBytes());
        } catch (BadMessage impossible) {
            throw new IllegalStateException(impossible);
        } finally {
            head.release();
        }
        stream = connection.send(this, Http2Heads.request(parsed), requestEnded);
        if (stream == null) {
            connection.execute(() -> fail("the connection is about to end"));
        }
    }

    @Override
    public void sendData(ByteBuf data) {
        if (stream == null) {
            data.release();
        } else {
            connection.writeData(stream, data, false);
        }
    }

    @Override
    public void sendEnd(Trailers ofRequest) {
        if (stream == null || requestEnded) {
            return;
        }
        requestEnded = true;
        if (ofRequest.isEmpty()) {
            connection.writeData(stream, Unpooled.EMPTY_BUFFER, true);
        } else {
            connection.writeTrailers(stream, Http2Heads.trailers(ofRequest));
        }
    }

    @Override
    public void flush() {
        connection.flushSoon();
    }

    @Override
    public boolean isWritable() {
        return stream != null && connection.isWritable(stream);
    }

    @Override
    public void setReading(boolean on) {
        reading = on;
        if (on && waiting != null) {
            connection.execute(this::deliverWaiting);
        }
    }

    @Override
    public boolean isReused() {
        return reused;
    }

    @Override
    public boolean hasReceivedBytes() {
        return receivedBytes;
    }

    @Override
    public void release() {
        close();
    }

    @Override
    public void close() {
        listener = null;
        dropWaiting();
        if (!begun) {
            begun = true;
            connection.forget();
        } else if (stream != null && !(requestEnded && responseEnded)) {
            connection.reset(stream, Http2Error.CANCEL);
        }
    }

    // ---- what the connection says

    void headers(Http2Headers headers, boolean endOfStream) {
        receivedBytes = true;
        responseEnded |= endOfStream;
        BackendListener current = listener;
        if (current == null) {
            return;
        }
        try {
            if (receivedHead) {
                trailers = Http2Heads.trailers(headers);
                tellEnd();
            } else {
                readHead(current, headers, endOfStream);
            }
        } catch (BadMessage fault) {
            connection.logFault(fault);
            fail("malformed response: " + fault.getMessage());
        }
    }

    /** @return how many of the bytes were passed on */
    int data(ByteBuf data, boolean endOfStream) {
        int length = data.readableBytes();
        responseEnded |= endOfStream;
        BackendListener current = listener;
        if (current == null) {
            return length;
        }
        int passed = length;
        if (length > 0 && !headOnly) {
            if (reading && waiting == null) {
                current.responseData(data.retain());
            } else {
                passed = 0;
                waiting = waiting == null
                        ? connection.context().alloc().buffer(length).writeBytes(data)
                        : Pending.append(connection.context().alloc(), waiting, data.retain());
            }
        }
        if (listener != null) {
            current.flushResponse();
        }
        tellEnd();
        return passed;
    }

    void writable() {
        if (listener != null) {
            listener.backendWritable();
        }
    }

    /** The stream is over, for whatever reason. */
    void closed() {
        if (listener == null) {
            dropWaiting();
        } else if (!responseEnded) {
            fail("the stream ended before the response was complete");
        } else if (!requestEnded && toldEnd) {
            listener.backendStoppedReading();
        }
    }

    // ---- inside

    private void readHead(BackendListener current, Http2Headers headers, boolean endOfStream) throws BadMessage {
        Head head = connection.head();
        ByteBuf text = connection.context().alloc().buffer(512);
        try {
            Http2Heads.writeResponse(headers, text);
            head.readResponse(text, text.readableBytes());
        } finally {
            text.release();
        }
        if (head.status() == 101) {
            throw BadMessage.malformed("HTTP/2 has no upgrades");
        }
        if (head.status() < 200) {
            current.interimResponse(head);
            return;
        }
        receivedHead = true;
        long framing = Framing.ofResponse(head, headOnly);
        if (framing == Framing.UNTIL_CLOSE) {
            framing = endOfStream ? Framing.EMPTY : Framing.CHUNKED;
        }
        current.responseHead(head, framing);
        tellEnd();
        if (listener != null) {
            current.flushResponse();
        }
    }

    private void deliverWaiting() {
        ByteBuf data = waiting;
        if (data == null || !reading || listener == null) {
            return;
        }
        waiting = null;
        int length = data.readableBytes();
        listener.responseData(data);
        if (listener != null) {
            listener.flushResponse();
        }
        if (stream != null) {
            connection.consumed(stream, length);
        }
        tellEnd();
    }

    private void tellEnd() {
        if (responseEnded && receivedHead && waiting == null && listener != null && !toldEnd) {
            toldEnd = true;
            listener.responseEnd(trailers);
        }
    }

    private void fail(String reason) {
        if (listener != null) {
            listener.backendFailed(reason);
        }
    }

    private void dropWaiting() {
        if (waiting != null) {
            waiting.release();
            waiting = null;
        }
    }
}
