package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the real bash offers after a tab. */
class CompletionCommandTest {

    private static final String PLAYED_FLYNN = """
            #!/bin/sh
            case "$*" in
              '-c prod apps') printf 'ID  NAME\\n1   of-prod\\n' ;;
              apps) printf 'ID  NAME\\n1   ledger\\n2   leads\\n3   shop\\n' ;;
              cluster) printf 'NAME  CONTROLLER URL  GIT URL\\nprod  https://c  https://g  (default)\\n' ;;
            esac
            """;

    @TempDir
    Path directory;

    private Cli cli;
    private Path program;

    @BeforeEach
    void open() throws IOException {
        cli = new Cli(directory);
        program = Files.writeString(directory.resolve("flynn"), PLAYED_FLYNN);
        assertThat(program.toFile().setExecutable(true)).isTrue();
    }

    @AfterEach
    void close() {
        cli.close();
    }

    /** @param typed the words after {@code flynn}; the last one is being typed */
    private List<String> offered(String... typed) throws IOException {
        Path script = Files.writeString(
                directory.resolve("completion.sh"),
                cli.run("completion", "bash").out());
        String ask = "source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _flynn;"
                + " printf '%s\\n' \"${COMPREPLY[@]}\"";
        List<String> command =
                new ArrayList<>(List.of("bash", "--norc", "-c", ask, "bash", script.toString(), program.toString()));
        command.addAll(List.of(typed));
        Process bash = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return output.isBlank() ? List.of() : output.lines().toList();
    }

    @Test
    void commandsAreOfferedThatAreThere() throws IOException {
        assertThat(offered("re")).containsExactly("release", "remote", "resource", "restart");
    }

    @Test
    void subCommandsAndOptionsAreThoseOfTheCommand() throws IOException {
        assertThat(offered("release", "ro")).containsExactly("rollback");
        assertThat(offered("release", "update", "--")).containsExactly("--clean", "--json");
        assertThat(offered("route", "add", "")).containsExactly("http", "tcp");
        assertThat(offered("-a", "ledger", "route", "add", "http", "--tls-c")).containsExactly("--tls-cert");
        assertThat(offered("ps", "--a")).containsExactly("--all");
        assertThat(offered("help", "dele")).containsExactly("delete");
    }

    @Test
    void appsAreOfferedOfTheClusterThatIsChosen() throws IOException {
        assertThat(offered("-a", "le")).containsExactly("ledger", "leads");
        assertThat(offered("-c", "prod", "-a", "")).containsExactly("of-prod");
        assertThat(offered("-c", "")).containsExactly("prod");
    }

    @Test
    void nothingIsOfferedOfWhatIsNotAvailable() throws IOException {
        assertThat(offered("mong")).isEmpty();
        assertThat(cli.run("completion", "tcsh"))
                .isEqualTo(new Cli.Result(1, "", "there is no completion for tcsh, only for bash, fish, zsh\n"));
    }
}
