package dev.flynn.configurator;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A place in a document: keys of objects and indexes of arrays; none is the root.
 *
 * <p>Written with slashes between them. A slash in a key is written {@code %2F}.
 */
record ConfigPath(List<String> steps) {

    ConfigPath {
        steps = List.copyOf(steps);
    }

    /** @param text as it stands in a URL; slashes at its ends do not count */
    static ConfigPath parse(String text) {
        return new ConfigPath(Arrays.stream(text.split("/"))
                .filter(step -> !step.isEmpty())
                .map(ConfigPath::decode)
                .toList());
    }

    private static String decode(String step) {
        try {
            return URLDecoder.decode(step.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw Refusal.invalid("\"%s\" is no part of a URL's path (%s)".formatted(step, e.getMessage()));
        }
    }

    boolean isRoot() {
        return steps.isEmpty();
    }

    ConfigPath parent() {
        return new ConfigPath(steps.subList(0, steps.size() - 1));
    }

    String last() {
        return steps.get(steps.size() - 1);
    }

    /** A step as an index of an array. */
    static Optional<Integer> index(String step) {
        return step.matches("0|[1-9]\\d{0,8}") ? Optional.of(Integer.parseInt(step)) : Optional.empty();
    }

    @Override
    public String toString() {
        return "/" + String.join("/", steps);
    }
}
