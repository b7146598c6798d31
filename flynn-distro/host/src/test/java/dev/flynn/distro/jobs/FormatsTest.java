package dev.flynn.distro.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatsTest {

    @ParameterizedTest
    @CsvSource({
        "PT0.9S,     Less than a second ago",
        "PT59S,      59 seconds ago",
        "PT60S,      About a minute ago",
        "PT119S,     About a minute ago",
        "PT2M,       2 minutes ago",
        "PT59M,      59 minutes ago",
        "PT1H,       About an hour ago",
        "PT1H59M,    About an hour ago",
        "PT47H,      47 hours ago",
        "PT48H,      2 days ago",
        "P13D,       13 days ago",
        "P14D,       2 weeks ago",
        "P89D,       12 weeks ago",
        "P90D,       3 months ago",
        "P729D,      24 months ago",
        "P730D,      2.000000 years ago",
        "P1000D,     2.739726 years ago"
    })
    void agesAreInTheContractsWords(Duration age, String words) {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        assertThat(Ages.ago(Optional.of(now.minus(age)), now)).isEqualTo(words);
    }

    @Test
    void aJobThatHasNotStartedHasNoAge() {
        assertThat(Ages.ago(Optional.empty(), Instant.now())).isEmpty();
    }

    @Test
    void theJobOfRunHasTheCommandAsItsEntrypointAndItsBinds() {
        assertThat(RunCommand.body(
                                "host:slugrunner",
                                "/bin/sh",
                                List.of("-c", "x"),
                                List.of("/a:/b"),
                                Map.of("TERM", "xterm"),
                                true)
                        .toString())
                .isEqualTo("{\"artifact\":{\"url\":\"host:slugrunner\",\"type\":\"host\"},"
                        + "\"config\":{\"stdin\":true,\"disable_log\":true,\"tty\":true,\"entry_point\":[\"/bin/sh\"],"
                        + "\"cmd\":[\"-c\",\"x\"],\"env\":{\"TERM\":\"xterm\"},"
                        + "\"mounts\":[{\"target\":\"/a\",\"location\":\"/b\",\"writeable\":true}]}}");
        assertThatThrownBy(() -> RunCommand.body("i", "c", List.of(), List.of("/a"), Map.of(), false))
                .hasMessage("--bind is SRC:DST, was \"/a\"");
    }

    @Test
    void whatLooksLikeASecretIsBlackedOut() {
        assertThat(Secrets.redact("AUTH_KEY=abc DB_PASSWORD: x7 postgres://u:p@h/db --token tt --key kk path=/bin"))
                .isEqualTo(
                        "AUTH_KEY=XXXREDACTEDXXX DB_PASSWORD: XXXREDACTEDXXX postgres://u:XXXREDACTEDXXX@h/db --token XXXREDACTEDXXX --key XXXREDACTEDXXX path=/bin");
        assertThat(Secrets.redact("\"secret\": \"s3\", flynn-join-1.abcdef"))
                .doesNotContain("s3")
                .doesNotContain("abcdef");
    }

    @Test
    void anArchiveIsReadByTar(@TempDir Path directory) throws Exception {
        Map<String, byte[]> files = new TreeMap<>();
        files.put("0-empty.log", new byte[0]);
        files.put("1-block.log", "x".repeat(512).getBytes(UTF_8));
        files.put("2-text.log", "hello\n".getBytes(UTF_8));
        Path archive = DebugInfo.write(files);
        try {
            assertThat(Files.getPosixFilePermissions(archive)).isEqualTo(PosixFilePermissions.fromString("rw-------"));
            assertThat(archive.getFileName()).hasToString("flynn-host-debug.tar.gz");
            Process tar = new ProcessBuilder("tar", "-xzf", archive.toString(), "-C", directory.toString())
                    .inheritIO()
                    .start();
            assertThat(tar.waitFor()).isZero();
            for (Map.Entry<String, byte[]> file : files.entrySet()) {
                assertThat(directory.resolve(file.getKey())).hasBinaryContent(file.getValue());
            }
            assertThat(Files.getPosixFilePermissions(directory.resolve("2-text.log")))
                    .isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
        } finally {
            delete(archive);
        }
    }

    private static void delete(Path archive) throws IOException {
        Files.delete(archive);
        Files.delete(archive.getParent());
    }
}
