package dev.flynn.tck.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** What has to hold of lists. */
final class Lists {

    private Lists() {}

    static List<String> values(JsonNode list, String key) {
        return Json.stream(list).map(each -> each.path(key).asText()).toList();
    }

    static JsonNode find(JsonNode list, String key, String value) {
        return Json.stream(list)
                .filter(each -> each.path(key).asText().equals(value))
                .findFirst()
                .orElseThrow(() -> new ContractBroken(
                        "%s %s has to be in the list, which has %d others".formatted(key, value, list.size())));
    }

    /** The second was made after the first. */
    static void newestFirst(JsonNode list, String key, String first, String second) {
        List<String> values = values(list, key);
        Expect.that(values.contains(first), "%s %s has to be in the list", key, first);
        Expect.that(values.contains(second), "%s %s has to be in the list", key, second);
        Expect.that(
                values.indexOf(second) < values.indexOf(first),
                "the newest first: %s has to be before %s",
                second,
                first);
    }
}
