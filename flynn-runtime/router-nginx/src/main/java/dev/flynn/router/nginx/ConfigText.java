package dev.flynn.router.nginx;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** A configuration as nginx reads it, in the making. */
final class ConfigText {

    /** Holds a dollar sign, for which nginx has no escape where variables are expanded. */
    static final String DOLLAR_VARIABLE = "flynn_dollar";

    private static final Set<String> WORDS_OF_MAPS = Set.of("default", "hostnames", "include", "volatile");

    private final StringBuilder text = new StringBuilder();
    private int depth;

    /** A directive of words that are quoted already, or need no quotes. */
    ConfigText line(String... words) {
        indent().append(String.join(" ", words)).append(";\n");
        return this;
    }

    ConfigText open(String... words) {
        indent().append(String.join(" ", words)).append(" {\n");
        depth++;
        return this;
    }

    ConfigText close() {
        depth--;
        indent().append("}\n");
        return this;
    }

    /**
     * A {@code map}.
     *
     * @param source expression that is looked up
     * @param variable that is set, without its dollar sign
     * @param values key to value; a key is taken as it is, a value is expanded
     * @param patterns regular expressions to value, tried in order if no key is equal
     */
    ConfigText map(
            String source,
            String variable,
            MapKind kind,
            String otherwise,
            Map<String, String> values,
            Map<String, String> patterns) {
        open("map", quoted(source), "$" + variable);
        if (!kind.word.isEmpty()) {
            line(kind.word);
        }
        line("default", quoted(otherwise));
        values.forEach((key, value) -> line(key(key), quoted(value)));
        patterns.forEach((pattern, value) -> line(quoted(pattern), quoted(value)));
        return close();
    }

    /** How a map looks up. */
    enum MapKind {
        PLAIN(""),
        /** Keys may be wildcards of host names. */
        HOSTS("hostnames"),
        /** Looked up each time that it is asked for. */
        VOLATILE("volatile");

        private final String word;

        MapKind(String word) {
            this.word = word;
        }
    }

    /** In double quotes, in which everything stands for itself but variables. */
    static String quoted(String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }

    /** As {@link #quoted}, for a text in which a dollar sign is nothing but that. */
    static String literal(String value) {
        return Arrays.stream(value.split("\\$", -1))
                .map(part -> quoted(part))
                .map(part -> part.substring(1, part.length() - 1))
                .collect(Collectors.joining("${" + DOLLAR_VARIABLE + "}", "\"", "\""));
    }

    /** A regular expression that matches this text and no other. */
    static String regexOf(String text) {
        StringBuilder regex = new StringBuilder();
        text.codePoints().forEach(c -> {
            boolean plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c > 127;
            if (!plain) {
                regex.append('\\');
            }
            regex.appendCodePoint(c);
        });
        return regex.toString();
    }

    private static String key(String key) {
        return quoted(WORDS_OF_MAPS.contains(key) ? "\\" + key : key);
    }

    private StringBuilder indent() {
        return text.append("  ".repeat(depth));
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
