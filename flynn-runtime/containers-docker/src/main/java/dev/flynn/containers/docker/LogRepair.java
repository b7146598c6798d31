package dev.flynn.containers.docker;

import dev.flynn.api.host.OutputStreamKind;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Makes of an engine's log what the job wrote. Each entry is a line, and lines longer than 16 KiB are several entries; the
 * log of type {@code local} forgets in engine 20.10 that a line which had several entries ended. Not thread-safe.
 */
final class LogRepair implements FrameDecoder.Frames {

    private static final int LONGEST_ENTRY = 16 * 1024;
    private static final byte[] NEWLINE = {'\n'};

    private final FrameDecoder.Frames next;
    private final Map<OutputStreamKind, Entry> entries = new EnumMap<>(OutputStreamKind.class);

    /**
     * @param length of the entry so far
     * @param ended whether its last byte so far is the end of the line
     * @param continues whether it goes on with the line of the entry before it
     * @param owed whether the line before ended and its end is missing
     */
    private record Entry(int length, boolean ended, boolean continues, boolean owed) {

        static final Entry FIRST = new Entry(0, false, false, false);

        Entry with(byte[] piece) {
            return piece.length == 0
                    ? this
                    : new Entry(length + piece.length, piece[piece.length - 1] == '\n', continues, owed);
        }

        Entry over() {
            boolean partial = !ended && length >= LONGEST_ENTRY;
            return new Entry(0, false, partial, !ended && !partial && continues);
        }
    }

    LogRepair(FrameDecoder.Frames next) {
        this.next = next;
    }

    @Override
    public void piece(OutputStreamKind kind, byte[] bytes, boolean last) {
        Entry entry = Optional.ofNullable(entries.get(kind)).orElse(Entry.FIRST);
        if (entry.owed()) {
            next.piece(kind, NEWLINE, false);
            entry = Entry.FIRST;
        }
        next.piece(kind, bytes, last);
        entry = entry.with(bytes);
        entries.put(kind, last ? entry.over() : entry);
    }
}
