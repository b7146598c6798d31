package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {

    @TempDir
    Path temp;

    @Test
    void aSecondProcessIsRefusedByTheNameOfTheFirst() {
        try (var held = DataDirectory.open(temp.resolve("data"))) {
            assertThatThrownBy(() -> DataDirectory.open(held.root()))
                    .hasMessageContaining("is in use by flynn-host with process id "
                            + ProcessHandle.current().pid())
                    .hasMessageContaining("--data-dir");
        }
    }

    @Test
    void canBeOpenedAgainOnceItWasClosed() {
        Path root = temp.resolve("data");
        DataDirectory.open(root).close();

        try (var again = DataDirectory.open(root)) {
            assertThat(Files.isDirectory(again.directory("store"))).isTrue();
        }
    }

    @Test
    void isReadableByItsOwnerOnly() throws Exception {
        try (var data = DataDirectory.open(temp.resolve("data"))) {
            assertThat(Files.getPosixFilePermissions(data.root())).hasSize(3);
        }
    }

    @Test
    void aFileInItsPlaceIsAClearError() throws Exception {
        Path file = Files.createFile(temp.resolve("file"));

        assertThatThrownBy(() -> DataDirectory.open(file)).hasMessageContaining("cannot use data directory " + file);
    }
}
