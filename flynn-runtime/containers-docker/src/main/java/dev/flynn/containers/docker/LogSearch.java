package dev.flynn.containers.docker;

import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.containers.docker.OutputProgress.Position;
import java.util.EnumMap;
import java.util.Map;

/**
 * Finds in a log whose beginning may be gone where its streams were delivered to: where as much has passed as was delivered,
 * if what was delivered last stands there, else where that stands last. Not thread-safe.
 */
final class LogSearch implements FrameDecoder.Frames {

    private final Map<OutputStreamKind, StreamSearch> streams = new EnumMap<>(OutputStreamKind.class);

    LogSearch(Map<OutputStreamKind, Position> delivered) {
        delivered.forEach((kind, position) -> streams.put(kind, new StreamSearch(position)));
    }

    @Override
    public void piece(OutputStreamKind kind, byte[] bytes, boolean last) {
        StreamSearch stream = streams.get(kind);
        if (stream != null) {
            for (byte next : bytes) {
                stream.pass(next);
            }
        }
    }

    /** How much of each stream of this log was delivered. */
    Map<OutputStreamKind, Long> delivered() {
        Map<OutputStreamKind, Long> found = new EnumMap<>(OutputStreamKind.class);
        streams.forEach((kind, stream) -> found.put(kind, stream.delivered()));
        return found;
    }

    /** Whether what was delivered last is not there: what came next is gone too. */
    boolean hasGap() {
        return streams.values().stream().anyMatch(StreamSearch::isGap);
    }

    /** The automaton of Knuth, Morris and Pratt: each byte is looked at once. */
    private static final class StreamSearch {

        private final long wanted;
        private final byte[] pattern;
        private final int[] fallback;
        private int matched;
        private long passed;
        private long found = -1;
        private boolean exact;

        StreamSearch(Position position) {
            this.wanted = position.count();
            this.pattern = position.tail();
            this.fallback = fallback(pattern);
        }

        private static int[] fallback(byte[] pattern) {
            int[] fallback = new int[pattern.length + 1];
            int length = 0;
            for (int i = 1; i < pattern.length; i++) {
                while (length > 0 && pattern[i] != pattern[length]) {
                    length = fallback[length];
                }
                if (pattern[i] == pattern[length]) {
                    length++;
                }
                fallback[i + 1] = length;
            }
            return fallback;
        }

        void pass(byte next) {
            passed++;
            if (exact || pattern.length == 0) {
                return;
            }
            if (matched == pattern.length) {
                matched = fallback[matched];
            }
            while (matched > 0 && pattern[matched] != next) {
                matched = fallback[matched];
            }
            if (pattern[matched] == next) {
                matched++;
            }
            if (matched == pattern.length) {
                found = passed;
                exact = passed == wanted;
            }
        }

        long delivered() {
            return Math.max(0, found);
        }

        boolean isGap() {
            return pattern.length > 0 && found < 0;
        }
    }
}
