package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClusterFileTest {

    private static final String WRITTEN = """
            default = "prod"

            [[cluster]]
              Name = "prod"
              Key = "0b9d6c2a7e5f4138a1c2"
              TLSPin = "q0jKkVtYh0cS2n4m3mX3m5Q8c2m5H8o5J6Yt0m7k1qE="
              ControllerURL = "https://controller.prod.example.net"
              GitURL = "https://git.prod.example.net"

            [[cluster]]
              Name = "staging"
              Key = "f3a1"
              ControllerURL = "https://controller.staging.example.net"
              GitURL = ""

            """;
    private static final ClusterList LIST = new ClusterList(
            "prod",
            List.of(
                    new Cluster(
                            "prod",
                            "0b9d6c2a7e5f4138a1c2",
                            "q0jKkVtYh0cS2n4m3mX3m5Q8c2m5H8o5J6Yt0m7k1qE=",
                            "https://controller.prod.example.net",
                            "https://git.prod.example.net"),
                    new Cluster("staging", "f3a1", "", "https://controller.staging.example.net", "")));

    @TempDir
    Path directory;

    @Test
    void writesTheContractsForm() {
        assertThat(ClusterFile.format(LIST)).isEqualTo(WRITTEN);
    }

    @Test
    void readsWhatItWrote() throws Exception {
        assertThat(ClusterFile.parse(WRITTEN)).isEqualTo(LIST);
    }

    @Test
    void keysAreMatchedInAnyCaseAndUnknownOnesAreIgnored() throws Exception {
        ClusterList list = ClusterFile.parse("""
                # mine
                DEFAULT = 'a'   # literal
                retries = 3
                [settings]
                default = "not this one"
                [[Cluster]]
                name="a"
                KEY = "k\\u00e9\\"y"
                url = "https://controller.old.example.net"
                GitHost = "git.old.example.net:2222"
                """);

        assertThat(list)
                .isEqualTo(new ClusterList(
                        "a", List.of(new Cluster("a", "ké\"y", "", "https://controller.old.example.net", ""))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | default = \"open | a string does not end",
                "2 | [[cluster]]~Name \"x\" | expected '=', found '\"'",
                "2 | default = \"a\"~= 3 | expected a key, found '='",
                "1 | default = \"a\" b | expected the end of the line, found 'b'",
                "1 | [[cluster] | expected ']', found the end of the line",
                "1 | default = | \"default\" has no value"
            })
    void whatIsMalformedIsToldWithItsLine(int line, String text, String problem) throws IOException {
        Path file = Files.writeString(directory.resolve("rc"), text.replace('~', '\n'));

        assertThatThrownBy(() -> new ClusterFile(file).read())
                .isInstanceOf(CliException.class)
                .hasMessage(file + ":" + line + ": " + problem);
    }

    @Test
    void aMissingFileIsAnEmptyConfiguration() {
        assertThat(new ClusterFile(directory.resolve("none")).read()).isEqualTo(ClusterList.EMPTY);
    }

    @Test
    void onlyItsOwnerMayReadTheKeys() throws IOException {
        Path file = directory.resolve("rc");

        new ClusterFile(file).write(LIST);

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        try (var files = Files.list(directory)) {
            assertThat(files).containsExactly(file);
        }
    }

    @Test
    void removingTheLastClusterTruncatesTheFile() throws IOException {
        Path file = directory.resolve("rc");

        new ClusterFile(file).write(ClusterList.EMPTY);

        assertThat(file).isEmptyFile();
    }

    @Test
    void aLinkStaysALink() throws IOException {
        Path target = Files.createFile(directory.resolve("dotfile"));
        Path link = Files.createSymbolicLink(directory.resolve("rc"), target);

        new ClusterFile(link).write(LIST);

        assertThat(link).isSymbolicLink();
        assertThat(target).hasContent(WRITTEN);
    }
}
