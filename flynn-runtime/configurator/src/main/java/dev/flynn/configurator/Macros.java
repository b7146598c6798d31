package dev.flynn.configurator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Replaces the macros of a document: objects with a key such as {@code $value} or {@code $for}.
 *
 * <p>One that comes to nothing, such as an {@code $if} without an {@code else}, goes, with the key that it belongs to.
 */
final class Macros {

    private static final int MAX_DEPTH = 100;
    private static final int MAX_NODES = 1_000_000;
    private static final String DEFAULT = "default";

    private static final Map<String, Set<String>> MACROS = Map.ofEntries(
            Map.entry("$value", Set.of(DEFAULT)),
            Map.entry("$file", Set.of(DEFAULT)),
            Map.entry("$keys", Set.of(DEFAULT)),
            Map.entry("$environ", Set.of(DEFAULT)),
            Map.entry("$for", Set.of("in", "loop", "else")),
            Map.entry("$if", Set.of("then", "else")),
            Map.entry("$eq", Set.of()),
            Map.entry("$ne", Set.of()),
            Map.entry("$service", Set.of(DEFAULT)),
            Map.entry("$services", Set.of(DEFAULT)),
            Map.entry("$ref", Set.of(DEFAULT)),
            Map.entry("$set", Set.of("in")));

    private final MacroSource source;
    private int nodes;

    private Macros(MacroSource source) {
        this.source = source;
    }

    /** @throws Refusal naming the macro that is wrong, or that has no value and no default */
    static JsonNode expand(JsonNode document, MacroSource source) {
        return new Macros(source).expand(document, Map.of(), 0);
    }

    private JsonNode expand(JsonNode node, Map<String, JsonNode> variables, int depth) {
        if (depth > MAX_DEPTH || ++nodes > MAX_NODES) {
            throw Refusal.invalid(
                    "the document is too large when its macros are replaced: at most %d levels and %d values"
                            .formatted(MAX_DEPTH, MAX_NODES));
        }
        if (node instanceof ArrayNode array) {
            ArrayNode expanded = JsonNodeFactory.instance.arrayNode();
            array.forEach(element -> add(expanded, expand(element, variables, depth + 1)));
            return expanded;
        }
        if (node instanceof ObjectNode object) {
            Optional<String> macro = macroOf(object);
            if (macro.isPresent()) {
                return macro(macro.get(), object, variables, depth + 1);
            }
            ObjectNode expanded = JsonNodeFactory.instance.objectNode();
            object.properties().forEach(entry -> {
                JsonNode value = expand(entry.getValue(), variables, depth + 1);
                if (!value.isMissingNode()) {
                    expanded.set(entry.getKey(), value);
                }
            });
            return expanded;
        }
        return node;
    }

    private static void add(ArrayNode array, JsonNode value) {
        if (!value.isMissingNode()) {
            array.add(value);
        }
    }

