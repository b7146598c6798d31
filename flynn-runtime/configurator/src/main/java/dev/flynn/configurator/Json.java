package dev.flynn.configurator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;

/** Documents as texts: keys keep their order, and none is there twice. */
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    static {
        MAPPER.getFactory()
                .setStreamReadConstraints(
                        StreamReadConstraints.builder().maxNestingDepth(100).build());
    }

    private Json() {}

    /** @throws Refusal with the place of the fault */
    static JsonNode parse(String text) {
        try {
            JsonNode parsed = MAPPER.readTree(text);
            if (parsed == null || parsed.isMissingNode()) {
                throw Refusal.invalid("there is no JSON");
            }
            return parsed;
        } catch (JsonProcessingException e) {
            throw Refusal.invalid("this is no JSON: " + e.getOriginalMessage()
                    + (e.getLocation() == null
                            ? ""
                            : " (line %d, column %d)"
                                    .formatted(
                                            e.getLocation().getLineNr(),
                                            e.getLocation().getColumnNr())));
        }
    }

    static String pretty(JsonNode value) {
        return value.toPrettyString() + "\n";
    }
}
