package dev.flynn.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the user gave a command.
 *
 * @param form the sub-command, empty for the command itself
 * @param options by name, with what was given each time; a flag has an empty value
 * @param values the arguments that are no options
 */
record Arguments(String form, Map<String, List<String>> options, List<String> values) {

    boolean has(String option) {
        return options.containsKey(option);
    }

    /** What was given last. */
    Optional<String> option(String name) {
        List<String> given = all(name);
        return given.isEmpty() ? Optional.empty() : Optional.of(given.get(given.size() - 1));
    }

    /** What was given, in order, for options that may stand more than once. */
    List<String> all(String name) {
        return options.getOrDefault(name, List.of());
    }

    String value(int index) {
        return values.get(index);
    }

    Optional<String> optionalValue(int index) {
        return index < values.size() ? Optional.of(values.get(index)) : Optional.empty();
    }
}
