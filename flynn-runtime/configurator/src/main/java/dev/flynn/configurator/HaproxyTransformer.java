package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/**
 * The language of HAProxy.
 *
 * <p>The keys of the document are sections; {@code userlist}, {@code listen}, {@code frontend} and {@code backend} have an
 * object of names and sections. A key is a keyword. An array is its arguments, an array of arrays as many lines; {@code true} and
 * {@code null} are the keyword alone, {@code false} is no line at all, and an object extends the keyword: {@code "timeout":
 * {"client": "1m"}}.
 */
final class HaproxyTransformer implements Transformer {

    private static final Set<String> SECTIONS = Set.of("global", "defaults");
    private static final Set<String> NAMED_SECTIONS = Set.of("userlist", "listen", "frontend", "backend");

    @Override
    public String transform(JsonNode document) {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, JsonNode> entry : document.properties()) {
            String name = entry.getKey();
            if (NAMED_SECTIONS.contains(name)) {
                object(name, entry.getValue())
                        .properties()
                        .forEach(section -> section(name, name + " " + section.getKey(), section.getValue(), text));
            } else if (SECTIONS.contains(name)) {
                section(name, name, entry.getValue(), text);
            } else {
                throw Refusal.invalid("haproxy: there is no section \"%s\"; there are %s and, with names, %s"
                        .formatted(
                                name,
                                SECTIONS.stream().sorted().toList(),
                                NAMED_SECTIONS.stream().sorted().toList()));
            }
        }
        return text.toString();
    }

    private static void section(String kind, String head, JsonNode body, StringBuilder text) {
        text.append(text.length() == 0 ? "" : "\n").append(head).append('\n');
        object(head, body).properties().forEach(entry -> {
            if (!HaproxyKeywords.isKnown(entry.getKey())) {
                throw Refusal.invalid("haproxy: there is no keyword \"%s\" (in %s)".formatted(entry.getKey(), head));
            }
            keyword(entry.getKey(), entry.getValue(), text);
        });
    }

    private static void keyword(String keyword, JsonNode value, StringBuilder text) {
        if (value.isObject()) {
            value.properties().forEach(entry -> keyword(keyword + " " + entry.getKey(), entry.getValue(), text));
        } else if (value.isArray() && !value.isEmpty() && value.get(0).isArray()) {
            value.forEach(line -> keyword(keyword, line, text));
        } else if (!value.isBoolean() || value.booleanValue()) {
            String arguments = arguments(value);
            text.append("    ")
                    .append(keyword)
                    .append(arguments.isEmpty() ? "" : " " + arguments)
                    .append('\n');
        }
    }

    private static String arguments(JsonNode value) {
        StringJoiner arguments = new StringJoiner(" ");
        if (value.isArray()) {
            value.forEach(each -> arguments.add(argument(each)));
        } else if (!value.isNull() && !value.isBoolean()) {
            arguments.add(argument(value));
        }
        return arguments.toString();
    }

    private static String argument(JsonNode value) {
        String text = value.asText();
        if (value.isContainerNode() || text.contains("\n")) {
            throw Refusal.invalid("haproxy: an argument must be a scalar in one line, was " + value);
        }
        return text;
    }

    private static JsonNode object(String what, JsonNode value) {
        if (!value.isObject()) {
            throw Refusal.invalid("haproxy: \"%s\" must be an object, was %s".formatted(what, value));
        }
        return value;
    }
}
