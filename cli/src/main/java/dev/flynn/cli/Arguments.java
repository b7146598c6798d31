package dev.flynn.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the user gave a command.
 *
 * @param form the sub-command, empty for the command itself
 * @param options by name; a flag has an empty value
 * @param values the arguments that are no options
 */
record Arguments(String form, Map<String, String> options, List<String> values) {

    boolean has(String option) {
        return options.containsKey(option);
    }

    Optional<String> option(String name) {
        return Optional.ofNullable(options.get(name));
    }

    String value(int index) {
        return values.get(index);
    }

    Optional<String> optionalValue(int index) {
        return index < values.size() ? Optional.of(values.get(index)) : Optional.empty();
    }
}
