package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.util.Arrays;
import java.util.Optional;

/**
 * A log line as one RFC 5424 message (contract: layer 1, Log line encoding): the app is APP-NAME, type and job are PROCID,
 * the stream is MSGID, and {@code [flynn seq="n"]} numbers the lines of a host.
 */
record SyslogLine(AppId app, long seq, LogMessage message) {

    /** A longer text is cut, so that no frame is longer than readers take. */
    static final int MAX_TEXT_CHARS = 10_000;

    private static final int OVERHEAD_BYTES = 350;

    String encode() {
        byte[] frame = frame();
        int start = Frames.message(frame, 0);
        return new String(frame, start, frame.length - 1 - start, UTF_8);
    }

    /** About how much memory the line takes. */
    int weightBytes() {
        return weightBytes(message);
    }

    static int weightBytes(LogMessage message) {
        return OVERHEAD_BYTES + 2 * message.message().length();
    }

    String text() {
        String text = message.message();
        return text.length() > MAX_TEXT_CHARS ? text.substring(0, MAX_TEXT_CHARS) : text;
    }

    /** Octet counting (RFC 6587, section 3.4.1) and a newline, as the host's files have it. */
    byte[] frame() {
        var writer = new FrameWriter();
        writer.add(this);
        return Arrays.copyOf(writer.bytes(), writer.size());
    }

    /** Empty for a text that is no such line. */
    static Optional<SyslogLine> parse(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return new LineParser().parse(bytes, 0, bytes.length);
    }

    static String streamId(String stream) {
        return switch (stream) {
            case "stdout" -> "ID1";
            case "stderr" -> "ID2";
            case "init" -> "ID3";
            default -> "-";
        };
    }

    static String streamName(String id) {
        return switch (id) {
            case "ID1" -> "stdout";
            case "ID2" -> "stderr";
            case "ID3" -> "init";
            default -> "unknown";
        };
    }
}
