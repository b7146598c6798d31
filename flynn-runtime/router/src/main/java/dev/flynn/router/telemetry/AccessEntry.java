package dev.flynn.router.telemetry;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * A request that is over, as the access log tells of it. Texts are as the client sent them, byte by byte.
 *
 * @param at when its head was complete
 * @param requestId that the backend was told
 * @param tls the version of TLS, empty without TLS
 * @param status that was answered; 499 if the client went away before the answer was complete
 * @param bytesIn of the request's body
 * @param bytesOut of the response's body
 * @param micros from the end of the request's head to the end of the response
 * @param route its id, empty if none was found
 * @param backend its address, empty if none was asked
 */
public record AccessEntry(
        Instant at,
        String requestId,
        String client,
        String scheme,
        String method,
        String host,
        String target,
        String protocol,
        String tls,
        String referer,
        String userAgent,
        int status,
        long bytesIn,
        long bytesOut,
        long micros,
        String route,
        String backend) {

    private static final DateTimeFormatter COMMON_TIME =
            DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT).withZone(ZoneOffset.UTC);

    /** One object, with the names that the field has in {@code docs/spi/router.md}. */
    String json() {
        var line = new StringBuilder(512).append('{');
        text(line, "time", at.toString());
        text(line, "request_id", requestId);
        text(line, "client", client);
        text(line, "scheme", scheme);
        text(line, "method", method);
        text(line, "host", host);
        text(line, "target", target);
        text(line, "protocol", protocol);
        text(line, "tls", tls);
        number(line, "status", status);
        number(line, "bytes_in", bytesIn);
        number(line, "bytes_out", bytesOut);
        name(line, "duration_ms")
                .append(micros / 1000)
                .append('.')
                .append(String.format(Locale.ROOT, "%03d", micros % 1000));
        text(line, "route", route);
        text(line, "backend", backend);
        text(line, "referer", referer);
        text(line, "user_agent", userAgent);
        return line.append('}').toString();
    }

    /** As web servers write it by tradition: what the client is, asked and got. */
    String combined() {
        var line = new StringBuilder(256)
                .append(client)
                .append(" - - [")
                .append(COMMON_TIME.format(at))
                .append("] \"");
        escape(line, method + " " + target + " " + protocol, "\\x%02x");
        line.append("\" ").append(status).append(' ').append(bytesOut).append(" \"");
        escape(line, referer.isEmpty() ? "-" : referer, "\\x%02x");
        line.append("\" \"");
        escape(line, userAgent.isEmpty() ? "-" : userAgent, "\\x%02x");
        return line.append('"').toString();
    }

    private static void text(StringBuilder line, String name, String value) {
        if (!value.isEmpty()) {
            escape(name(line, name).append('"'), value, "\\u%04x");
            line.append('"');
        }
    }

    private static void number(StringBuilder line, String name, long value) {
        name(line, name).append(value);
    }

    private static StringBuilder name(StringBuilder line, String name) {
        if (line.length() > 1) {
            line.append(',');
        }
        return line.append('"').append(name).append("\":");
    }

    /** Whatever could end the text or the line, or is not ASCII, is written by its number. */
    private static void escape(StringBuilder line, String value, String numbered) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                line.append('\\').append(c);
            } else if (c < ' ' || c > '~') {
                line.append(numbered.formatted((int) c));
            } else {
                line.append(c);
            }
        }
    }
}
