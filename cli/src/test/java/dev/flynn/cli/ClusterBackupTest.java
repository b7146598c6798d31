package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClusterBackupTest {

    private static final String TOLD = "Creating cluster backup...\nBackup complete.\n";

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory).withCluster();
    }

    @AfterEach
    void close() {
        cli.close();
    }

    @Test
    void theArchiveGoesToStandardOutputOrToAFile() throws IOException {
        cli.answer("GET /backup", "the archive");

        assertThat(cli.run("cluster", "backup")).isEqualTo(new Cli.Result(0, "the archive", TOLD));
        assertThat(cli.run("cluster", "backup", "--file", "backup.tar")).isEqualTo(new Cli.Result(0, "", TOLD));
        assertThat(directory.resolve("work")).isDirectoryContaining("glob:**/backup.tar");
        assertThat(directory.resolve("work/backup.tar")).hasContent("the archive");
    }

    @Test
    void aBackupThatFailsLeavesTheFileOfBeforeAlone() throws IOException {
        Path file = Files.writeString(directory.resolve("work/backup.tar"), "of yesterday");

        Cli.Result result = cli.run("cluster", "backup", "--file", "backup.tar");

        assertThat(result)
                .isEqualTo(new Cli.Result(1, "", "Creating cluster backup...\ncontroller: resource not found\n"));
        assertThat(file).hasContent("of yesterday");
        assertThat(file.resolveSibling("backup.tar.unfinished")).doesNotExist();
    }
}
