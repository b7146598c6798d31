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

/** {@code flynn completion}: prints a script, which asks this program for names of apps and clusters only. */
final class CompletionCommand implements Command {

    private static final String BASH = "bash";
    private static final List<String> GLOBAL = List.of("-a", "-c", "--help", "--version");

    @Override
    public Syntax syntax() {
        return Syntax.of(Form.of("", 1, 1));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String shell = arguments.value(0);
        if (!shell.equals(BASH)) {
            throw new CliException("there is no completion for " + shell + ", only for " + BASH);
        }
        context.console().out().print(template().replace("@CASES@", cases(words())));
        return 0;
    }

    /** What may follow, by the words before it: sub-commands and options. */
    static SortedMap<String, SortedSet<String>> words() {
        SortedMap<String, SortedSet<String>> words = new TreeMap<>();
        SortedSet<String> commands = new TreeSet<>();
        for (String name : Commands.LISTED) {
            Command command = Commands.find(name).orElseThrow();
            if (!(command instanceof AbsentCommand)) {
                commands.add(name);
                command.syntax().forms().forEach(form -> add(words, name, form));
            }
        }
        words.put("help", commands);
        words.put("completion", new TreeSet<>(List.of(BASH)));
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

    private static String cases(SortedMap<String, SortedSet<String>> words) {
        var cases = new StringBuilder();
        words.forEach((path, following) -> cases.append(cases.isEmpty() ? "" : "\n")
                .append("    '%s') echo '%s' ;;".formatted(path, String.join(" ", following))));
        return cases.toString();
    }

    private static String template() {
        try (InputStream script = CompletionCommand.class.getResourceAsStream("completion/bash.sh")) {
            if (script == null) {
                throw new IllegalStateException("the completion script is not in the jar");
            }
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
