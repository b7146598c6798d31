package dev.flynn.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** {@code flynn completion}: prints a script for a shell, which asks this program for names of apps and clusters only. */
final class CompletionCommand implements Command {

    private static final String BASH = "bash";
    private static final String FISH = "fish";
    private static final List<String> SHELLS = List.of(BASH, FISH, "zsh");
    private static final List<String> GLOBAL = List.of("-a", "-c", "--help", "--version");

    @Override
    public Syntax syntax() {
        return Syntax.of(Form.of("", 1, 1));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String shell = arguments.value(0);
        if (!SHELLS.contains(shell)) {
            throw new CliException(
                    "there is no completion for %s, only for %s".formatted(shell, String.join(", ", SHELLS)));
        }
        String format = shell.equals(FISH) ? "    case '%s'\n      echo '%s'" : "    '%s') echo '%s' ;;";
        context.console().out().print(template(shell).replace("@CASES@", cases(words(), format)));
        return 0;
    }

    /** What may follow, by the words before it: sub-commands and options. */
    static SortedMap<String, SortedSet<String>> words() {
        SortedMap<String, SortedSet<String>> words = new TreeMap<>();
        SortedSet<String> commands = new TreeSet<>(Commands.available());
        for (String name : commands) {
            Commands.find(name).orElseThrow().syntax().forms().forEach(form -> add(words, name, form));
        }
        words.put("help", commands);
        words.put("completion", new TreeSet<>(SHELLS));
        SortedSet<String> first = new TreeSet<>(commands);
        first.addAll(GLOBAL);
        words.put("", first);
        return words;
    }

    private static void add(SortedMap<String, SortedSet<String>> words, String command, Form form) {
        String path = command;
        for (String word : form.words()) {
            words.computeIfAbsent(path, before -> new TreeSet<>()).add(word);
            path += " " + word;
        }
        SortedSet<String> last = words.computeIfAbsent(path, before -> new TreeSet<>());
        form.options().forEach(option -> last.add("--" + option));
    }

    /** @param format of one of them: the words before, the words after */
    private static String cases(SortedMap<String, SortedSet<String>> words, String format) {
        var cases = new StringBuilder();
        words.forEach((path, following) ->
                cases.append(cases.isEmpty() ? "" : "\n").append(format.formatted(path, String.join(" ", following))));
        return cases.toString();
    }

    private static String template(String shell) {
        try (InputStream script = CompletionCommand.class.getResourceAsStream("completion/" + shell + ".sh")) {
            if (script == null) {
                throw new IllegalStateException("the completion script is not in the jar");
            }
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
