package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationFileTest {

    @TempDir
    Path directory;

    private Map<String, String> named(String content) throws IOException {
        Path file = Files.writeString(directory.resolve("host.json"), content);
        return Map.of("FLYNN_HOST_CONFIG", file.toString());
    }

    private static String[] apply(Map<String, String> environment, String... args) {
        return ConfigurationFile.apply(args, environment);
    }

    @Test
    void theFilesArgumentsComeAfterThoseOfTheCommandLine() throws IOException {
        assertThat(apply(named("{\"args\": [\"--external-ip\", \"192.0.2.1\"]}"), "daemon", "--id", "host1"))
                .containsExactly("daemon", "--id", "host1", "--external-ip", "192.0.2.1");
    }

    @Test
    void otherCommandsAndHelpDoNotReadIt() throws IOException {
        Map<String, String> environment = named("nonsense");

        assertThat(apply(environment, "up")).containsExactly("up");
        assertThat(apply(environment)).isEmpty();
        assertThat(apply(environment, "daemon", "--help")).containsExactly("daemon", "--help");
    }

    @Test
    void aVariableThatIsSetToNothingMeansNoFile() {
        assertThat(apply(Map.of("FLYNN_HOST_CONFIG", ""), "daemon")).containsExactly("daemon");
    }

    @Test
    void aNamedFileThatIsMissingOrDamagedIsRefusedByName() throws IOException {
        Path missing = directory.resolve("missing.json");

        assertThatThrownBy(() -> apply(Map.of("FLYNN_HOST_CONFIG", missing.toString()), "daemon"))
                .hasMessageContaining(missing.toString());
        Map<String, String> damaged = named("nonsense");
        assertThatThrownBy(() -> apply(damaged, "daemon")).hasMessageContaining("host.json");
    }

    @Test
    void anEnvironmentThatItCannotHaveAnyMoreIsRefused() throws IOException {
        Map<String, String> environment = named("{\"env\": {\"NAME\": \"value\"}}");

        assertThatThrownBy(() -> apply(environment, "daemon"))
                .hasMessageContaining("NAME")
                .hasMessageContaining("systemd");
    }
}
