package dev.flynn.client;

import dev.flynn.api.event.EventType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which events a stream gives.
 *
 * @param app id or name
 * @param past whether it begins with what is stored
 */
public record EventFilter(Optional<String> app, List<EventType> types, Optional<String> objectId, boolean past) {

    public EventFilter {
        types = List.copyOf(types);
    }

    /** New events of an app. */
    public static EventFilter ofApp(String app, EventType... types) {
        return new EventFilter(Optional.of(app), List.of(types), Optional.empty(), false);
    }

    String target() {
        var query = new QueryString("/events");
        app.ifPresent(value -> query.add("app_id", value));
        if (!types.isEmpty()) {
            query.add("object_types", types.stream().map(EventType::wireName).collect(Collectors.joining(",")));
        }
        objectId.ifPresent(value -> query.add("object_id", value));
        if (past) {
            query.add("past", "true");
        }
        return query.toString();
    }
}
