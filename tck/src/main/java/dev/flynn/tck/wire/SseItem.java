package dev.flynn.tck.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/**
 * One item of a stream of events.
 *
 * @param event its {@code event:}, empty without one
 * @param fields its lines, as they came
 */
record SseItem(String event, String data, List<String> fields) {

    SseItem {
        fields = List.copyOf(fields);
    }

    boolean isError() {
        return event.equals("error");
    }

    JsonNode json() {
        return Json.readLeniently(data);
    }
}
