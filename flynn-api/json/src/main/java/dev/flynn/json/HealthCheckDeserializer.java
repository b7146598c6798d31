package dev.flynn.json;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.release.HealthCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

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
                positive(tree, "status", positive(tree, "status.omitempty", 200)));
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
