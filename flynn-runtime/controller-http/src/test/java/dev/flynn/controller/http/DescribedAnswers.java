package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Holds answers to the API's description: each is of a media type that it names, and JSON is as it says, with no field that
 * it does not name.
 */
final class DescribedAnswers {

    private static final String JSON = "application/json";

    private final JsonNode description;
    private final SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
            SpecificationVersion.DRAFT_2020_12,
            settings -> settings.schemaRegistryConfig(
                    SchemaRegistryConfig.builder().formatAssertionsEnabled(true).build()));
    private final Map<String, Schema> schemas = new ConcurrentHashMap<>();

    DescribedAnswers(JsonNode description) {
        this.description = closed(description.deepCopy());
    }

    /** With objects that have no other fields than those named. */
    private static JsonNode closed(JsonNode node) {
        if (node instanceof ObjectNode object && object.path("properties").isObject()) {
            object.put("additionalProperties", false);
        }
        node.forEach(DescribedAnswers::closed);
        return node;
    }

    /** Fails if the answer to a request that has an operation is not as described; others are not known here. */
    void check(String method, String path, int status, String contentType, String body) {
        Optional<String> template = template(path.replaceFirst("\\?.*", ""), method);
        if (template.isEmpty() || body.isEmpty()) {
            return;
        }
        String operation = "/paths/" + escaped(template.get()) + "/" + method.toLowerCase(Locale.ROOT);
        String answer = operation + "/responses/" + (status == 200 ? "200" : "default");
        String media = contentType.replaceFirst(";.*", "");
        JsonNode content = description.at(answer + "/content");
        assertThat(content.has(media))
                .as("%s %s is answered with %s, and described with %s", method, path, media, content)
                .isTrue();
        if (media.equals(JSON)) {
            validate(method + " " + path, answer + "/content/" + escaped(JSON) + "/schema", body);
        }
    }

    private void validate(String what, String pointer, String body) {
        List<Error> errors = schemas.computeIfAbsent(pointer, this::schema).validate(readTree(body));
        assertThat(errors).as("%s answered %s", what, body).isEmpty();
    }

    private Schema schema(String pointer) {
        ObjectNode schema = description.at(pointer).deepCopy();
        schema.set("components", description.get("components"));
        return registry.getSchema(SchemaLocation.of("urn:flynn:" + Math.abs(pointer.hashCode())), schema);
    }

    private static JsonNode readTree(String json) {
        return new dev.flynn.json.FlynnJson().readTree(json);
    }

    private Optional<String> template(String path, String method) {
        List<String> found = new ArrayList<>();
        description.get("paths").fieldNames().forEachRemaining(template -> {
            boolean matches = path.matches(template.replace(".", "\\.").replaceAll("\\{[a-z_]+}", "[^/]+"));
            if (matches && description.get("paths").get(template).has(method.toLowerCase(Locale.ROOT))) {
                found.add(template);
            }
        });
        // what is named comes before what is a parameter
        return found.stream().min((a, b) -> Long.compare(parameters(a), parameters(b)));
    }

    private static long parameters(String template) {
        return template.chars().filter(c -> c == '{').count();
    }

    private static String escaped(String key) {
        return key.replace("~", "~0").replace("/", "~1");
    }
}
