package dev.flynn.tck.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.format.DateTimeParseException;

/** Times as they are on the wire. */
final class Times {

    static final String NONE = "0001-01-01T00:00:00Z";

    private Times() {}

    static Instant of(JsonNode object, String key) {
        return of(Expect.text(object, key));
    }

    static Instant of(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException e) {
            throw new ContractBroken("no time: \"" + text + "\"");
        }
    }
}
