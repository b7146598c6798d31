package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotFileTest {

    @TempDir
    Path directory;

    private final StoreState state = new StoreState(StoreLimits.DEFAULTS);
    private Path file;

    @BeforeEach
    void write() throws IOException {
        for (int i = 0; i < 20; i++) {
            state.apply(new Command(
                    i,
                    Transaction.builder()
                            .put("key" + i % 7, "value" + i)
                            .append("log/", "x")
                            .build()));
        }
        file = directory.resolve("snapshot");
        SnapshotFile.write(state.image(), file);
    }

    @Test
    void whatIsReadIsWhatWasWritten() throws IOException {
        StoreState read = SnapshotFile.read(file, StoreLimits.DEFAULTS);

        assertThat(read.list("")).isEqualTo(state.list(""));
        assertThat(read.history().after(0))
                .containsExactlyElementsOf(state.history().after(0));
    }

    @Test
    void nothingElseIsLeftBehind() throws IOException {
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void aWrongByteAnywhereIsFound() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        for (int i = 0; i < bytes.length; i += isNearAnEnd(i, bytes.length) ? 1 : 5) {
            byte[] damaged = bytes.clone();
            damaged[i] ^= 0x10;
            Files.write(file, damaged);

            assertThatIOException()
                    .as("byte %d", i)
                    .isThrownBy(() -> SnapshotFile.read(file, StoreLimits.DEFAULTS))
                    .withMessageContaining(file.toString());
        }
    }

    private static boolean isNearAnEnd(int position, int length) {
        return position < 64 || position > length - 64;
    }

    @Test
    void aShortenedFileIsFound() throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));

        assertThatIOException()
                .isThrownBy(() -> SnapshotFile.read(file, StoreLimits.DEFAULTS))
                .withMessageContaining("damaged");
    }
}
