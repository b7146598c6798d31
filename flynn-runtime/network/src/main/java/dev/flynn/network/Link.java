package dev.flynn.network;

import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A line of {@code ip -o link show}. */
record Link(String name, String attributes) {

    private static final Pattern LINE = Pattern.compile("^\\d+: ([^:@\\s]+)(?:@\\S+)?: (.*)$", Pattern.MULTILINE);

    static Map<String, Link> byName(String output) {
        Map<String, Link> links = new HashMap<>();
        Matcher matcher = LINE.matcher(output);
        while (matcher.find()) {
            links.put(matcher.group(1), new Link(matcher.group(1), matcher.group(2)));
        }
        return links;
    }

    boolean isPortOf(String bridge) {
        return (" " + attributes + " ").contains(" master " + bridge + " ");
    }
}
