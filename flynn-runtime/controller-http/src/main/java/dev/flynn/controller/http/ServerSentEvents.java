package dev.flynn.controller.http;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Server-sent events as the contract frames them (controller, Streams); flushed after every item. */
final class ServerSentEvents {

    static final String MEDIA_TYPE = "text/event-stream; charset=utf-8";

    static final Duration KEEP_ALIVE = Duration.ofSeconds(30);

    private final OutputStream out;

    ServerSentEvents(OutputStream out) {
        this.out = out;
    }

    static boolean wantedBy(String accept) {
        return accept.contains("text/event-stream");
    }

    void item(String json) throws IOException {
        write(itemBytes(json));
    }

    static byte[] itemBytes(String json) {
        return bytes("data: " + json + "\n\n");
    }

    /** The last item. */
    void error(String text) throws IOException {
        write(errorBytes(text));
    }

    static byte[] errorBytes(String text) {
        return bytes("event: error\ndata: " + text.replace('\n', ' ') + "\n\n");
    }

    void keepAlive() throws IOException {
        write(keepAliveBytes());
    }

    /** One line, not followed by a blank one: reference clients would take that for an item. */
    static byte[] keepAliveBytes() {
        return bytes(":\n");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void write(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
    }
}
