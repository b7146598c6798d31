package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LineSplitterTest {

    private final List<String> lines = new ArrayList<>();
    private final LineSplitter splitter = new LineSplitter(lines::add);

    @Test
    void cutsAtNewlinesAcrossPieces() {
        accept("one\ntw");
        accept("o\n\nthr");
        accept("ee");
        splitter.finish();

        assertThat(lines).containsExactly("one", "two", "", "three");
    }

    @Test
    void aCarriageReturnBeforeTheNewlineIsNoPartOfTheLine() {
        accept("one\r\ntwo\n");
        splitter.finish();

        assertThat(lines).containsExactly("one", "two");
    }

    @Test
    void aLongLineBecomesSeveralAndLosesNothing() {
        String line = "x".repeat(25_000);
        accept(line + "\nnext\n");

        assertThat(lines).hasSize(4);
        assertThat(lines.get(0)).hasSize(LineSplitter.MAX_LINE_BYTES);
        assertThat(String.join("", lines.subList(0, 3))).isEqualTo(line);
    }

    @Test
    void aLongLineIsNotCutWithinACharacter() {
        String line = "日本語".repeat(4_000);
        accept(line + "\n");

        assertThat(String.join("", lines)).isEqualTo(line);
        assertThat(lines)
                .allSatisfy(piece -> assertThat(piece.getBytes(StandardCharsets.UTF_8))
                        .hasSizeLessThanOrEqualTo(LineSplitter.MAX_LINE_BYTES));
    }

    @Test
    void whatIsNoUtf8IsReplaced() {
        splitter.accept(new byte[] {'a', (byte) 0xFF, 'b', '\n'});

        assertThat(lines).containsExactly("a\uFFFDb");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void thePiecesInWhichBytesComeMakeNoDifference(long seed) {
        var random = new Random(seed);
        var text = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            text.append("é".repeat(random.nextInt(40))).append(random.nextBoolean() ? "\n" : " ");
        }
        byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);

        for (int at = 0; at < bytes.length; ) {
            int size = Math.min(bytes.length - at, 1 + random.nextInt(50));
            splitter.accept(java.util.Arrays.copyOfRange(bytes, at, at + size));
            at += size;
        }
        splitter.finish();

        assertThat(lines).isEqualTo(text.toString().lines().toList());
    }

    @Test
    void aHundredMegabytesWithoutANewlineAreCutAndNotHeld() {
        long[] seen = new long[2];
        var flooded = new LineSplitter(line -> {
            assertThat(line.length()).isLessThanOrEqualTo(LineSplitter.MAX_LINE_BYTES);
            seen[0]++;
            seen[1] += line.length();
        });
        byte[] piece = "x".repeat(64 * 1024).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 1600; i++) {
            flooded.accept(piece);
        }
        flooded.finish();

        assertThat(seen[1]).isEqualTo(1600L * piece.length);
        assertThat(seen[0]).isEqualTo((seen[1] + LineSplitter.MAX_LINE_BYTES - 1) / LineSplitter.MAX_LINE_BYTES);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void bytesOfAnyKindInPiecesOfAnySizeGiveTheSameLines(long seed) {
        var random = new Random(seed);
        byte[] bytes = new byte[200_000];
        random.nextBytes(bytes);
        splitter.accept(bytes);
        splitter.finish();
        List<String> atOnce = List.copyOf(lines);
        lines.clear();

        for (int at = 0; at < bytes.length; ) {
            int size = Math.min(bytes.length - at, 1 + random.nextInt(seed == 1 ? 1 : 30_000));
            splitter.accept(java.util.Arrays.copyOfRange(bytes, at, at + size));
            at += size;
        }
        splitter.finish();

        assertThat(lines).isEqualTo(atOnce);
        assertThat(lines)
                .hasSizeGreaterThan(500)
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(LineSplitter.MAX_LINE_BYTES));
    }

    private void accept(String text) {
        splitter.accept(text.getBytes(StandardCharsets.UTF_8));
    }
}
