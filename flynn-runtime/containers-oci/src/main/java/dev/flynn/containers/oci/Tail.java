package dev.flynn.containers.oci;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** The last bytes of what was written. Thread-safe. */
final class Tail {

    private final byte[] kept;
    private long written;

    Tail(int size) {
        this.kept = new byte[size];
    }

    synchronized void write(byte[] bytes, int count) {
        for (int i = Math.max(0, count - kept.length); i < count; i++) {
            kept[(int) ((written + i) % kept.length)] = bytes[i];
        }
        written += count;
    }

    /** As UTF-8; a character whose beginning is lost is left out. */
    synchronized String text() {
        if (written <= kept.length) {
            return new String(kept, 0, (int) written, StandardCharsets.UTF_8);
        }
        int start = (int) (written % kept.length);
        byte[] ordered = Arrays.copyOfRange(kept, start, start + kept.length);
        System.arraycopy(kept, 0, ordered, kept.length - start, start);
        int from = 0;
        while (from < ordered.length && (ordered[from] & 0xC0) == 0x80) {
            from++;
        }
        return new String(ordered, from, ordered.length - from, StandardCharsets.UTF_8);
    }
}
