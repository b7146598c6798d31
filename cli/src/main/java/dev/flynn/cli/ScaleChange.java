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
 * @param result the whole formation as it will be, types that do not change included
 * @param changesTags whether other hosts may run a type than before
 */
record ScaleChange(
        Map<String, Integer> before, Map<String, Integer> after, ScaleChange.Counts result, boolean changesTags) {

    /**
     * Counts, and tags that hosts must have.
     *
     * @param tags by process type; a type that is not there has none, or keeps those that it has
     */
    record Counts(Map<String, Integer> processes, Map<String, Map<String, String>> tags) {}

    /** Reads words of the form {@code web=3}, {@code db=3,disk=ssd,active}, and {@code db=3,} which wants no tags any more. */
    static Counts parse(List<String> words) {
        Map<String, Integer> counts = new TreeMap<>();
        Map<String, Map<String, String>> tags = new TreeMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            if (equals < 0) {
                throw new CliException("ERROR: scale args must be of the form <typ>=<qty>");
            }
            String type = word.substring(0, equals);
            String[] values = word.substring(equals + 1).split(",", -1);
            counts.put(type, count(word, values[0]));
            if (values.length > 1) {
                tags.put(type, tags(List.of(values).subList(1, values.length)));
            }
        }
        return new Counts(counts, tags);
    }

    private static Map<String, String> tags(List<String> values) {
        Map<String, String> tags = new TreeMap<>();
        for (String value : values) {
            int equals = value.indexOf('=');
            if (equals > 0) {
                tags.put(value.substring(0, equals), value.substring(equals + 1));
            } else if (!value.isEmpty()) {
                tags.put(value, "true");
            }
        }
        return tags;
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
    static ScaleChange between(Counts current, Counts wanted, Set<String> types) {
        String unknown = wanted.processes().keySet().stream()
                .filter(type -> !types.contains(type))
                .sorted()
                .map(type -> '"' + type + '"')
                .collect(Collectors.joining(", "));
        if (!unknown.isEmpty()) {
            throw new CliException("ERROR: unknown process types: " + unknown);
        }
        Map<String, Integer> before = new TreeMap<>();
        Map<String, Integer> after = new TreeMap<>();
        wanted.processes().forEach((type, count) -> {
            int known = current.processes().getOrDefault(type, 0);
            if (known != count) {
                before.put(type, known);
                after.put(type, count);
            }
        });
        Map<String, Integer> counts = new TreeMap<>(current.processes());
        counts.putAll(wanted.processes());
        Map<String, Map<String, String>> tags = new TreeMap<>(current.tags());
        tags.putAll(wanted.tags());
        tags.values().removeIf(Map::isEmpty);
        return new ScaleChange(before, after, new Counts(counts, tags), !tags.equals(current.tags()));
    }

    boolean isEmpty() {
        return after.isEmpty() && !changesTags;
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
