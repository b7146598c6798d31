package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AttachFramesTest {

    private final List<String> read = new ArrayList<>();
    private final StringBuilder stdin = new StringBuilder();
    private final AttachFrames.Reader reader = new AttachFrames.Reader(new AttachFrames.Input() {
        @Override
        public void stdin(byte[] bytes) {
            stdin.append(new String(bytes, StandardCharsets.ISO_8859_1));
        }

        @Override
        public void endOfStdin() {
            read.add("eof after " + stdin);
        }

        @Override
        public void signal(int number) {
            read.add("signal " + number);
        }

        @Override
        public void resize(TerminalSize size) {
            read.add("resize " + size.lines() + " " + size.columns());
        }
    });

    @Test
    void writesTheContractsExamples() {
        assertThat(hex(AttachFrames.outputHead(OutputStreamKind.STDOUT, 6))).isEqualTo("030100000006");
        assertThat(hex(AttachFrames.outputHead(OutputStreamKind.STDERR, 0))).isEqualTo("030200000000");
        assertThat(hex(AttachFrames.exit(7))).isEqualTo("0500000007");
        assertThat(hex(AttachFrames.error("no"))).isEqualTo("02000000026e6f");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void readsTheContractsExamplesHoweverTheyAreCut(long seed) throws Exception {
        byte[] bytes = HexFormat.of()
                .parseHex("030000000003616263" + "040000000f" + "0600280078" + "030000000000" + "030500000002ffff"
                        + "0600000000" + "0300000000016403000000" + "0000");
        var random = new Random(seed);
        for (int at = 0; at < bytes.length; ) {
            int length = Math.min(bytes.length - at, 1 + random.nextInt(7));
            reader.read(ByteBuffer.wrap(bytes, at, length));
            at += length;
        }

        assertThat(read).containsExactly("signal 15", "resize 40 120", "eof after abc", "eof after abcd");
    }

    @ParameterizedTest
    @ValueSource(bytes = {0, 1, 2, 5, 7, 125, -1})
    void refusesWhatOnlyAServerSends(byte type) {
        assertThatThrownBy(() -> reader.read(ByteBuffer.wrap(new byte[] {type, 0, 0, 0, 0, 0})))
                .isInstanceOf(AttachFrames.ProtocolException.class);
    }

    private static String hex(ByteBuffer frame) {
        return HexFormat.of().formatHex(frame.array());
    }
}
