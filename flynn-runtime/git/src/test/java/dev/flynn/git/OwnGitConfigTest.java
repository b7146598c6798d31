package dev.flynn.git;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnGitConfigTest {

    private final SystemReader before = SystemReader.getInstance();

    @TempDir
    Path directory;

    @AfterEach
    void restores() {
        SystemReader.setInstance(before);
    }

    @Test
    void whatJgitKeepsIsInThePlatformsDirectory() throws Exception {
        OwnGitConfig.use(directory);

        var config = SystemReader.getInstance().getJGitConfig();
        config.setString("filesystem", "x", "timestampResolution", "1 ms");
        config.save();

        assertThat(Files.readString(directory.resolve("jgit.config"))).contains("timestampResolution");
    }

    @Test
    void theConfigurationsOfTheUserAndOfTheMachineAreNotRead() throws Exception {
        OwnGitConfig.use(directory);

        SystemReader system = SystemReader.getInstance();
        assertThat(system.getUserConfig().toText()).isEmpty();
        assertThat(system.openSystemConfig(null, FS.DETECTED).toText()).isEmpty();
    }
}
