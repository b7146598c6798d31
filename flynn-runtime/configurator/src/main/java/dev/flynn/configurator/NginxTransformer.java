package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;

/**
 * The language of nginx (and of its like).
 *
 * <p>An object is a context, a key a directive. An array of scalars is the words of one directive, an array of objects as many
 * contexts; an array of pairs is an object that keeps its order and may name a directive twice. {@code true} and {@code false}
 * are {@code on} and {@code off}, {@code null} is no word at all. {@code location}, {@code upstream} and {@code map} have an
 * object of names and contexts; {@code listen}, and {@code server} within {@code upstream}, one of words and
 * their parameters.
 */
final class NginxTransformer implements Transformer {

    private static final Set<String> NAMED = Set.of("location", "upstream", "map");
    private static final String INDENT = "    ";

    @Override
    public String transform(JsonNode document) {
        StringBuilder text = new StringBuilder();
        context(document, "", "", text);
        return text.toString();
    }

    private void context(JsonNode body, String within, String indent, StringBuilder text) {
        if (body.isObject()) {
            body.properties().forEach(entry -> directive(entry.getKey(), entry.getValue(), within, indent, text));
        } else if (isPairs(body)) {
            body.forEach(pair -> directive(pair.get(0).textValue(), pair.get(1), within, indent, text));
        } else {
            throw Refusal.invalid("nginx: a context must be an object or an array of pairs, was " + body);
        }
    }

    private void directive(String name, JsonNode value, String within, String indent, StringBuilder text) {
        if (hasParameters(name, within) && value.isObject()) {
            value.properties()
                    .forEach(entry -> line(name + " " + entry.getKey() + parameters(entry.getValue()), indent, text));
        } else if (NAMED.contains(name) && value.isObject()) {
            value.properties()
                    .forEach(entry -> block(name + " " + entry.getKey(), name, entry.getValue(), indent, text));
        } else if (value.isObject() || isPairs(value)) {
            block(name, name, value, indent, text);
        } else if (value.isArray() && !value.isEmpty() && value.get(0).isContainerNode()) {
            value.forEach(each -> directive(name, each, within, indent, text));
        } else if (hasParameters(name, within) && value.isArray()) {
            value.forEach(each -> line(name + " " + word(each), indent, text));
        } else {
            String words = words(value);
            line(words.isEmpty() ? name : name + " " + words, indent, text);
        }
    }

    private void block(String head, String name, JsonNode body, String indent, StringBuilder text) {
        text.append(indent).append(head).append(" {\n");
        context(body, name, indent + INDENT, text);
        text.append(indent).append("}\n");
    }

    private static void line(String line, String indent, StringBuilder text) {
        text.append(indent).append(line).append(";\n");
    }

    /** A {@code server} is a context, but a line of those that are members of an {@code upstream}. */
    private static boolean hasParameters(String name, String within) {
        return name.equals("listen") || name.equals("server") && within.equals("upstream");
    }

    /** {@code k=v}, or {@code k} alone if there is no more to say; {@code false} is not said. */
    private static String parameters(JsonNode parameters) {
        if (parameters.isNull() || parameters.isBoolean()) {
            return "";
        }
        if (!parameters.isObject()) {
            String words = words(parameters);
            return words.isEmpty() ? "" : " " + words;
        }
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, JsonNode> parameter : parameters.properties()) {
            JsonNode value = parameter.getValue();
            if (value.isNull() || value.isBoolean() && value.booleanValue()) {
                text.append(' ').append(parameter.getKey());
            } else if (!value.isBoolean()) {
                text.append(' ').append(parameter.getKey()).append('=').append(word(value));
            }
        }
        return text.toString();
    }

    private static String words(JsonNode value) {
        if (!value.isArray()) {
            return word(value);
        }
        StringJoiner words = new StringJoiner(" ");
        value.forEach(each -> words.add(word(each)));
        return words.toString();
    }

    private static String word(JsonNode value) {
        if (value.isContainerNode()) {
            throw Refusal.invalid("nginx: a word must be a text, a number, true, false or null, was " + value);
        }
        return value.isNull() ? "" : value.isBoolean() ? (value.booleanValue() ? "on" : "off") : value.asText();
    }

    private static boolean isPairs(JsonNode value) {
        if (!value.isArray() || value.isEmpty()) {
            return false;
        }
        for (JsonNode pair : value) {
            if (!pair.isArray() || pair.size() != 2 || !pair.get(0).isTextual()) {
                return false;
            }
        }
        return true;
    }
}
