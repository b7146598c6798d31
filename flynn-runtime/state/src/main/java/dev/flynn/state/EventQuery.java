package dev.flynn.state;

import dev.flynn.api.event.Event;
import dev.flynn.api.id.AppId;
import java.util.Optional;
import java.util.Set;

/**
 * Which events somebody wants.
 *
 * @param objectTypes wire names; empty means all
 * @param beforeId only events with smaller ids
 * @param sinceId only events with greater ids
 * @param limit only the newest ones, at most this many
 */
public record EventQuery(
        Optional<AppId> app,
        Set<String> objectTypes,
        Optional<String> objectId,
        long beforeId,
        long sinceId,
        int limit) {

    public static final EventQuery ALL =
            new EventQuery(Optional.empty(), Set.of(), Optional.empty(), Long.MAX_VALUE, 0, Integer.MAX_VALUE);

    public EventQuery {
        objectTypes = Set.copyOf(objectTypes);
    }

    public EventQuery withSinceId(long id) {
        return new EventQuery(app, objectTypes, objectId, beforeId, id, limit);
    }

    public EventQuery withLimit(int max) {
        return new EventQuery(app, objectTypes, objectId, beforeId, sinceId, max);
    }

    /** Whether an event is wanted, its place in the order aside from the limit included. */
    public boolean matches(Event event) {
        return event.id() > sinceId
                && event.id() < beforeId
                && (app.isEmpty() || app.equals(event.app()))
                && (objectTypes.isEmpty() || objectTypes.contains(event.objectType()))
                && (objectId.isEmpty() || objectId.get().equals(event.objectId()));
    }

    /** False only if the stored text cannot be that of a wanted event. */
    boolean mayMatch(String stored) {
        return app.map(id -> stored.contains(id.toString())).orElse(true)
                && (objectTypes.isEmpty() || objectTypes.stream().anyMatch(stored::contains))
                && objectId.map(id -> !isPlain(id) || stored.contains(id)).orElse(true);
    }

    /** Whether JSON writes the text as it is. */
    private static boolean isPlain(String text) {
        return text.chars().allMatch(c -> c > ' ' && c < 127 && c != '"' && c != '\\' && c != '/');
    }
}
