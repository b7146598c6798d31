package dev.flynn.containers.oci;

import dev.flynn.api.host.OutputStreamKind;
import java.io.ByteArrayOutputStream;

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

    private LogLines() {}

    /**
     * Consecutive output to one stream.
     *
     * @param end the offset behind it in what was read
     */
    record Run(OutputStreamKind stream, byte[] bytes, int end) {}

    /** The next run in {@code log} at {@code from}; null if no whole line is there. */
    static @org.jspecify.annotations.Nullable Run next(byte[] log, int from, int length) {
        var bytes = new ByteArrayOutputStream();
        OutputStreamKind stream = null;
        int at = from;
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
                bytes.write(log, text, newline - text + (whole ? 1 : 0));
            }
            at = newline + 1;
        }
        if (at == from) {
            return null;
        }
        return new Run(stream == null ? OutputStreamKind.STDOUT : stream, bytes.toByteArray(), at);
    }

    private static int indexOfNewline(byte[] log, int from, int length) {
        // no line ends within its head
        for (int i = from; i < length; i++) {
            if (log[i] == '\n') {
                return i;
            }
        }
        return -1;
    }
}
