package dev.flynn.tck.wire;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** An answer whose body goes on: a thread of its own takes what comes, so that whoever reads may stop waiting. */
final class LiveStream implements AutoCloseable {

    /** What came at once; the end is a piece without bytes. */
    private record Piece(byte[] bytes) {}

    private static final int REMEMBERED = 16 * 1024;

    private final Request request;
    private final Connection connection;
    private final Head head;
    private final int status;
    private final Consumer<Exchange> record;
    private final BlockingQueue<Piece> pieces = new LinkedBlockingQueue<>();
    private final ByteArrayOutputStream raw = new ByteArrayOutputStream();
    private final ByteArrayOutputStream begun = new ByteArrayOutputStream();
    private final Deque<String> lines = new ArrayDeque<>();
    private boolean ended;
    private boolean closed;

    LiveStream(Request request, Connection connection, Head head, Consumer<Exchange> record) throws IOException {
        this.request = request;
        this.connection = connection;
        this.head = head;
        this.status = head.status();
        this.record = record;
        connection.patience(Duration.ZERO);
        InputStream body = head.body(connection.in(), request.method());
        var pump = new Thread(() -> pump(body), "tck-stream");
        pump.setDaemon(true);
        pump.start();
    }

    private void pump(InputStream body) {
        byte[] buffer = new byte[8192];
        try {
            for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
                byte[] bytes = new byte[count];
                System.arraycopy(buffer, 0, bytes, 0, count);
                pieces.add(new Piece(bytes));
            }
        } catch (IOException e) {
            // the same as its end
        }
        pieces.add(new Piece(new byte[0]));
    }

    int status() {
        return status;
    }

    String header(String name) {
        return head.headers().first(name).orElse("");
    }

    String contentType() {
        return header("Content-Type");
    }

    /** What the contract says of every stream of events. */
    LiveStream isEventStream() {
        Expect.that(status == 200, "%s: expected status 200, was %d", request, status);
        Expect.same(
                "Content-Type",
                "text/event-stream;charset=utf-8",
                contentType().replace(" ", "").toLowerCase(Locale.ROOT));
        return this;
    }

    /** A stream that something else needs. */
    LiveStream prepared() {
        if (status != 200) {
            close();
            throw new Blocked("needs a stream, but %s was answered %d".formatted(request, status));
        }
        return this;
    }

    /** The whole of an answer that is no stream after all. */
    Answer whole(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!ended && take(deadline)) {
            // until it ends
        }
        return new Answer(request, response());
    }

    boolean hasEnded() {
        return ended;
    }

    /** All bytes that were read of the body so far. */
    byte[] raw() {
        return raw.toByteArray();
    }

    /** Reads what comes until the deadline or the end. */
    void readFor(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!ended && take(deadline)) {
            // all that comes
        }
    }

    /** Waits for more bytes; false when none came in time. */
    boolean readMore(Duration patience) {
        return !ended && take(System.nanoTime() + patience.toNanos());
    }

    /** The next line without its newline. */
    Optional<String> line(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (lines.isEmpty()) {
            if (ended || !take(deadline)) {
                return Optional.empty();
            }
        }
        return Optional.of(lines.remove());
    }

    /** The next item, as clients read them that overlook what they do not know. */
    Optional<SseItem> item(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        String event = "";
        var data = new StringBuilder();
        List<String> fields = new ArrayList<>();
        while (true) {
            Optional<String> next = line(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
            if (next.isEmpty()) {
                return Optional.empty();
            }
            String text = next.get();
            if (text.isEmpty()) {
                if (!fields.isEmpty()) {
                    return Optional.of(new SseItem(event, data.toString(), fields));
                }
            } else if (!text.startsWith(":")) {
                fields.add(text);
                if (text.startsWith("event:")) {
                    event = text.substring("event:".length()).strip();
                } else if (text.startsWith("data:")) {
                    data.append(text.startsWith("data: ") ? text.substring(6) : text.substring(5));
                }
            }
        }
    }

    private boolean take(long deadline) {
        try {
            Piece piece = pieces.poll(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            if (piece == null) {
                return false;
            }
            if (piece.bytes().length == 0) {
                ended = true;
                return true;
            }
            raw.writeBytes(piece.bytes());
            split(piece.bytes());
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Blocked("interrupted");
        }
    }

    private void split(byte[] bytes) {
        for (byte octet : bytes) {
            if (octet == '\n') {
                lines.add(begun.toString(StandardCharsets.UTF_8));
                begun.reset();
            } else {
                begun.write(octet);
            }
        }
    }

    private Response response() {
        return new Response(status, head.headers(), raw.toByteArray());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            byte[] all = raw.toByteArray();
            byte[] some = all.length > REMEMBERED ? Arrays.copyOf(all, REMEMBERED) : all;
            record.accept(new Exchange(request, Optional.of(new Response(status, head.headers(), some)), ""));
            try {
                connection.close();
            } catch (IOException e) {
                // nobody reads any more
            }
        }
    }
}
