package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every command, so that none is forgotten. */
class CommandTreeTest {

    /** Forms without {@code --json}, and why. */
    private static final Map<String, String> WITHOUT_JSON = Map.of(
            "completion", "prints a program for a shell",
            "git-credentials", "is asked by git, in git's own form",
            "update", "does nothing but say so");

    static Stream<String> available() {
        return Stream.concat(Commands.available().stream(), Stream.of("git-credentials", "update"));
    }

    private static String path(String command, Form form) {
        return form.words().isEmpty() ? command : command + " " + form.name();
    }

    @ParameterizedTest
    @MethodSource("available")
    void everyFormHasJsonOrAReasonWhyNot(String command) {
        List<String> without = new ArrayList<>();
        for (Form form : Commands.find(command).orElseThrow().syntax().forms()) {
            if (!form.options().contains("json")) {
                without.add(path(command, form));
            }
        }

        List<String> excused =
                WITHOUT_JSON.keySet().stream().filter(command::equals).toList();
        assertThat(without).isEqualTo(excused);
    }

    @ParameterizedTest
    @MethodSource("available")
    void theHelpTellsOfEveryFormAndOption(String command) {
        String help = HelpTexts.of(command);
        var untold = new TreeSet<String>();
        for (Form form : Commands.find(command).orElseThrow().syntax().forms()) {
            boolean told = help.contains("flynn " + path(command, form))
                    || help.contains("flynn %s [%s]".formatted(command, form.name()));
            if (!told) {
                untold.add(path(command, form));
            }
            form.options().stream()
                    .filter(option -> !help.contains("--" + option) && !isTheOppositeOfAnotherInTheHelp(option, help))
                    .filter(option -> !HIDDEN.contains(option))
                    .forEach(option -> untold.add(path(command, form) + " --" + option));
        }

        assertThat(untold).isEmpty();
    }

    /** Still taken, as programs of 2015 give it, and without effect. */
    private static final List<String> HIDDEN = List.of("git-host");

    private static boolean isTheOppositeOfAnotherInTheHelp(String option, String help) {
        return option.startsWith("no-") && help.contains("--" + option.substring("no-".length()));
    }

    @ParameterizedTest
    @MethodSource("available")
    void theHelpHasAnExample(String command) {
        assertThat(HelpTexts.of(command)).contains("\nExamples:\n");
    }

    @ParameterizedTest
    @MethodSource("available")
    void theFirstLineOfTheHelpIsASentence(String command) {
        assertThat(HelpTexts.summaryOf(command)).endsWith(".");
    }
}
