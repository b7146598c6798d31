package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/**
 * Reads lines from RFC 5424 messages. Consecutive lines of one job share what names it, which saves memory and time. Not
 * thread-safe.
 */
final class LineParser {

    private static final int MAX_SEQ_DIGITS = 18;
    private static final int SECOND_CHARS = "2015-12-20T10:00:01".length();

    // of the line before
    private byte[] names = {};
    private String host = "";
    private AppId app = AppId.of("00000000-0000-4000-8000-000000000000");
    private String job = "";
    private Optional<String> type = Optional.empty();
    private String stream = "";
    private byte[] secondText = {};
    private long second;

    /** Empty for what is no such line. */
    Optional<SyslogLine> parse(byte[] bytes, int from, int to) {
        int at = afterPriority(bytes, from, to);
        int timeEnd = field(bytes, at, to);
        int hostEnd = field(bytes, timeEnd + 1, to);
        int appEnd = field(bytes, hostEnd + 1, to);
        int procEnd = field(bytes, appEnd + 1, to);
        int streamEnd = field(bytes, procEnd + 1, to);
        if (at < 0 || timeEnd < 0 || hostEnd < 0 || appEnd < 0 || procEnd < 0 || streamEnd < 0) {
            return Optional.empty();
        }
        long[] seqAndEnd = structuredData(bytes, streamEnd + 1, to);
        int end = (int) seqAndEnd[1];
        if (seqAndEnd[0] < 0 || (end < to && bytes[end] != ' ')) {
            return Optional.empty();
        }
        try {
            rememberNames(bytes, timeEnd + 1, hostEnd, appEnd, procEnd, streamEnd);
            Instant time = time(bytes, at, timeEnd);
            String text = end + 1 >= to ? "" : new String(bytes, end + 1, to - end - 1, UTF_8);
            return Optional.of(new SyslogLine(app, seqAndEnd[0], new LogMessage(host, job, text, type, stream, time)));
        } catch (DateTimeException | FlynnException malformed) {
            names = new byte[0];
            return Optional.empty();
        }
    }

    /** Behind {@code <190>1 }, or -1. */
    private static int afterPriority(byte[] bytes, int from, int to) {
        int at = from + 1;
        while (at < to && at <= from + 3 && isDigit(bytes[at])) {
            at++;
        }
        boolean valid = at > from + 1
                && at + 3 <= to
                && bytes[from] == '<'
                && bytes[at] == '>'
                && bytes[at + 1] == '1'
                && bytes[at + 2] == ' ';
        return valid ? at + 3 : -1;
    }

    /** Where the field ends that begins at {@code from} and has a space behind it, or -1. */
    private static int field(byte[] bytes, int from, int to) {
        if (from <= 0) {
            return -1;
        }
        for (int at = from; at < to; at++) {
            byte b = bytes[at];
            if (b == ' ') {
                return at == from ? -1 : at;
            }
            if (b >= '\t' && b <= '\r') {
                return -1;
            }
        }
        return -1;
    }

    /** {@code [flynn name="value" …]}: its seq, or -1, and where it ends. */
    private static long[] structuredData(byte[] bytes, int from, int to) {
        long[] none = {-1, to};
        if (!startsWith(bytes, from, to, "[flynn")) {
            return none;
        }
        long seq = -1;
        int at = from + "[flynn".length();
        while (at < to && bytes[at] == ' ') {
            int name = at + 1;
            int nameEnd = name;
            while (nameEnd < to && isNameChar(bytes[nameEnd])) {
                nameEnd++;
            }
            if (nameEnd == name || !startsWith(bytes, nameEnd, to, "=\"")) {
                return none;
            }
            int value = nameEnd + 2;
            int valueEnd = value;
            while (valueEnd < to && bytes[valueEnd] != '"') {
                if (bytes[valueEnd] == ']') {
                    return none;
                }
                valueEnd += bytes[valueEnd] == '\\' ? 2 : 1;
            }
            if (valueEnd >= to) {
                return none;
            }
            if (seq < 0 && nameEnd - name == 3 && startsWith(bytes, name, to, "seq")) {
                seq = number(bytes, value, valueEnd);
            }
            at = valueEnd + 1;
        }
        return at < to && bytes[at] == ']' ? new long[] {seq, at + 1} : none;
    }

    private static boolean isNameChar(byte b) {
        return b != '=' && b != ']' && b != '"' && (b < 0 || b > ' ');
    }

    private static boolean startsWith(byte[] bytes, int from, int to, String text) {
        if (to - from < text.length()) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (bytes[from + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private static boolean isDigit(byte b) {
        return b >= '0' && b <= '9';
    }

    private static long number(byte[] bytes, int from, int to) {
        if (to <= from || to - from > MAX_SEQ_DIGITS) {
            return -1;
        }
        long number = 0;
        for (int at = from; at < to; at++) {
            if (!isDigit(bytes[at])) {
                return -1;
            }
            number = number * 10 + (bytes[at] - '0');
        }
        return number;
    }

    private void rememberNames(byte[] bytes, int from, int hostEnd, int appEnd, int procEnd, int to) {
        if (Arrays.equals(bytes, from, to, names, 0, names.length)) {
            return;
        }
        host = new String(bytes, from, hostEnd - from, UTF_8);
        app = AppId.of(new String(bytes, hostEnd + 1, appEnd - hostEnd - 1, UTF_8));
        String process = new String(bytes, appEnd + 1, procEnd - appEnd - 1, UTF_8);
        int dot = process.indexOf('.');
        job = process.substring(dot + 1);
        type = dot > 0 ? Optional.of(process.substring(0, dot)) : Optional.empty();
        stream = SyslogLine.streamName(new String(bytes, procEnd + 1, to - procEnd - 1, UTF_8));
        names = Arrays.copyOfRange(bytes, from, to);
    }

    /** As {@link Instant#parse} reads it; what does not look like what hosts write is left to that. */
    private Instant time(byte[] bytes, int from, int to) {
        int length = to - from;
        boolean usual = length > SECOND_CHARS
                && length <= SECOND_CHARS + 11
                && bytes[to - 1] == 'Z'
                && (length == SECOND_CHARS + 1 || (bytes[from + SECOND_CHARS] == '.' && length > SECOND_CHARS + 2));
        long nanos = 0;
        for (int i = SECOND_CHARS + 1; usual && i < SECOND_CHARS + 10; i++) {
            boolean there = i < length - 1;
            usual = !there || isDigit(bytes[from + i]);
            nanos = nanos * 10 + (there ? bytes[from + i] - '0' : 0);
        }
        if (!usual) {
            return Instant.parse(new String(bytes, from, length, UTF_8));
        }
        if (!Arrays.equals(bytes, from, from + SECOND_CHARS, secondText, 0, secondText.length)) {
            second = Instant.parse(new String(bytes, from, SECOND_CHARS, UTF_8) + "Z")
                    .getEpochSecond();
            secondText = Arrays.copyOfRange(bytes, from, from + SECOND_CHARS);
        }
        return Instant.ofEpochSecond(second, nanos);
    }
}
