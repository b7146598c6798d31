package dev.flynn.cli;

import java.util.List;
import java.util.Set;

/**
 * One usage line of a command: the words that choose it, and what may stand besides them.
 *
 * @param words the sub-command, none for the command itself
 * @param least the fewest arguments after the words
 * @param most the most arguments after the words
 * @param options names of the options that belong to this form
 */
record Form(List<String> words, int least, int most, Set<String> options) {

    private static final int ANY = Integer.MAX_VALUE;

    /** @param words the sub-command's words, separated by spaces; empty for the command itself */
    static Form of(String words, int least, int most, String... options) {
        return new Form(words.isEmpty() ? List.of() : List.of(words.split(" ", -1)), least, most, Set.of(options));
    }

    static Form atLeast(String words, int least, String... options) {
        return of(words, least, ANY, options);
    }

    String name() {
        return String.join(" ", words);
    }

    boolean fits(List<String> positionals, Set<String> given) {
        int arguments = positionals.size() - words.size();
        return arguments >= least
                && arguments <= most
                && positionals.subList(0, words.size()).equals(words)
                && options.containsAll(given);
    }
}
