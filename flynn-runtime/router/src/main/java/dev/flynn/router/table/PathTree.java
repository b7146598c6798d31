package dev.flynn.router.table;

import dev.flynn.router.message.Ascii;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The routes of one domain by path, matched by whole segments; empty segments do not count. */
final class PathTree<T> {

    private final Map<String, PathTree<T>> children = new HashMap<>();
    private @Nullable T value;

    /** Adds a value; the first one under a path stays. */
    void add(String path, T added) {
        PathTree<T> node = this;
        for (String segment : path.split("/")) {
            if (!segment.isEmpty()) {
                node = node.children.computeIfAbsent(segment, unused -> new PathTree<>());
            }
        }
        if (node.value == null) {
            node.value = added;
        }
    }

    /** What was added under {@code /}. */
    @Nullable
    T root() {
        return value;
    }

    /** The value of the deepest path that is a prefix of the one in the range, which a query may follow. */
    @Nullable
    T find(byte[] bytes, int start, int end) {
        PathTree<T> node = this;
        T deepest = value;
        int at = start;
        while (at < end && !node.children.isEmpty()) {
            int segmentStart = at;
            while (at < end && bytes[at] != '/' && bytes[at] != '?') {
                at++;
            }
            if (at > segmentStart) {
                node = node.children.get(decode(Ascii.string(bytes, segmentStart, at)));
                if (node == null) {
                    return deepest;
                }
                deepest = node.value == null ? deepest : node.value;
            }
            if (at < end && bytes[at] == '?') {
                return deepest;
            }
            at++;
        }
        return deepest;
    }

    private static String decode(String segment) {
        if (segment.indexOf('%') < 0) {
            return segment;
        }
        try {
            return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException notEncoded) {
            return segment;
        }
    }
}
