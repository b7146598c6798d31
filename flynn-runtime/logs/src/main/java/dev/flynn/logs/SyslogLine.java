package dev.flynn.logs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A log line as one RFC 5424 message (contract: layer 1, Log line encoding): the app is APP-NAME, type and job are PROCID,
 * the stream is MSGID, and {@code [flynn seq="n"]} numbers the lines of a host.
 */
record SyslogLine(AppId app, long seq, LogMessage message) {

    /** A longer text is cut, so that no frame is longer than readers take. */
    static final int MAX_TEXT_CHARS = 10_000;

    private static final int OVERHEAD_BYTES = 350;

    private static final Pattern FORM = Pattern.compile(
            "<\\d{1,3}>1 (\\S+) (\\S+) (\\S+) (\\S+) (\\S+) "
                    + "\\[flynn((?: [^\\s=\\]\"]++=\"(?:[^\"\\\\\\]]++|\\\\.)*+\")*+)\\](?: (.*))?",
            Pattern.DOTALL);

    private static final Pattern SEQ = Pattern.compile(" seq=\"(\\d{1,18})\"");

    String encode() {
        return "<190>1 %s %s %s %s%s %s [flynn seq=\"%d\"] %s"
                .formatted(
                        message.timestamp(),
                        message.hostId(),
                        app,
                        message.processType().map(type -> type + ".").orElse(""),
                        message.jobId(),
                        streamId(message.stream()),
                        seq,
                        text());
    }

    /** About how much memory the line takes. */
    int weightBytes() {
        return OVERHEAD_BYTES + 2 * message.message().length();
    }

    private String text() {
        String text = message.message();
        return text.length() > MAX_TEXT_CHARS ? text.substring(0, MAX_TEXT_CHARS) : text;
    }

    /** Octet counting (RFC 6587, section 3.4.1) and a newline, as the host's files have it. */
    byte[] frame() {
        byte[] text = encode().getBytes(StandardCharsets.UTF_8);
        byte[] length = (text.length + " ").getBytes(StandardCharsets.US_ASCII);
        byte[] frame = new byte[length.length + text.length + 1];
        System.arraycopy(length, 0, frame, 0, length.length);
        System.arraycopy(text, 0, frame, length.length, text.length);
        frame[frame.length - 1] = '\n';
        return frame;
    }

    /** Empty for a text that is no such line. */
    static Optional<SyslogLine> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        Matcher seq = SEQ.matcher(matcher.group(6));
        if (!seq.find()) {
            return Optional.empty();
        }
        try {
            String process = matcher.group(4);
            int dot = process.indexOf('.');
            String type = dot < 0 ? "" : process.substring(0, dot);
            var message = new LogMessage(
                    matcher.group(2),
                    process.substring(dot + 1),
                    matcher.group(7) == null ? "" : matcher.group(7),
                    Optional.of(type).filter(name -> !name.isEmpty()),
                    streamName(matcher.group(5)),
                    Instant.parse(matcher.group(1)));
            return Optional.of(new SyslogLine(AppId.of(matcher.group(3)), Long.parseLong(seq.group(1)), message));
        } catch (DateTimeParseException | FlynnException malformed) {
            return Optional.empty();
        }
    }

    private static String streamId(String stream) {
        return switch (stream) {
            case "stdout" -> "ID1";
            case "stderr" -> "ID2";
            case "init" -> "ID3";
            default -> "-";
        };
    }

    private static String streamName(String id) {
        return switch (id) {
            case "ID1" -> "stdout";
            case "ID2" -> "stderr";
            case "ID3" -> "init";
            default -> "unknown";
        };
    }
}
