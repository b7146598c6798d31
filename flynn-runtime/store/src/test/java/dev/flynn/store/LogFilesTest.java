package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogFilesTest {

    private static final int SECTOR = 512;
    private static final int ALLOCATED = 40 * SECTOR;

    @TempDir
    Path group;

    private Path segment;

    @BeforeEach
    void create() throws IOException {
        Files.createDirectories(group.resolve("current"));
        segment = group.resolve("current/log_inprogress_7");
    }

    @Test
    void aDirectoryWithoutALogIsFine() {
        assertThatCode(() -> LogFiles.repair(group.resolve("not-there"))).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatWasNotWrittenFromAnySectorOnIsCutOff(long seed) throws IOException {
        var random = new Random(seed);
        List<Integer> ends = new ArrayList<>();
        byte[] whole = segmentOf(random, ends);
        for (int tear = SECTOR; tear < whole.length; tear += SECTOR) {
            byte[] torn = whole.clone();
            Arrays.fill(torn, tear, torn.length, (byte) 0);
            Files.write(segment, torn);

            LogFiles.repair(group);

            int kept = lastNotAfter(ends, tear);
            byte[] repaired = Files.readAllBytes(segment);
            assertThat(beginsWith(repaired, whole, kept))
                    .as("seed %d, torn at %d", seed, tear)
                    .isTrue();
            assertThat(repaired.length == kept || Arrays.equals(repaired, torn))
                    .as("seed %d, torn at %d: cut off or untouched", seed, tear)
                    .isTrue();
            assertThatCode(() -> LogFiles.repair(group)).doesNotThrowAnyException();
            assertThat(isZero(Files.readAllBytes(segment), kept)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void aFileThatEndsAnywhereIsCutOffAfterItsLastWholeEntry(long seed) throws IOException {
        var random = new Random(seed);
        List<Integer> ends = new ArrayList<>();
        byte[] whole = segmentOf(random, ends);
        for (int length = 8; length < whole.length; length += 1 + random.nextInt(160)) {
            Files.write(segment, Arrays.copyOf(whole, length));

            LogFiles.repair(group);

            int kept = lastNotAfter(ends, length);
            byte[] repaired = Files.readAllBytes(segment);
            assertThat(beginsWith(repaired, whole, kept))
                    .as("seed %d, ends at %d", seed, length)
                    .isTrue();
            assertThat(isZero(repaired, kept)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22, 23, 24})
    void aWrongBitInAnEntryIsDamage(long seed) throws IOException {
        var random = new Random(seed);
        List<Integer> ends = new ArrayList<>();
        byte[] whole = segmentOf(random, ends);
        for (int entry = 1; entry < ends.size(); entry++) {
            byte[] damaged = whole.clone();
            // behind the length, before the checksum
            int position = ends.get(entry - 1) + 3 + random.nextInt(ends.get(entry) - ends.get(entry - 1) - 7);
            damaged[position] ^= 1;
            Files.write(segment, damaged);

            assertThatIOException()
                    .isThrownBy(() -> LogFiles.repair(group))
                    .withMessageContaining(segment.toString())
                    .withMessageContaining("damaged at byte " + ends.get(entry - 1));
            assertThat(Arrays.equals(Files.readAllBytes(segment), damaged)).isTrue();
        }
    }

    @Test
    void theLogHasToGoOnWhereTheSnapshotEnds() throws IOException {
        Files.createFile(group.resolve("current/log_3-6"));
        Files.createFile(segment);

        assertThatCode(() -> LogFiles.requireContinuation(group, 2)).doesNotThrowAnyException();
        assertThatCode(() -> LogFiles.requireContinuation(group, 100)).doesNotThrowAnyException();
        assertThatIOException()
                .isThrownBy(() -> LogFiles.requireContinuation(group, 1))
                .withMessageContaining("begins with entry 3");
    }

    /** A segment as Ratis writes it, full of entries of random length without zeros, and where each of them ends. */
    private static byte[] segmentOf(Random random, List<Integer> ends) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var out = new DataOutputStream(bytes);
        out.write("RaftLog1".getBytes(StandardCharsets.US_ASCII));
        ends.add(out.size());
        while (out.size() < ALLOCATED - 6 * SECTOR) {
            byte[] body = new byte[128 + random.nextInt(4 * SECTOR)];
            for (int i = 0; i < body.length; i++) {
                body[i] = (byte) (1 + random.nextInt(255));
            }
            byte[] length = {(byte) (body.length & 0x7f | 0x80), (byte) (body.length >> 7)};
            var checksum = new CRC32C();
            checksum.update(length);
            checksum.update(body);
            out.write(length);
            out.write(body);
            out.writeInt((int) checksum.getValue());
            ends.add(out.size());
        }
        return Arrays.copyOf(bytes.toByteArray(), ALLOCATED);
    }

    private static int lastNotAfter(List<Integer> ends, int position) {
        return ends.stream()
                .filter(end -> end <= position)
                .max(Integer::compare)
                .orElseThrow();
    }

    private static boolean beginsWith(byte[] bytes, byte[] whole, int length) {
        return bytes.length >= length && Arrays.equals(bytes, 0, length, whole, 0, length);
    }

    private static boolean isZero(byte[] bytes, int from) {
        for (int i = from; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }
}
