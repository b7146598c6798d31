package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.OutputStreamKind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogLinesTest {

    private static final String TIME = "2026-11-21T11:43:52.431801592+00:00";

    @Test
    void aWholeLineHasItsEndAndAPartHasNone() {
        byte[] log = bytes(TIME + " stdout F one\n" + TIME + " stdout P tw");

        LogLines.Run run = LogLines.next(log, 0, log.length);

        assertThat(run).isNotNull();
        assertThat(text(run)).isEqualTo("one\n");
        assertThat(LogLines.next(log, run.end(), log.length))
                .as("a line that is being written")
                .isNull();
    }

    @Test
    void consecutiveLinesOfOneStreamAreOnePiece() {
        byte[] log = bytes(TIME + " stdout F one\n" + TIME + " stdout P two\n" + TIME + " stdout F \n" + TIME
                + " stderr F three\n");

        LogLines.Run out = LogLines.next(log, 0, log.length);
        assertThat(out).isNotNull();
        LogLines.Run err = LogLines.next(log, out.end(), log.length);

        assertThat(text(out)).isEqualTo("one\ntwo\n");
        assertThat(out.stream()).isEqualTo(OutputStreamKind.STDOUT);
        assertThat(err).isNotNull();
        assertThat(text(err)).isEqualTo("three\n");
        assertThat(err.stream()).isEqualTo(OutputStreamKind.STDERR);
        assertThat(err.end()).isEqualTo(log.length);
    }

    @Test
    void bytesThatAreNoTextAreKept() {
        var log = new ByteArrayOutputStream();
        log.writeBytes(bytes(TIME + " stdout F "));
        byte[] odd = {0, (byte) 0xFF, (byte) 0xC3, ' ', '\r', 7};
        log.writeBytes(odd);
        log.write('\n');

        LogLines.Run run = LogLines.next(log.toByteArray(), 0, log.size());

        assertThat(run).isNotNull();
        assertThat(run.bytes()).startsWith(odd).hasSize(odd.length + 1);
    }

    /** The end of a line is looked for in words of eight bytes, and may be anywhere in one. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void whateverIsWrittenIsReadBack(long seed) {
        var random = new Random(seed);
        var log = new ByteArrayOutputStream();
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        for (int line = 0; line < 200; line++) {
            byte[] text = new byte[random.nextInt(40)];
            random.nextBytes(text);
            for (int i = 0; i < text.length; i++) {
                // bytes beside that of a newline are those that a search by words may take for it
                text[i] = random.nextInt(3) == 0 ? (byte) ('\n' + 1 + 0x80 * random.nextInt(2)) : text[i];
                text[i] = text[i] == '\n' ? (byte) 0x8A : text[i];
            }
            boolean whole = random.nextBoolean();
            boolean toOut = random.nextInt(4) > 0;
            log.writeBytes(bytes(TIME + (toOut ? " stdout " : " stderr ") + (whole ? "F " : "P ")));
            log.writeBytes(text);
            log.write('\n');
            (toOut ? out : err).writeBytes(text);
            if (whole) {
                (toOut ? out : err).write('\n');
            }
        }
        byte[] bytes = log.toByteArray();
        var readOut = new ByteArrayOutputStream();
        var readErr = new ByteArrayOutputStream();
        int from = 0;
        for (LogLines.Run run = LogLines.next(bytes, 0, bytes.length);
                run != null;
                run = LogLines.next(bytes, from, bytes.length)) {
            (run.stream() == OutputStreamKind.STDOUT ? readOut : readErr).writeBytes(run.bytes());
            from = run.end();
        }

        assertThat(from).isEqualTo(bytes.length);
        assertThat(readOut.toByteArray()).isEqualTo(out.toByteArray());
        assertThat(readErr.toByteArray()).isEqualTo(err.toByteArray());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(LogLines.Run run) {
        return new String(run.bytes(), StandardCharsets.UTF_8);
    }
}
