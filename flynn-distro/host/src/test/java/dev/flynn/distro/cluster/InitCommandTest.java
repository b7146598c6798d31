package dev.flynn.distro.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.JoinToken;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class InitCommandTest {

    @TempDir
    Path directory;

    private Path file() {
        return directory.resolve("host.json");
    }

    private void init(Map<String, String> environment, String... options) {
        var command = new InitCommand();
        String[] all = Stream.concat(Arrays.stream(options), Stream.of("--file", file().toString()))
                .toArray(String[]::new);
        new CommandLine(command).parseArgs(all);
        command.run(environment, "test");
    }

    @Test
    void withoutOptionsTheFileIsAnEmptyObject() throws IOException {
        init(Map.of());

        assertThat(Files.readString(file())).isEqualTo("{}\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
                .isEqualTo("rw-r--r--");
    }

    @Test
    void theFileHasItsArgumentsInOrderIndentedWithTabs() throws IOException {
        init(
                Map.of(),
                "--peer-ips",
                "192.0.2.11,192.0.2.12",
                "--external-ip",
                "192.0.2.13",
                "--discovery",
                "https://discovery.example/clusters/1");

        assertThat(Files.readString(file())).isEqualTo("""
                {
                \t"args": [
                \t\t"--discovery",
                \t\t"https://discovery.example/clusters/1",
                \t\t"--external-ip",
                \t\t"192.0.2.13",
                \t\t"--peer-ips",
                \t\t"192.0.2.11,192.0.2.12"
                \t]
                }
                """);
        assertThat(HostFile.read(file()).args()).hasSize(6);
    }

    @Test
    void aDiscoveryTokenIsMadeAndUsedAndWinsOverAGivenOne() throws Exception {
        try (var service = new DiscoveryService(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                directory.resolve("lists"),
                Clock.systemUTC())) {
            String server = "http://127.0.0.1:" + service.address().getPort();
            String data = directory.resolve("data").toString();
            init(
                    Map.of(DiscoveryToken.SERVER_VARIABLE, server),
                    "--init-discovery",
                    "--data-dir",
                    data,
                    "--discovery",
                    "https://discovery.example/clusters/1");

            List<String> args = HostFile.read(file()).args();
            assertThat(args).hasSize(4).first().isEqualTo("--discovery");
            assertThat(args.get(1)).startsWith(server + "/clusters/").doesNotContain("#");
            assertThat(args.subList(2, 4)).containsExactly("--data-dir", data);
            assertThat(new DiscoveryToken(args.get(1)).hostUrls()).isEmpty();
            assertThat(new IdentityFiles(directory.resolve("data").resolve("identity")).firstToken())
                    .isPresent();
        }
    }

    @Test
    void theLineOfTheFirstHostLetsOthersJoin() throws IOException {
        JoinToken token = JoinToken.parse(Tokens.any());
        init(Map.of(), "--discovery", "https://discovery.example/clusters/1#" + token.text());

        assertThat(HostFile.read(file()).args())
                .containsExactly(
                        "--discovery",
                        "https://discovery.example/clusters/1",
                        "--join-token-file",
                        directory.resolve("join-token").toString());
        assertThat(Files.readString(directory.resolve("join-token"))).isEqualTo(token.text() + "\n");
    }

    @Test
    void withoutAServiceInitDiscoverySaysWhereOneComesFrom() {
        assertThatThrownBy(() -> init(Map.of(), "--init-discovery"))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("DISCOVERY_SERVER")
                .hasMessageContaining("flynn-host discovery-service");
        assertThat(file()).doesNotExist();
    }

    @Test
    void aJoinTokenIsKeptWhereOnlyRootReadsIt() throws Exception {
        String token = dev.flynn.distro.cluster.Tokens.any();
        init(Map.of(), "--peer-ips", "192.0.2.11", "--join-token", token);

        Path secret = directory.resolve("join-token");
        assertThat(Files.readString(secret)).isEqualTo(token + "\n");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secret)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(file())).doesNotContain(token).contains(secret.toString());
    }

    @Test
    void aJoinTokenThatWasNotCopiedWholeIsRefusedBeforeAnythingIsWritten() {
        assertThatThrownBy(() -> init(Map.of(), "--join-token", Tokens.any().substring(0, 50)))
                .hasMessageContaining("copy the whole line");
        assertThat(file()).doesNotExist();
    }

    @Test
    void aDirectoryThatIsNotThereIsNamed() {
        var command = new InitCommand();
        Path missing = directory.resolve("missing").resolve("host.json");
        new CommandLine(command).parseArgs("--file", missing.toString());

        assertThatThrownBy(() -> command.run(Map.of(), "test"))
                .hasMessageContaining(missing.toString())
                .hasMessageContaining("directory must exist");
    }

    @Test
    void aFileThatIsNoneIsNamed() throws IOException {
        Files.writeString(file(), "nonsense");
        assertThatThrownBy(() -> HostFile.read(file())).hasMessageContaining(file().toString());
    }
}
