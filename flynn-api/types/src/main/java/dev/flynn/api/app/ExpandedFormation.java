package dev.flynn.api.app;

import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A formation with the complete objects that it names.
 *
 * <p>The wire writes an absent {@code updatedAt} as {@code 0001-01-01T00:00:00Z}; an item with nothing else marks the
 * end of a stream's backlog.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ExpandedFormation(
        Optional<App> app,
        Optional<Release> release,
        Optional<Artifact> artifact,
        Map<String, Integer> processes,
        Map<String, Map<String, String>> tags,
        Optional<Instant> updatedAt) {

    public ExpandedFormation {
        processes = Map.copyOf(processes);
        tags = Map.copyOf(tags);
    }
}
