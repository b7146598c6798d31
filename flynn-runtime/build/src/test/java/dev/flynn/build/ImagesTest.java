package dev.flynn.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImagesTest {

    @TempDir
    Path directory;

    @Test
    void laysOutProgramsThatCanBeRun() throws IOException {
        Path images = directory.resolve("a/b/images");

        Images.install(images);

        assertThat(images.resolve("slugbuilder/init")).isExecutable();
        assertThat(images.resolve("slugrunner/init")).isExecutable();
        assertThat(images.resolve("slugbuilder/buildpacks/nodejs/bin/detect")).isExecutable();
        assertThat(images.resolve("slugbuilder/buildpacks/static/server.py")).exists();
    }

    @Test
    void leavesWhatIsUpToDateAlone() throws IOException {
        Path images = directory.resolve("images");
        Images.install(images);
        FileTime old = FileTime.from(Instant.EPOCH);
        Files.setLastModifiedTime(images.resolve("slugrunner/init"), old);

        Images.install(images);

        assertThat(Files.getLastModifiedTime(images.resolve("slugrunner/init"))).isEqualTo(old);
    }

    @Test
    void replacesAnotherVersionAsAWholeAndCleansUp() throws IOException {
        Path images = directory.resolve("images");
        Images.install(images);
        Files.writeString(images.resolve(".digest"), "of another version");
        Files.writeString(images.resolve("slugbuilder/retired"), "old");
        Files.createDirectories(directory.resolve("images.new-cut-short/slugbuilder"));

        Images.install(images);

        assertThat(images.resolve("slugbuilder/retired")).doesNotExist();
        assertThat(images.resolve("slugbuilder/init")).isExecutable();
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).containsExactly(images);
        }
    }

    @Test
    void saysWhereItCannotWrite() throws IOException {
        Path file = Files.createFile(directory.resolve("file"));

        assertThatThrownBy(() -> Images.install(file.resolve("images")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(file.toString());
    }
}
