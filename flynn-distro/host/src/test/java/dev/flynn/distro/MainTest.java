package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class MainTest {

    private static final String[] ALL = {
        "up",
        "init",
        "daemon",
        "bootstrap",
        "token",
        "list",
        "tags",
        "drain",
        "promote",
        "demote",
        "remove",
        "router",
        "ps",
        "inspect",
        "log",
        "run",
        "stop",
        "signal",
        "image",
        "stack",
        "volume",
        "disk",
        "collect-debug-info",
        "discovery-service",
        "configurator",
        "nginx-appliance",
        "version",
        "help"
    };

    @ParameterizedTest
    @ValueSource(strings = {"", "help", "--help", "no-such-command"})
    void all_commands_are_known_unless_one_is_named(String first) {
        CommandLine line = first.isEmpty() ? Main.commandLine() : Main.commandLine(first, "up");

        assertThat(line.getSubcommands().keySet()).containsExactly(ALL);
    }

    @Test
    void a_command_that_is_none_is_named() {
        var err = new ByteArrayOutputStream();

        int status = Main.run(new String[] {"destroy"}, new PrintStream(err, true, StandardCharsets.UTF_8));

        assertThat(status).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8))
                .isEqualTo("flynn-host: there is no command 'destroy'\nSee 'flynn-host help'.\n");
    }

    @Test
    void a_mistake_in_a_command_below_another_leads_to_its_help() {
        var err = new ByteArrayOutputStream();

        int status = Main.run(
                new String[] {"token", "create", "--uses", "x"}, new PrintStream(err, true, StandardCharsets.UTF_8));

        assertThat(status).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).endsWith("See 'flynn-host token create --help'.\n");
    }

    @Test
    void the_one_that_is_named_is_looked_at_alone() {
        assertThat(Main.commandLine("up", "--data-dir", "/tmp").getSubcommands().keySet())
                .containsExactly("up");
    }

    @Test
    void every_command_goes_by_the_name_that_it_has_itself() {
        Main.commandLine()
                .getSubcommands()
                .forEach((name, command) -> assertThat(command.getCommand()
                                .getClass()
                                .getAnnotation(Command.class)
                                .name())
                        .isEqualTo(name));
    }

    @Test
    void help_of_a_command_is_the_same_whether_it_was_looked_at_alone() {
        assertThat(out("up", "--help")).isEqualTo(out("help", "up")).contains("Usage: flynn-host up");
    }

    @Test
    void a_command_with_commands_of_its_own_keeps_them() {
        Set<String> below = Main.commandLine("token")
                .getSubcommands()
                .get("token")
                .getSubcommands()
                .keySet();

        assertThat(below).contains("create", "list", "revoke");
    }

    private static String out(String... args) {
        var text = new StringWriter();
        int status = Main.commandLine(args).setOut(new PrintWriter(text)).execute(args);
        assertThat(status).isZero();
        return text.toString();
    }
}
