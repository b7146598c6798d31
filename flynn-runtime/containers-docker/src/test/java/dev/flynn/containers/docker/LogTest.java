package dev.flynn.containers.docker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.containers.docker.OutputProgress.Position;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogTest {

    private static final int ENTRY = 16 * 1024;

    private final ByteArrayOutputStream read = new ByteArrayOutputStream();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void linesOfAllLengthsComeBackFromALogThatForgetsWhereLongOnesEnd(long seed) {
        var random = new Random(seed);
        byte[] written = lines(random);
        var repair = new LogRepair((kind, bytes, last) -> read.writeBytes(bytes));

        for (byte[] entry : entriesOf(written)) {
            int cut = random.nextInt(entry.length + 1);
            repair.piece(OutputStreamKind.STDOUT, Arrays.copyOf(entry, cut), false);
            repair.piece(OutputStreamKind.STDOUT, Arrays.copyOfRange(entry, cut, entry.length), true);
        }

        assertThat(read.toByteArray()).isEqualTo(written);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatWasDeliveredIsFoundAlsoWhenTheBeginningIsGone(long seed) {
        var random = new Random(seed);
        byte[] written = lines(random);
        int delivered = 1000 + random.nextInt(written.length - 1000);
        int gone = random.nextBoolean() ? 0 : random.nextInt(delivered - 300);
        var search = new LogSearch(Map.of(OutputStreamKind.STDOUT, positionAfter(written, delivered)));

        search.piece(OutputStreamKind.STDOUT, Arrays.copyOfRange(written, gone, written.length), true);

        assertThat(search.hasGap()).isFalse();
        assertThat(search.delivered()).containsEntry(OutputStreamKind.STDOUT, (long) delivered - gone);
    }

    @Test
    void outputThatRepeatsItselfIsFoundByItsCount() {
        byte[] written = "y\n".repeat(10_000).getBytes(StandardCharsets.UTF_8);
        var search = new LogSearch(Map.of(OutputStreamKind.STDOUT, positionAfter(written, 5000)));

        search.piece(OutputStreamKind.STDOUT, written, true);

        assertThat(search.delivered()).containsEntry(OutputStreamKind.STDOUT, 5000L);
    }

    @Test
    void whatIsNotThereIsAGap() {
        var search = new LogSearch(Map.of(OutputStreamKind.STDERR, positionAfter("abcdef".getBytes(), 6)));

        search.piece(OutputStreamKind.STDERR, "something else".getBytes(StandardCharsets.UTF_8), true);

        assertThat(search.hasGap()).isTrue();
        assertThat(search.delivered()).containsEntry(OutputStreamKind.STDERR, 0L);
    }

    @Test
    void aCursorLeavesOutWhatWasDelivered() {
        var cursor = new LogCursor((kind, bytes, last) -> read.writeBytes(bytes), Map.of(OutputStreamKind.STDOUT, 5L));

        for (String piece : List.of("abc", "def", "ghi")) {
            cursor.piece(OutputStreamKind.STDOUT, piece.getBytes(StandardCharsets.UTF_8), true);
            cursor.piece(OutputStreamKind.STDERR, "!".getBytes(StandardCharsets.UTF_8), true);
        }

        assertThat(read.toString(StandardCharsets.UTF_8)).isEqualTo("!f!ghi!");
    }

    @Test
    void progressIsReadAgainAsItWasWritten(@TempDir Path directory) throws IOException {
        byte[] last = "x".repeat(300).getBytes(StandardCharsets.UTF_8);
        try (var progress = OutputProgress.open(directory.resolve("progress"))) {
            progress.delivered(OutputStreamKind.STDERR, "short".getBytes(StandardCharsets.UTF_8));
            progress.delivered(OutputStreamKind.STDOUT, "first".getBytes(StandardCharsets.UTF_8));
            progress.delivered(OutputStreamKind.STDOUT, last);
        }

        try (var progress = OutputProgress.open(directory.resolve("progress"))) {
            assertThat(progress.of(OutputStreamKind.STDOUT).count()).isEqualTo(305);
            assertThat(progress.of(OutputStreamKind.STDOUT).tail()).isEqualTo(Arrays.copyOf(last, Position.TAIL));
            assertThat(progress.of(OutputStreamKind.STDERR).count()).isEqualTo(5);
            assertThat(progress.of(OutputStreamKind.STDERR).tail()).asString().isEqualTo("short");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void framesAreTakenApartHoweverTheyArrive(long seed) {
        var random = new Random(seed);
        var sent = new ByteArrayOutputStream();
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        for (int i = 0; i < 50; i++) {
            byte[] payload = new byte[random.nextInt(2000)];
            random.nextBytes(payload);
            boolean error = random.nextBoolean();
            sent.writeBytes(ByteBuffer.allocate(8)
                    .put((byte) (error ? 2 : 1))
                    .putInt(4, payload.length)
                    .array());
            sent.writeBytes(payload);
            (error ? err : out).writeBytes(payload);
        }
        var decoder = new FrameDecoder();
        var readErr = new ByteArrayOutputStream();

        ByteBuffer bytes = ByteBuffer.wrap(sent.toByteArray());
        while (bytes.hasRemaining()) {
            int size = Math.min(bytes.remaining(), 1 + random.nextInt(700));
            decoder.decode(
                    bytes.slice(bytes.position(), size),
                    (kind, piece, last) -> (kind == OutputStreamKind.STDERR ? readErr : read).writeBytes(piece));
            bytes.position(bytes.position() + size);
        }

        assertThat(read.toByteArray()).isEqualTo(out.toByteArray());
        assertThat(readErr.toByteArray()).isEqualTo(err.toByteArray());
    }

    /** As an engine does it: lines, in entries of 16 KiB at most; the last entry of a long line has lost its end. */
    private static List<byte[]> entriesOf(byte[] written) {
        List<byte[]> entries = new ArrayList<>();
        int from = 0;
        boolean continues = false;
        while (from < written.length) {
            int end = from;
            while (end < written.length && written[end] != '\n' && end - from < ENTRY) {
                end++;
            }
            if (end - from == ENTRY) {
                entries.add(Arrays.copyOfRange(written, from, end));
                continues = true;
                from = end;
            } else {
                boolean line = end < written.length;
                entries.add(Arrays.copyOfRange(written, from, line && !continues ? end + 1 : end));
                continues = false;
                from = end + 1;
            }
        }
        return entries;
    }

    private static byte[] lines(Random random) {
        var bytes = new ByteArrayOutputStream();
        for (int i = 0; i < 40; i++) {
            int length = random.nextInt(4) == 0 ? ENTRY * random.nextInt(4) + random.nextInt(2) : random.nextInt(300);
            for (int j = 0; j < length; j++) {
                bytes.write(11 + random.nextInt(240));
            }
            bytes.write('\n');
        }
        bytes.writeBytes("the end".getBytes(StandardCharsets.UTF_8));
        return bytes.toByteArray();
    }

    private static Position positionAfter(byte[] written, int count) {
        return Position.START.after(Arrays.copyOf(written, count));
    }
}
