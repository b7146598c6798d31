package dev.flynn.logs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameWriterTest {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whatOneWritesTheOtherReadsWhateverCameBefore(long seed) {
        var random = new Random(seed);
        List<AppId> apps = List.of(Lines.APP, AppId.random());
        var writer = new FrameWriter();
        List<SyslogLine> lines = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            var message = new LogMessage(
                    "host" + random.nextInt(2),
                    "host-" + random.nextInt(2),
                    "ü".repeat(random.nextInt(3)) + "x".repeat(random.nextInt(200)),
                    random.nextBoolean() ? Optional.of("web" + random.nextInt(2)) : Optional.empty(),
                    List.of("stdout", "stderr", "init", "unknown").get(random.nextInt(4)),
                    time(random));
            lines.add(new SyslogLine(apps.get(random.nextInt(2)), Math.abs(random.nextLong() >> 8), message));
            writer.add(lines.get(i));
        }

        assertThat(read(writer.bytes(), writer.size())).isEqualTo(lines);
        writer.clear();
        writer.add(lines.get(0));
        assertThat(read(writer.bytes(), writer.size())).containsExactly(lines.get(0));
    }

    private static Instant time(Random random) {
        long unit = List.of(1L, 1_000L, 1_000_000L, 1_000_000_000L).get(random.nextInt(4));
        return Instant.ofEpochSecond(1_700_000_000L + random.nextInt(3), random.nextInt(1_000_000_000) / unit * unit);
    }

    @Test
    void timesAreWrittenAsTheyAlwaysWere() {
        for (long nanos : new long[] {0, 1, 999, 1_000, 1_000_000, 120_000_000, 999_999_999}) {
            Instant time = Instant.ofEpochSecond(1_450_605_600L, nanos);

            assertThat(new SyslogLine(Lines.APP, 1, Lines.message("x", time)).encode())
                    .startsWith("<190>1 " + time + " host1 ");
        }
    }

    @Test
    void whereAFrameEndsIsFoundOrSaid() {
        assertThat(end("3 abc\n")).isEqualTo(6);
        assertThat(end("0 \n")).isEqualTo(3);
        for (String incomplete : List.of("", "3", "3 ", "3 ab", "3 abc", "12345")) {
            assertThat(end(incomplete)).as(incomplete).isEqualTo(Frames.INCOMPLETE);
        }
        for (String damaged : List.of(" 3 abc\n", "x", "3x abc\n", "03 abc\n", "3 abcd\n", "123456 x", "99999 x")) {
            assertThat(end(damaged)).as(damaged).isEqualTo(Frames.DAMAGED);
        }
    }

    @Test
    void theFirstFrameOfAPieceIsFoundAlsoBehindNewlinesInTexts() {
        byte[] piece = "in a te\nxt\n3 abc\n3 abc\n".getBytes(UTF_8);

        assertThat(Frames.firstStart(piece, 0, piece.length)).isEqualTo(11);
        assertThat(Frames.count(piece, 11, piece.length)).isEqualTo(2);
        assertThat(Frames.firstStart(piece, 18, piece.length)).isEqualTo(piece.length);
    }

    private static int end(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return Frames.end(bytes, 0, bytes.length);
    }

    private static List<SyslogLine> read(byte[] bytes, int size) {
        List<SyslogLine> lines = new ArrayList<>();
        var parser = new LineParser();
        int start = 0;
        for (int end = Frames.end(bytes, 0, size); end > 0; end = Frames.end(bytes, start, size)) {
            parser.parse(bytes, Frames.message(bytes, start), end - 1).ifPresent(lines::add);
            start = end;
        }
        assertThat(start).isEqualTo(size);
        return lines;
    }
}
