package dev.flynn.host.api;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.function.Consumer;

/** Cuts one output into lines, each with a newline at its end; what is longer than a line of the log is cut like there. */
final class LineCutter {

    static final int MAX_BYTES = 10_000;

    private final Consumer<byte[]> lines;
    private final ByteArrayOutputStream open = new ByteArrayOutputStream();

    LineCutter(Consumer<byte[]> lines) {
        this.lines = lines;
    }

    void accept(byte[] bytes) {
        int from = 0;
        while (from < bytes.length) {
            if (open.size() >= MAX_BYTES && bytes[from] != '\n') {
                emit();
            }
            int end = from;
            int limit = Math.min(bytes.length, from + MAX_BYTES - open.size());
            while (end < limit && bytes[end] != '\n') {
                end++;
            }
            open.write(bytes, from, end - from);
            boolean newline = end < bytes.length && bytes[end] == '\n';
            if (newline) {
                emit();
            }
            from = newline ? end + 1 : end;
        }
    }

    /** A last line needs no newline. */
    void finish() {
        if (open.size() > 0) {
            emit();
        }
    }

    private void emit() {
        byte[] line = open.toByteArray();
        open.reset();
        byte[] whole = Arrays.copyOf(line, line.length + 1);
        whole[line.length] = '\n';
        lines.accept(whole);
    }
}
