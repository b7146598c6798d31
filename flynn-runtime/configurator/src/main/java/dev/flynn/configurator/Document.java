package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/** What can be done to a document; each gives a new one, and leaves the old one as it was. */
final class Document {

    private Document() {}

    static JsonNode get(JsonNode root, ConfigPath path) {
        return find(root, path).orElseThrow(() -> Refusal.notFound(path));
    }

    /** As the API shows it: a scalar is the only element of an array. */
    static JsonNode shown(JsonNode value) {
        return value.isContainerNode()
                ? value
                : JsonNodeFactory.instance.arrayNode().add(value);
    }

    /** Replaces a value, or adds a key to an object. */
    static JsonNode put(JsonNode root, ConfigPath path, JsonNode value) {
        if (path.isRoot()) {
            return requireObject(value);
        }
        JsonNode copy = root.deepCopy();
        JsonNode parent = get(copy, path.parent());
        if (parent instanceof ObjectNode object) {
            object.set(path.last(), value);
        } else {
            array(parent, path).set(existing(parent, path), value);
        }
        return copy;
    }

    /** Merges an object into an object, its keys one by one; adds anything to the end of an array. */
    static JsonNode post(JsonNode root, ConfigPath path, JsonNode value) {
        JsonNode copy = root.deepCopy();
        JsonNode target = get(copy, path);
        if (target instanceof ArrayNode array) {
            array.add(value);
        } else if (target instanceof ObjectNode object && value instanceof ObjectNode added) {
            object.setAll(added);
        } else {
            throw Refusal.notAllowed(
                    "POST adds an object to an object, or anything to an array; \"%s\" is %s; use PUT to replace it"
                            .formatted(path, kind(target)));
        }
        return copy;
    }

    /** Removes a key of an object or an element of an array. */
    static JsonNode delete(JsonNode root, ConfigPath path) {
        if (path.isRoot()) {
            throw Refusal.notAllowed("the whole document cannot be removed; use PUT to replace it");
        }
        JsonNode copy = root.deepCopy();
        JsonNode parent = get(copy, path.parent());
        if (parent instanceof ObjectNode object) {
            if (object.remove(path.last()) == null) {
                throw Refusal.notFound(path);
            }
        } else {
            array(parent, path).remove(existing(parent, path));
        }
        return copy;
    }

    /** A document is an object. */
    static JsonNode requireObject(JsonNode value) {
        if (!value.isObject()) {
            throw Refusal.invalid("a document must be an object, was " + kind(value));
        }
        return value;
    }

    private static Optional<JsonNode> find(JsonNode root, ConfigPath path) {
        JsonNode found = root;
        for (String step : path.steps()) {
            JsonNode next = found.isArray()
                    ? ConfigPath.index(step).map(found::path).orElse(found.path(Integer.MAX_VALUE))
                    : found.path(step);
            if (next.isMissingNode()) {
                return Optional.empty();
            }
            found = next;
        }
        return Optional.of(found);
    }

    private static ArrayNode array(JsonNode parent, ConfigPath path) {
        if (parent instanceof ArrayNode array) {
            return array;
        }
        throw Refusal.notFound(path);
    }

    private static int existing(JsonNode parent, ConfigPath path) {
        return ConfigPath.index(path.last())
                .filter(index -> index < parent.size())
                .orElseThrow(() -> Refusal.notFound(path));
    }

    private static String kind(JsonNode value) {
        String name = value.getNodeType().name().toLowerCase(java.util.Locale.ROOT);
        return name.matches("[aeiou].*") ? "an " + name : "a " + name;
    }
}
