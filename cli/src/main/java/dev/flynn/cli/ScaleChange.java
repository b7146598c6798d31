package dev.flynn.cli;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What a request to scale changes.
 *
 * @param before the counts of the types that change
 * @param after the same types' new counts
 * @param result all counts of the formation, types that do not change included
 */
record ScaleChange(Map<String, Integer> before, Map<String, Integer> after, Map<String, Integer> result) {

    /** Reads words of the form {@code web=3}. */
    static Map<String, Integer> parse(List<String> words) {
        Map<String, Integer> counts = new TreeMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                throw new CliException("ERROR: scale args must be of the form <typ>=<qty>");
            }
            counts.put(word.substring(0, equals), count(word, word.substring(equals + 1)));
        }
        return counts;
    }

    private static int count(String word, String text) {
        int count;
        try {
            count = Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new CliException("ERROR: could not parse quantity in \"" + word + "\"", e);
        }
        if (count < 0) {
            throw new CliException("ERROR: process quantities cannot be negative in \"" + word + "\"");
        }
        return count;
    }

    /** @param types what the release has; other types are refused */
    static ScaleChange between(Map<String, Integer> counts, Map<String, Integer> wanted, Set<String> types) {
        String unknown = wanted.keySet().stream()
                .filter(type -> !types.contains(type))
                .sorted()
                .map(type -> '"' + type + '"')
                .collect(Collectors.joining(", "));
        if (!unknown.isEmpty()) {
            throw new CliException("ERROR: unknown process types: " + unknown);
        }
        Map<String, Integer> before = new TreeMap<>();
        Map<String, Integer> after = new TreeMap<>();
        wanted.forEach((type, count) -> {
            int current = counts.getOrDefault(type, 0);
            if (current != count) {
                before.put(type, current);
                after.put(type, count);
            }
        });
        Map<String, Integer> result = new TreeMap<>(counts);
        result.putAll(wanted);
        return new ScaleChange(before, after, result);
    }

    boolean isEmpty() {
        return after.isEmpty();
    }

    String describe() {
        return after.entrySet().stream()
                .map(entry -> "%s: %d=>%d".formatted(entry.getKey(), before.get(entry.getKey()), entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    /** How many jobs come up per type; negative: how many go down. */
    Map<String, Integer> expected() {
        Map<String, Integer> expected = new TreeMap<>();
        after.forEach((type, count) -> expected.put(type, count - before.getOrDefault(type, 0)));
        return expected;
    }
}
