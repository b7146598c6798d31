package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.StringJoiner;

/** TOML (toml.io, version 1.0) with one level of tables: objects in the document, and none in those. */
final class TomlTransformer implements Transformer {

    @Override
    public String transform(JsonNode document) {
        StringBuilder values = new StringBuilder();
        StringBuilder tables = new StringBuilder();
        for (Map.Entry<String, JsonNode> entry : document.properties()) {
            if (entry.getValue().isObject()) {
                tables.append(tables.length() == 0 && values.length() == 0 ? "" : "\n");
                tables.append('[').append(key(entry.getKey())).append("]\n");
                entry.getValue().properties().forEach(inner -> line(inner, tables));
            } else {
                line(entry, values);
            }
        }
        return values.append(tables).toString();
    }

    /** TOML has no null: such a key is left out. */
    private static void line(Map.Entry<String, JsonNode> entry, StringBuilder text) {
        if (!entry.getValue().isNull()) {
            text.append(key(entry.getKey()))
                    .append(" = ")
                    .append(value(entry.getValue()))
                    .append('\n');
        }
    }

    private static String key(String key) {
        return key.matches("[A-Za-z0-9_-]+") ? key : quoted(key);
    }

    private static String value(JsonNode value) {
        if (value.isTextual()) {
            return quoted(value.textValue());
        }
        if (value.isArray()) {
            StringJoiner elements = new StringJoiner(", ", "[", "]");
            value.forEach(element -> elements.add(value(element)));
            return elements.toString();
        }
        if (value.isObject() || value.isNull()) {
            throw Refusal.invalid("toml: there is one level of tables, and no null in arrays; cannot write " + value);
        }
        return value.toString();
    }

    /** JSON's escapes are a part of TOML's; of the control characters TOML wants DEL escaped too. */
    private static String quoted(String text) {
        return com.fasterxml.jackson.databind.node.TextNode.valueOf(text)
                .toString()
                .replace("\u007f", "\\u007F");
    }
}
