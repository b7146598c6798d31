package dev.flynn.tck.wire;

import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** What a stream says when it has nothing to say: a colon and a newline, and no more. */
final class KeepAlive {

    private static final Duration LONGEST_SILENCE = Duration.ofSeconds(40);
    private static final Duration REST = Duration.ofMillis(500);
    private static final Duration LONGEST = Duration.ofMinutes(3);

    private KeepAlive() {}

    /** Reads until the first line that begins with a colon: what is after it is not an empty line. */
    static void check(LiveStream stream) {
        stream.isEventStream();
        long deadline = System.nanoTime() + LONGEST.toNanos();
        while (!text(stream).contains("\n:") && !text(stream).startsWith(":")) {
            Expect.that(!stream.hasEnded(), "the stream ended: \"%s\"", shown(stream));
            Expect.that(
                    stream.readMore(LONGEST_SILENCE),
                    "nothing came for %d s, where a colon has to come after 30 s: \"%s\"",
                    LONGEST_SILENCE.toSeconds(),
                    shown(stream));
            if (System.nanoTime() > deadline) {
                throw new Inapplicable("there is never silence on this stream");
            }
        }
        stream.readFor(REST);
        String text = text(stream);
        String after = text.startsWith(":") ? text : text.substring(text.indexOf("\n:") + 1);
        Expect.that(
                after.startsWith(":\n") && !after.startsWith(":\n\n"),
                "has to be a colon and one newline, was \"%s\"",
                shown(stream));
    }

    private static String text(LiveStream stream) {
        return new String(stream.raw(), StandardCharsets.UTF_8);
    }

    private static String shown(LiveStream stream) {
        String text = text(stream).replace("\n", "\\n").replace("\r", "\\r");
        return text.length() > 300 ? "…" + text.substring(text.length() - 300) : text;
    }
}
