package dev.flynn.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.spi.blob.BlobStore.BlobInfo;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Reading from hosts that go while they are read from. */
class RemoteBlobTest {

    private static final byte[] CONTENT = new byte[1_000_000];

    static {
        for (int i = 0; i < CONTENT.length; i++) {
            CONTENT[i] = (byte) (i * 31 + (i >> 8));
        }
    }

    private static final BlobRecord RECORD = new BlobRecord(
            "slug", "version", CONTENT.length, "text/plain", "etag", Instant.EPOCH, List.of("a", "b", "c"));

    private final List<String> asked = new ArrayList<>();

    /** What each host sends before it breaks off; hosts that are not here do not answer. */
    private Peers sending(Map<String, Integer> bytes) {
        return new Peers() {
            @Override
            public Members members() {
                return new Members("self", Set.of(), Map.of());
            }

            @Override
            public void send(String host, String version, BlobInfo info, InputStream content) {
                throw new UnsupportedOperationException();
            }

            @Override
            public Optional<InputStream> open(String host, String version, long offset) throws IOException {
                asked.add(host + "@" + offset);
                Integer count = bytes.get(host);
                if (count == null) {
                    throw new IOException(host + " does not answer");
                }
                int length = (int) Math.min(count, CONTENT.length - offset);
                InputStream part = new ByteArrayInputStream(CONTENT, (int) offset, length);
                return Optional.of(
                        offset + length == CONTENT.length ? part : new SequenceInputStream(part, brokenOff(host)));
            }

            @Override
            public void discard(String host, String version) {
                throw new UnsupportedOperationException();
            }
        };
    }

    private static InputStream brokenOff(String host) {
        return new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException(host + " went away");
            }
        };
    }

    private static byte[] read(Peers peers, long offset) throws IOException {
        try (RemoteBlob blob = RemoteBlob.open(peers, RECORD, RECORD.hosts()).orElseThrow()) {
            return blob.content(offset).readAllBytes();
        }
    }

    @Test
    void whatBreaksOffGoesOnThereOnceMoreAndThenElsewhere() throws IOException {
        Peers peers = sending(Map.of("a", 300_000, "b", 200_000, "c", CONTENT.length));

        assertThat(read(peers, 0)).isEqualTo(CONTENT);
        assertThat(asked).containsExactly("a@0", "a@300000", "b@600000", "c@800000");
    }

    @Test
    void whoDoesNotAnswerIsPassedOver() throws IOException {
        assertThat(read(sending(Map.of("c", CONTENT.length)), 0)).isEqualTo(CONTENT);
    }

    @Test
    void whenNobodyIsLeftTheReaderIsToldSoAndDoesNotTakeAPartForTheWhole() {
        assertThatThrownBy(() -> read(sending(Map.of("a", 300_000, "b", 200_000, "c", 100_000)), 0))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("went away");
    }

    @Test
    void aPartFarFromTheBeginningIsAskedForAlone() throws IOException {
        byte[] end = read(sending(Map.of("a", CONTENT.length)), 900_000);

        assertThat(end).hasSize(100_000).startsWith(CONTENT[900_000]).endsWith(CONTENT[CONTENT.length - 1]);
        assertThat(asked).contains("a@900000");
    }
}
