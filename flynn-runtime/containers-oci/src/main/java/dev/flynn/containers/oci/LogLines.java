package dev.flynn.containers.oci;

import dev.flynn.api.host.OutputStreamKind;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Takes the bytes that a container wrote back out of the log that conmon made of them, in Kubernetes' format: {@code
 * 2026-11-21T11:43:52.431801592+00:00 stdout F text}, where {@code P} instead of {@code F} says that the line's end is the
 * log's and not the container's.
 */
final class LogLines {

    private static final int TIME_LENGTH = "2026-11-21T11:43:52.431801592+00:00".length();
    /** Of {@code stdout} and {@code stderr}, where they differ. */
    private static final int STREAM = TIME_LENGTH + 1 + 3;

    private static final int FLAG = TIME_LENGTH + 1 + "stdout".length() + 1;
    private static final int TEXT = FLAG + 2;

    private static final VarHandle WORDS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long LOW_BITS = 0x0101010101010101L;
    private static final long HIGH_BITS = LOW_BITS << 7;
    private static final long NEWLINES = LOW_BITS * '\n';

    private LogLines() {}

    /**
     * Consecutive output to one stream.
     *
     * @param end the offset behind it in what was read
     */
    record Run(OutputStreamKind stream, byte[] bytes, int end) {}

    /**
     * The next run in {@code log} at {@code from}; null if no whole line is there. The heads of lines are overwritten with their
     * texts, so that a run is read from this array once.
     */
    static @Nullable Run next(byte[] log, int from, int length) {
        OutputStreamKind stream = null;
        int at = from;
        int to = from;
        while (true) {
            int newline = indexOfNewline(log, at, length);
            if (newline < 0) {
                break;
            }
            if (newline - at >= TEXT - 1) {
                OutputStreamKind kind = log[at + STREAM] == 'o' ? OutputStreamKind.STDOUT : OutputStreamKind.STDERR;
                if (stream != null && stream != kind) {
                    break;
                }
                stream = kind;
                boolean whole = log[at + FLAG] == 'F';
                int text = Math.min(at + TEXT, newline);
                int count = newline - text + (whole ? 1 : 0);
                System.arraycopy(log, text, log, to, count);
                to += count;
            }
            at = newline + 1;
        }
        if (at == from) {
            return null;
        }
        return new Run(stream == null ? OutputStreamKind.STDOUT : stream, Arrays.copyOfRange(log, from, to), at);
    }

    /** Eight bytes at a time: a byte of a word is zero where taking one from it borrows, and it had no high bit before. */
    private static int indexOfNewline(byte[] log, int from, int length) {
        int i = from;
        for (; i <= length - Long.BYTES; i += Long.BYTES) {
            long zeros = (long) WORDS.get(log, i) ^ NEWLINES;
            long found = (zeros - LOW_BITS) & ~zeros & HIGH_BITS;
            if (found != 0) {
                return i + Long.numberOfTrailingZeros(found) / Byte.SIZE;
            }
        }
        for (; i < length; i++) {
            if (log[i] == '\n') {
                return i;
            }
        }
        return -1;
    }
}
