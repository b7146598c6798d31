package dev.flynn.controller.http;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/** How lists stand in query parameters. */
final class Texts {

    private Texts() {}

    /** What commas part; empty parts do not count. */
    static Set<String> list(String text) {
        return Arrays.stream(text.split(","))
                .map(String::trim)
                .filter(part -> !part.isEmpty())
                .collect(Collectors.toSet());
    }
}