    private static Optional<String> macroOf(ObjectNode object) {
        for (Iterator<String> names = object.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (MACROS.containsKey(name)) {
                requireKnownKeys(name, object);
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    private static void requireKnownKeys(String macro, ObjectNode object) {
        object.fieldNames().forEachRemaining(key -> {
            if (!key.equals(macro) && !MACROS.getOrDefault(macro, Set.of()).contains(key)) {
                throw Refusal.invalid("\"%s\" has no \"%s\"; it has %s"
                        .formatted(
                                macro,
                                key,
                                MACROS.getOrDefault(macro, Set.of()).stream()
                                        .sorted()
                                        .toList()));
            }
        });
    }

    private JsonNode macro(String name, ObjectNode macro, Map<String, JsonNode> variables, int depth) {
        Function<String, JsonNode> part = key -> expand(macro.path(key), variables, depth);
        return switch (name) {
            case "$value" -> {
                String path = text(name, part.apply(name));
                yield orDefault(name, path, source.value(path).map(TextNode::valueOf), part);
            }
            case "$file" -> {
                String path = text(name, part.apply(name));
                Optional<String> content = source.value(path)
                        .or(() -> macro.has(DEFAULT)
                                ? Optional.of(text(DEFAULT, part.apply(DEFAULT)))
                                : Optional.empty());
                yield content.<JsonNode>map(found ->
                                TextNode.valueOf(source.file(path, found).toString()))
                        .orElseThrow(() -> nothing(name, path));
            }
            case "$keys" -> list(name, source.keys(text(name, part.apply(name))), part);
            case "$environ" -> {
                String variable = text(name, part.apply(name));
                yield orDefault(name, variable, source.environment(variable).map(TextNode::valueOf), part);
            }
            case "$service" -> {
                String service = text(name, part.apply(name));
                yield orDefault(
                        name,
                        service,
                        source.service(service).stream().findFirst().map(TextNode::valueOf),
                        part);
            }
            case "$services" -> list(name, source.service(text(name, part.apply(name))), part);
            case "$eq" -> BooleanNode.valueOf(equal(name, part.apply(name)));
            case "$ne" -> BooleanNode.valueOf(!equal(name, part.apply(name)));
            case "$if" -> isTrue(part.apply(name)) ? part.apply("then") : part.apply("else");
            case "$ref" -> reference(text(name, macro.path(name)), variables, part);
            case "$set" -> set(macro, variables, depth);
            case "$for" -> loop(macro, variables, depth);
            default -> throw new IllegalStateException(name);
        };
    }

    private static JsonNode orDefault(
            String macro, String what, Optional<TextNode> found, Function<String, JsonNode> part) {
        if (found.isPresent()) {
            return found.get();
        }
        JsonNode otherwise = part.apply(DEFAULT);
        if (otherwise.isMissingNode()) {
            throw nothing(macro, what);
        }
        return otherwise;
    }

    private static Refusal nothing(String macro, String what) {
        return Refusal.invalid("\"%s\": there is no \"%s\", and no default".formatted(macro, what));
    }

    /** An empty list is a value too, unless something else is wanted for it. */
    private static JsonNode list(String macro, List<String> found, Function<String, JsonNode> part) {
        JsonNode otherwise = found.isEmpty() ? part.apply(DEFAULT) : MissingNode.getInstance();
        if (!otherwise.isMissingNode()) {
            return otherwise;
        }
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        found.forEach(list::add);
        return list;
    }

    private static boolean equal(String macro, JsonNode sides) {
        if (!sides.isArray() || sides.size() != 2) {
            throw Refusal.invalid("\"%s\" compares the two values of an array".formatted(macro));
        }
        JsonNode one = sides.get(0);
        JsonNode other = sides.get(1);
        return one.equals(other)
                || one.isValueNode() && other.isValueNode() && one.asText().equals(other.asText());
    }

    private static boolean isTrue(JsonNode condition) {
        return switch (condition.getNodeType()) {
            case MISSING, NULL -> false;
            case BOOLEAN -> condition.booleanValue();
            case STRING -> !condition.textValue().isEmpty();
            case NUMBER -> condition.decimalValue().signum() != 0;
            case ARRAY, OBJECT -> !condition.isEmpty();
            case BINARY, POJO -> true;
        };
    }

    /** A variable, or with dots what is inside of it. */
    private static JsonNode reference(String name, Map<String, JsonNode> variables, Function<String, JsonNode> part) {
        String[] steps = name.split("\\.");
        JsonNode found = variables.getOrDefault(steps[0], MissingNode.getInstance());
        for (int i = 1; i < steps.length; i++) {
            found = found.isArray()
                    ? ConfigPath.index(steps[i]).map(found::path).orElse(MissingNode.getInstance())
                    : found.path(steps[i]);
        }
        if (!found.isMissingNode()) {
            return found;
        }
        JsonNode otherwise = part.apply(DEFAULT);
        if (otherwise.isMissingNode()) {
            throw Refusal.invalid("\"$ref\": there is no \"%s\" here; there are %s, and no default"
                    .formatted(name, variables.keySet().stream().sorted().toList()));
        }
        return otherwise;
    }

    private JsonNode set(ObjectNode macro, Map<String, JsonNode> variables, int depth) {
        if (!macro.path("$set").isObject() || !macro.has("in")) {
            throw Refusal.invalid("\"$set\" is an object of names and values, and has an \"in\"");
        }
        Map<String, JsonNode> more = new HashMap<>(variables);
        macro.path("$set")
                .properties()
                .forEach(entry -> more.put(entry.getKey(), expand(entry.getValue(), variables, depth)));
        return expand(macro.path("in"), more, depth);
    }

    /** An array of what the loop comes to for each element; those of an object have a {@code key} and a {@code value}. */
    private JsonNode loop(ObjectNode macro, Map<String, JsonNode> variables, int depth) {
        String name = text("$for", macro.path("$for"));
        JsonNode in = expand(macro.path("in"), variables, depth);
        if (!in.isContainerNode() || !macro.has("loop")) {
            throw Refusal.invalid("\"$for\" has an \"in\" that is an array or an object, and a \"loop\"");
        }
        if (in.isEmpty() && macro.has("else")) {
            return expand(macro.path("else"), variables, depth);
        }
        ArrayNode results = JsonNodeFactory.instance.arrayNode();
        elements(in).forEach(element -> {
            Map<String, JsonNode> more = new HashMap<>(variables);
            more.put(name, element);
            add(results, expand(macro.path("loop"), more, depth));
        });
        return results;
    }

    private static Iterable<JsonNode> elements(JsonNode container) {
        if (container.isArray()) {
            return container;
        }
        ArrayNode pairs = JsonNodeFactory.instance.arrayNode();
        container
                .properties()
                .forEach(entry -> pairs.addObject().put("key", entry.getKey()).set("value", entry.getValue()));
        return pairs;
    }

    private static String text(String macro, JsonNode value) {
        if (!value.isTextual()) {
            throw Refusal.invalid(
                    "\"%s\" takes a text, not %s".formatted(macro, value.isMissingNode() ? "nothing" : value));
        }
        return value.textValue();
    }
}
