package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes lines as frames into one array, which it uses again. What does not change from line to line is made once. Not
 * thread-safe.
 */
final class FrameWriter {

    private static final byte[] PRIORITY = "<190>1 ".getBytes(US_ASCII);
    private static final byte[] SEQ = " [flynn seq=\"".getBytes(US_ASCII);
    private static final byte[] SEQ_END = "\"] ".getBytes(US_ASCII);
    private static final int MAX_DIGITS = 20;
    private static final int NANO_DIGITS = 9;
    private static final int KEPT_BYTES = 1 << 20;

    /** How messages stand one behind the other. */
    enum Form {
        /** {@code LEN SP MESSAGE LF}, times to the nanosecond: as hosts keep them. */
        KEPT,
        /** {@code LEN SP MESSAGE}, times to the microsecond, which is the most that RFC 5424 has. */
        OCTET_COUNTING,
        /** {@code MESSAGE LF}; a newline in a text becomes a space. */
        NEWLINE,
        /** Only the message. */
        BARE
    }

    private final Form form;
    private byte[] bytes = new byte[64 * 1024];
    private int size;

    // of the line before
    private @Nullable LogMessage last;
    private @Nullable AppId lastApp;
    private byte[] names = {};
    private long second = Long.MIN_VALUE;
    private byte[] secondText = {};

    FrameWriter() {
        this(Form.KEPT);
    }

    FrameWriter(Form form) {
        this.form = form;
    }

    byte[] bytes() {
        return bytes;
    }

    int size() {
        return size;
    }

    void clear() {
        size = 0;
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[KEPT_BYTES];
        }
    }

    void add(SyslogLine line) {
        LogMessage message = line.message();
        byte[] text = text(line).getBytes(UTF_8);
        remember(line.app(), message);
        Instant time = message.timestamp();
        rememberSecond(time);
        int nanoDigits = nanoDigits(time.getNano());
        int seqDigits = digits(line.seq());
        int length = PRIORITY.length
                + secondText.length
                + (nanoDigits == 0 ? 1 : nanoDigits + 2)
                + names.length
                + SEQ.length
                + seqDigits
                + SEQ_END.length
                + text.length;
        reserve(MAX_DIGITS + length + 2);
        if (form == Form.KEPT || form == Form.OCTET_COUNTING) {
            number(length, digits(length));
            bytes[size++] = ' ';
        }
        put(PRIORITY);
        put(secondText);
        if (nanoDigits > 0) {
            bytes[size++] = '.';
            int unit = 1;
            for (int digit = nanoDigits; digit < NANO_DIGITS; digit++) {
                unit *= 10;
            }
            number(time.getNano() / unit, nanoDigits);
        }
        bytes[size++] = 'Z';
        put(names);
        put(SEQ);
        number(line.seq(), seqDigits);
        put(SEQ_END);
        put(text);
        if (form == Form.KEPT || form == Form.NEWLINE) {
            bytes[size++] = '\n';
        }
    }

    private String text(SyslogLine line) {
        return form == Form.NEWLINE ? line.text().replace('\n', ' ') : line.text();
    }

    private void remember(AppId app, LogMessage message) {
        LogMessage before = last;
        boolean same = before != null
                && app.equals(lastApp)
                && before.stream().equals(message.stream())
                && before.jobId().equals(message.jobId())
                && before.hostId().equals(message.hostId())
                && before.processType().equals(message.processType());
        last = message;
        lastApp = app;
        if (!same) {
            names = " %s %s %s%s %s"
                    .formatted(
                            message.hostId(),
                            app,
                            message.processType().map(type -> type + ".").orElse(""),
                            message.jobId(),
                            SyslogLine.streamId(message.stream()))
                    .getBytes(UTF_8);
        }
    }

    private void rememberSecond(Instant time) {
        if (time.getEpochSecond() != second) {
            second = time.getEpochSecond();
            String text = Instant.ofEpochSecond(second).toString();
            secondText = text.substring(0, text.length() - 1).getBytes(US_ASCII);
        }
    }

    /** As {@link Instant#toString} writes them. */
    private int nanoDigits(int nanos) {
        if (nanos == 0) {
            return 0;
        }
        return nanos % 1_000_000 == 0 ? 3 : nanos % 1_000 == 0 || form != Form.KEPT ? 6 : NANO_DIGITS;
    }

    private static int digits(long number) {
        int digits = 1;
        for (long rest = number / 10; rest > 0; rest /= 10) {
            digits++;
        }
        return digits;
    }

    private void number(long number, int digits) {
        long rest = number;
        for (int at = size + digits - 1; at >= size; at--) {
            bytes[at] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        size += digits;
    }

    private void put(byte[] part) {
        System.arraycopy(part, 0, bytes, size, part.length);
        size += part.length;
    }

    private void reserve(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(size + more, bytes.length * 2));
        }
    }
}
