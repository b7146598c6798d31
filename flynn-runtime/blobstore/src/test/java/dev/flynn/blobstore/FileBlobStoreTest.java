package dev.flynn.blobstore;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.blob.BlobStore;
import dev.flynn.spi.blob.BlobStore.BlobInfo;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileBlobStoreTest {

    private static final Instant NOW = Instant.parse("2015-12-14T10:00:00.123456Z");

    @TempDir
    Path directory;

    @Test
    void theEtagIsTheSha512OfTheContent() throws IOException {
        BlobInfo info = open().put("a", "text/plain", content("abc"));

        assertThat(info.etag())
                .isEqualTo("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                        + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
        assertThat(info.modifiedAt()).isEqualTo(NOW);
    }

    @Test
    void opensWithoutWhatAnUnfinishedPutLeft() throws IOException {
        open().put("a", "text/plain", content("abc"));
        Files.writeString(directory.resolve("put123.part"), "half of");

        BlobStore store = open();

        assertThat(store.keys("")).containsExactly("a");
        try (var files = Files.list(directory)) {
            assertThat(files).hasSize(1);
        }
    }

    @Test
    void aFailedPutLeavesNoFile() throws IOException {
        var failing = new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("gone");
            }
        };
        assertThatIOException().isThrownBy(() -> open().put("a", "text/plain", failing));

        try (var files = Files.list(directory)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void aDamagedFileIsAnErrorAndNotAnObject() throws IOException {
        BlobStore store = open();
        store.put("a", "text/plain", content("abc"));
        try (var files = Files.list(directory)) {
            Path file = files.findFirst().orElseThrow();
            Files.write(file, new byte[] {127, 0, 0, 0}, StandardOpenOption.APPEND);
        }

        assertThatIOException().isThrownBy(() -> store.open("a")).withMessageContaining("damaged");
    }

    @Test
    void aContentTypeOfUnreasonableLengthIsRefused() {
        assertThatThrownBy(() -> open().put("a", "x".repeat(256), content("abc")))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("content type");
    }

    @Test
    void aPlaceThatIsNoDirectoryIsNamed() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");

        assertThatThrownBy(() -> new FileBlobStore(file, Clock.systemUTC()))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(file.toString());
    }

    private BlobStore open() {
        return new FileBlobStore(directory, Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private static InputStream content(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }
}
