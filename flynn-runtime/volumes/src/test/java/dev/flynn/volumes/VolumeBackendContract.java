package dev.flynn.volumes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
abstract class VolumeBackendContract {

    private final String id = UUID.randomUUID().toString();
    private final String other = UUID.randomUUID().toString();

    /** On the same directory each time. */
    abstract VolumeBackend open() throws IOException;

    @Test
    void aVolumeIsEmptyAndIsThereAfterARestart() throws IOException {
        open().create(id);

        VolumeBackend reopened = open();
        assertThat(reopened.path(id)).isEmptyDirectory();
        assertThat(reopened.ids()).containsExactly(id);
    }

    @Test
    void creatingAVolumeAgainLeavesItsFiles() throws IOException {
        VolumeBackend backend = open();
        backend.create(id);
        Files.writeString(backend.path(id).resolve("file"), "kept");

        backend.create(id);

        assertThat(backend.path(id).resolve("file")).hasContent("kept");
    }

    @Test
    void aSnapshotStaysAsItWas() throws IOException {
        VolumeBackend backend = open();
        fill(backend);

        backend.snapshot(id, other);
        Files.writeString(backend.path(id).resolve("dir/file"), "changed");

        assertThat(backend.path(other).resolve("dir/file")).hasContent("content");
        assertThat(backend.ids()).containsExactlyInAnyOrder(id, other);
    }

    @Test
    void aVolumeThatIsSentArrivesAsItWas() throws IOException {
        VolumeBackend backend = open();
        fill(backend);
        String snapshot = UUID.randomUUID().toString();
        backend.snapshot(id, snapshot);
        var stream = new ByteArrayOutputStream();
        backend.send(snapshot, stream);

        backend.receive(other, new ByteArrayInputStream(stream.toByteArray()));

        Path file = backend.path(other).resolve("dir/file");
        assertThat(file).hasContent("content");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rwxr-x--x");
        assertThat(Files.readSymbolicLink(backend.path(other).resolve("link"))).isEqualTo(Path.of("dir/file"));
        Files.writeString(file, "it may be written to");
    }

    @Test
    void ofAStreamThatEndsTooEarlyThereIsNoVolume() throws IOException {
        VolumeBackend backend = open();
        fill(backend);
        String snapshot = UUID.randomUUID().toString();
        backend.snapshot(id, snapshot);
        var stream = new ByteArrayOutputStream();
        backend.send(snapshot, stream);
        byte[] half = Arrays.copyOf(stream.toByteArray(), stream.size() / 4);

        assertThatThrownBy(() -> backend.receive(other, new ByteArrayInputStream(half)))
                .isInstanceOf(IOException.class);

        assertThat(backend.exists(other)).isFalse();
        assertThat(open().ids()).containsExactlyInAnyOrder(id, snapshot);
    }

    @Test
    void replacedVolumesHaveTheFilesOfTheOther() throws IOException {
        VolumeBackend backend = open();
        backend.create(other);
        Files.writeString(backend.path(other).resolve("former"), "gone");
        fill(backend);

        backend.replace(other, id);

        assertThat(backend.ids()).containsExactly(other);
        assertThat(backend.path(other).resolve("dir/file")).hasContent("content");
        assertThat(backend.path(other).resolve("former")).doesNotExist();
        assertThat(open().ids()).containsExactly(other);
    }

    @Test
    void aReplacementThatWasCutOffLeavesTheVolumeAsItWas() throws IOException {
        VolumeBackend backend = open();
        fill(backend);
        Path place = backend.path(id);
        Files.move(place, place.resolveSibling(".replaced-" + id));

        assertThat(open().path(id).resolve("dir/file")).hasContent("content");
    }

    @Test
    void aReplacementWhoseClearingUpWasCutOffIsComplete() throws IOException {
        VolumeBackend backend = open();
        fill(backend);
        backend.create(other);
        Path former = backend.path(other).resolveSibling(".replaced-" + id);
        Files.move(backend.path(other), former);

        assertThat(open().path(id).resolve("dir/file")).hasContent("content");
        assertThat(former).doesNotExist();
    }

    @Test
    void theSizeIsThatOfTheFiles() throws IOException {
        VolumeBackend backend = open();
        fill(backend);

        assertThat(backend.bytes(id)).isBetween(300_000L, 1_000_000L);
    }

    @Test
    void deletingTakesTheFilesAndMayBeDoneTwice() throws IOException {
        VolumeBackend backend = open();
        fill(backend);

        backend.delete(id);
        backend.delete(id);

        assertThat(backend.exists(id)).isFalse();
        assertThat(backend.ids()).isEmpty();
    }

    private void fill(VolumeBackend backend) throws IOException {
        backend.create(id);
        Path directory = Files.createDirectory(backend.path(id).resolve("dir"));
        Path file = Files.writeString(directory.resolve("file"), "content");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));
        Files.createSymbolicLink(backend.path(id).resolve("link"), Path.of("dir/file"));
        Files.write(backend.path(id).resolve("large"), new byte[300_000]);
    }
}
