package dev.flynn.host;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Cuts the bytes of one stream into lines of at most 10,000 bytes (contract: layer 1, Host log multiplexer); a longer line
 * becomes several. Bytes that are no UTF-8 become replacement characters. Not thread-safe.
 */
final class LineSplitter {

    static final int MAX_LINE_BYTES = 10_000;

    private final Consumer<String> lines;
    private final ByteArrayOutputStream rest = new ByteArrayOutputStream();

    LineSplitter(Consumer<String> lines) {
        this.lines = lines;
    }

    void accept(byte[] bytes) {
        int start = 0;
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] == '\n') {
                if (rest.size() == 0 && i - start <= MAX_LINE_BYTES) {
                    emit(bytes, start, i);
                } else {
                    take(bytes, start, i);
                    emitRest();
                }
                start = i + 1;
            }
        }
        take(bytes, start, bytes.length);
    }

    /** Delivers a last line that has no newline. */
    void finish() {
        if (rest.size() > 0) {
            emitRest();
        }
    }

    private void take(byte[] bytes, int from, int to) {
        int start = from;
        while (rest.size() + (to - start) > MAX_LINE_BYTES) {
            int room = wholeCharacters(bytes, start, start + MAX_LINE_BYTES - rest.size());
            rest.write(bytes, start, room);
            emitRest();
            start += room;
        }
        rest.write(bytes, start, to - start);
    }

    /** As much as fits without cutting a character in two. */
    private int wholeCharacters(byte[] bytes, int start, int end) {
        int cut = end;
        while (cut > start && cut > end - 3 && (bytes[cut] & 0xC0) == 0x80) {
            cut--;
        }
        return cut == start && rest.size() == 0 ? end - start : cut - start;
    }

    private void emitRest() {
        byte[] line = rest.toByteArray();
        rest.reset();
        emit(line, 0, line.length);
    }

    private void emit(byte[] bytes, int from, int to) {
        int end = to > from && bytes[to - 1] == '\r' ? to - 1 : to;
        lines.accept(new String(bytes, from, end - from, StandardCharsets.UTF_8));
    }
}
