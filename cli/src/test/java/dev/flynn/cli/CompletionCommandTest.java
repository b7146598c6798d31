package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

    /** Types each line into an interactive zsh, then a tab; what the lines became is read by a key of its own. */
    private static final String TYPE_INTO_ZSH = """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "PS1=; PATH=$1:\\$PATH; autoload -Uz compinit; compinit -D; source $2"
            zpty -w shell 'show() { print -r -- "BUFFER<$BUFFER>"; BUFFER=; zle .accept-line }'
            zpty -w shell 'zle -N show; bindkey "^X" show; print READY'
            zpty -r shell seen $'*\\nREADY*'
            shift 2
            for line; do
              zpty -w -n shell "$line"$'\\t\\x18'
              zpty -r shell seen '*BUFFER<*>*'
              print -r -- "${${seen##*BUFFER<}%%>*}"
            done
            """;

    @Test
    @Timeout(30)
    void aRealZshCompletesWhatIsTyped() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/zsh")), "zsh is not installed");
        Path script = Files.writeString(
                directory.resolve("completion.zsh"),
                cli.run("completion", "zsh").out());
        Path typing = Files.writeString(directory.resolve("typing.zsh"), TYPE_INTO_ZSH);

        assertThat(linesOf(
                        "zsh",
                        "-f",
                        typing.toString(),
                        directory.toString(),
                        script.toString(),
                        "flynn release ro",
                        "flynn -a led",
                        "flynn -c prod -a o",
                        "flynn ps --al",
                        "flynn route add h"))
                .extracting(String::strip)
                .containsExactly(
                        "flynn release rollback",
                        "flynn -a ledger",
                        "flynn -c prod -a of-prod",
                        "flynn ps --all",
                        "flynn route add http");
    }

    @Test
    @Timeout(30)
    void aRealFishOffersWhatMayFollow() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/fish")), "fish is not installed");
        Path script = Files.writeString(
                directory.resolve("completion.fish"),
                cli.run("completion", "fish").out());
        String ask =
                "set PATH %s $PATH; source %s; for line in $argv; complete -C $line; end".formatted(directory, script);

        assertThat(linesOf(
                        "fish",
                        "--no-config",
                        "-c",
                        ask,
                        "flynn release ro",
                        "flynn -a le",
                        "flynn -c prod -a ",
                        "flynn ps --al",
                        "flynn route add "))
                .containsExactlyInAnyOrder("rollback", "leads", "ledger", "of-prod", "--all", "http", "tcp");
    }

    private static List<String> linesOf(String... command) throws IOException {
        Process shell = new ProcessBuilder(command).redirectErrorStream(true).start();
        shell.getOutputStream().close();
        try (var output = shell.getInputStream()) {
            return new String(output.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        } finally {
            shell.destroyForcibly();
        }
    }

    @Test
    void nothingIsOfferedOfWhatIsNotAvailable() throws IOException {
        assertThat(offered("mong")).isEmpty();
        assertThat(cli.run("completion", "tcsh"))
                .isEqualTo(new Cli.Result(1, "", "there is no completion for tcsh, only for bash, fish, zsh\n"));
    }
}
