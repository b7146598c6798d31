package dev.flynn.tck.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Objects;
import java.util.regex.Pattern;

/** What has to hold of what was answered. */
final class Expect {

    private static final Pattern UUID =
            Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{0,8}[1-9])?Z");
    private static final Pattern ANY_TIME = Pattern.compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z");

    private Expect() {}

    static void that(boolean holds, String message, Object... args) {
        if (!holds) {
            throw new ContractBroken(message.formatted(args));
        }
    }

    static void same(String what, Object expected, Object actual) {
        that(Objects.equals(expected, actual), "%s: expected %s, was %s", what, quoted(expected), quoted(actual));
    }

    /** With its newlines and tabs to be seen. */
    private static String quoted(Object value) {
        return value instanceof String text ? Json.write(text) : String.valueOf(value);
    }

    /** The value of a key that is text. */
    static String text(JsonNode object, String key) {
        JsonNode value = object.path(key);
        that(value.isTextual(), "\"%s\" has to be a string, was %s", key, shown(value));
        return value.textValue();
    }

    static void text(JsonNode object, String key, String expected) {
        same("\"" + key + "\"", expected, text(object, key));
    }

    static void value(JsonNode object, String key, Object expected) {
        JsonNode value = object.path(key);
        that(equal(value, Json.tree(expected)), "\"%s\": expected %s, was %s", key, Json.tree(expected), shown(value));
    }

    /** What was told before of these keys is told again; what was not is for another check to miss. */
    static void alike(JsonNode object, JsonNode before, String... keys) {
        for (String key : keys) {
            if (before.has(key)) {
                value(object, key, before.path(key));
            }
        }
    }

    private static boolean equal(JsonNode one, JsonNode other) {
        return one.equals(
                (a, b) -> a.isNumber() && b.isNumber()
                        ? a.decimalValue().compareTo(b.decimalValue())
                        : a.equals(b) ? 0 : 1,
                other);
    }

    /** A UUID of version 4, lower case, with dashes. */
    static String uuid(JsonNode object, String key) {
        String value = text(object, key);
        that(
                UUID.matcher(value).matches(),
                "\"%s\" has to be a UUID of version 4, lower case, dashed, was \"%s\"",
                key,
                value);
        return value;
    }

    /** A time in UTC with {@code Z}, without trailing zeros of its fraction. */
    static String time(JsonNode object, String key) {
        String value = text(object, key);
        that(
                ANY_TIME.matcher(value).matches(),
                "\"%s\" has to be a time as in RFC 3339, in UTC with Z, was \"%s\"",
                key,
                value);
        that(
                TIME.matcher(value).matches(),
                "\"%s\" has to be without the trailing zeros of its fraction, was \"%s\"",
                key,
                value);
        return value;
    }

    /** These keys are left out, because they have no value. */
    static void absent(JsonNode object, String... keys) {
        for (String key : keys) {
            that(!object.has(key), "\"%s\" has to be left out, was %s", key, shown(object.path(key)));
        }
    }

    static void object(JsonNode node) {
        that(node.isObject(), "expected an object, was %s", shown(node));
    }

    static void list(JsonNode node) {
        that(node.isArray(), "expected a list, was %s", shown(node));
    }

    static void emptyObject(JsonNode object, String key) {
        JsonNode value = object.path(key);
        that(value.isObject() && value.isEmpty(), "\"%s\" has to be {}, was %s", key, shown(value));
    }

    static String shown(JsonNode node) {
        return node.isMissingNode() ? "absent" : node.toString();
    }
}
