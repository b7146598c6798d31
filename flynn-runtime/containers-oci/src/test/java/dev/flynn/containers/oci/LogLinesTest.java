package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.OutputStreamKind;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

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

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(LogLines.Run run) {
        return new String(run.bytes(), StandardCharsets.UTF_8);
    }
}
