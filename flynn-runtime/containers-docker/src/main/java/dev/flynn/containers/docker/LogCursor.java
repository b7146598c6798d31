package dev.flynn.containers.docker;

import dev.flynn.api.host.OutputStreamKind;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** Leaves out of an engine's log, which begins at the beginning, what was delivered before. Not thread-safe. */
final class LogCursor implements FrameDecoder.Frames {

    private final FrameDecoder.Frames next;
    private final Map<OutputStreamKind, Long> left = new EnumMap<>(OutputStreamKind.class);

    LogCursor(FrameDecoder.Frames next, Map<OutputStreamKind, Long> delivered) {
        this.next = next;
        left.putAll(delivered);
    }

    @Override
    public void piece(OutputStreamKind kind, byte[] bytes, boolean last) {
        long skipped = Math.min(left.getOrDefault(kind, 0L), bytes.length);
        left.merge(kind, -skipped, Long::sum);
        if (skipped == 0) {
            next.piece(kind, bytes, last);
        } else if (skipped < bytes.length) {
            next.piece(kind, Arrays.copyOfRange(bytes, (int) skipped, bytes.length), last);
        }
    }
}
