package dev.flynn.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.HealthCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** Fills in the contract's defaults, and reads the status under its historic key {@code status.omitempty} too. */
final class HealthCheckDeserializer extends JsonDeserializer<HealthCheck> {

    @Override
    public HealthCheck deserialize(JsonParser json, DeserializationContext context) throws IOException {
        JsonNode tree = json.readValueAsTree();
        return new HealthCheck(
                tree.path("type").asText(""),
                duration(tree, "interval", HealthCheck.DEFAULT_INTERVAL),
                positive(tree, "threshold", HealthCheck.DEFAULT_THRESHOLD),
                tree.path("kill_down").asBoolean(false),
                duration(tree, "start_timeout", HealthCheck.DEFAULT_START_TIMEOUT),
                text(tree, "path").orElse("/"),
                text(tree, "host"),
                text(tree, "match"),
                positive(tree, "status", positive(tree, "status.omitempty", 200)),
                words(tree, "command"));
    }

    private static List<String> words(JsonNode tree, String field) {
        JsonNode value = tree.path(field);
        if (value.isMissingNode() || value.isNull()) {
            return List.of();
        }
        boolean allText = StreamSupport.stream(value.spliterator(), false).allMatch(JsonNode::isTextual);
        if (!value.isArray() || !allText) {
            throw FlynnException.invalidField(
                    "check." + field, "must be a list of strings, such as [\"bin/check\", \"--quick\"]");
        }
        return StreamSupport.stream(value.spliterator(), false)
                .map(JsonNode::asText)
                .toList();
    }

    private static Duration duration(JsonNode tree, String field, Duration fallback) {
        long nanos = tree.path(field).asLong(0);
        return nanos == 0 ? fallback : Duration.ofNanos(nanos);
    }

    private static int positive(JsonNode tree, String field, int fallback) {
        int value = tree.path(field).asInt(0);
        return value == 0 ? fallback : value;
    }

    private static Optional<String> text(JsonNode tree, String field) {
        return Optional.of(tree.path(field).asText("")).filter(value -> !value.isEmpty());
    }
}
