package dev.flynn.api.app;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import org.apiguardian.api.API;

/**
 * The wish to scale a formation, and whether its jobs are as wished (contract: controller, Endpoints added by [21]).
 *
 * @param id a UUID
 * @param oldProcesses the counts before
 * @param newProcesses the counts that are wished
 * @param oldTags the tags before
 * @param newTags the tags that are wished
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ScaleRequest(
        String id,
        AppId app,
        ReleaseId release,
        State state,
        Map<String, Integer> oldProcesses,
        Map<String, Integer> newProcesses,
        Map<String, Map<String, String>> oldTags,
        Map<String, Map<String, String>> newTags,
        Instant createdAt,
        Instant updatedAt) {

    public ScaleRequest {
        requireNonNull(id, "id");
        requireNonNull(app, "app");
        requireNonNull(release, "release");
        requireNonNull(state, "state");
        requireNonNull(createdAt, "createdAt");
        requireNonNull(updatedAt, "updatedAt");
        oldProcesses = Map.copyOf(oldProcesses);
        newProcesses = Map.copyOf(newProcesses);
        oldTags = Map.copyOf(oldTags);
        newTags = Map.copyOf(newTags);
    }

    /** How far a request is. */
    public enum State {
        PENDING,
        /** A later request, or another change of the formation, came in between. */
        CANCELLED,
        COMPLETE;

        public String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public ScaleRequest as(State changed, Instant now) {
        return new ScaleRequest(
                id, app, release, changed, oldProcesses, newProcesses, oldTags, newTags, createdAt, now);
    }
}
