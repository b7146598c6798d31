package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class SyntaxTest {

    private static Arguments parse(Command command, String... args) throws UsageException {
        return command.syntax().parse(List.of(args));
    }

    private static void assertRefused(Command command, String... args) {
        assertThatThrownBy(() -> parse(command, args)).isInstanceOf(UsageException.class);
    }

    @Test
    void longOptionsMayBeCutToAUniquePrefix() throws UsageException {
        assertThat(parse(new LogCommand(), "--proc", "web").option("process-type"))
                .contains("web");
        assertThat(parse(new LogCommand(), "--proc=web").option("process-type")).contains("web");
        assertRefused(new RouteCommand(), "update", "http/x", "--tls", "x");
    }

    @Test
    void aFullNameIsNotAmbiguous() throws UsageException {
        assertThat(parse(new RouteCommand(), "update", "http/x", "--sticky").has("sticky"))
                .isTrue();
    }

    @Test
    void shortOptionsMayBeBundledWithTheirValueAttached() throws UsageException {
        Arguments arguments = parse(new LogCommand(), "-frn5");

        assertThat(arguments.has("follow")).isTrue();
        assertThat(arguments.has("raw-output")).isTrue();
        assertThat(arguments.option("number")).contains("5");
    }

    @Test
    void optionsMayStandAnywhereAfterTheCommand() throws UsageException {
        Arguments arguments = parse(new EnvCommand(), "-t", "web", "set", "A=b", "C=d");

        assertThat(arguments.form()).isEqualTo("set");
        assertThat(arguments.option("process-type")).contains("web");
        assertThat(arguments.values()).containsExactly("A=b", "C=d");
        assertThat(parse(new EnvCommand(), "set", "A=b", "-t", "web").option("process-type"))
                .contains("web");
    }

    @Test
    void twoDashesEndOptions() throws UsageException {
        assertThat(parse(new EnvCommand(), "unset", "--", "-t").values()).containsExactly("-t");
    }

    @Test
    void runLeavesTheCommandsOwnOptionsAlone() throws UsageException {
        assertThat(parse(new RunCommand(), "-l", "ls", "-l", "--", "x").values())
                .containsExactly("ls", "-l", "--", "x");
        assertThat(parse(new RunCommand(), "--", "-x").values()).containsExactly("-x");
    }

    @Test
    void anEmptyValueIsAValue() throws UsageException {
        assertThat(parse(new LogCommand(), "-t", "").option("process-type")).contains("");
        assertThat(parse(new CreateCommand(), "--remote=", "x").option("remote"))
                .contains("");
    }

    @Test
    void argumentsThatFitNoFormAreRefused() {
        assertRefused(new AppsCommand(), "x");
        assertRefused(new KillCommand());
        assertRefused(new EnvCommand(), "set");
        assertRefused(new LogCommand(), "--bogus");
        assertRefused(new LogCommand(), "-n");
        assertRefused(new LogCommand(), "--follow=yes");
        assertRefused(new RouteCommand(), "add", "http");
        assertRefused(new RouteCommand(), "remove", "http/x", "--sticky");
    }
}
