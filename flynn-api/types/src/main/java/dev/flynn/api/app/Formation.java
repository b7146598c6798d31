package dev.flynn.api.app;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.Map;
import org.apiguardian.api.API;

/**
 * How many jobs of each process type of a release are wanted.
 *
 * @param processes process type to count; a count is not negative, and for an omni type counts per host
 * @param tags process type to the host tags that its jobs need; empty means any host
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Formation(
        AppId app,
        ReleaseId release,
        Map<String, Integer> processes,
        Map<String, Map<String, String>> tags,
        Instant createdAt,
        Instant updatedAt) {

    public Formation {
        requireNonNull(app, "app");
        requireNonNull(release, "release");
        requireNonNull(createdAt, "createdAt");
        requireNonNull(updatedAt, "updatedAt");
        processes.forEach((type, count) -> {
            if (count < 0) {
                throw FlynnException.invalidField(
                        "processes", "count of \"%s\" must not be negative, was %d".formatted(type, count));
            }
        });
        processes = Map.copyOf(processes);
        tags = Map.copyOf(tags);
    }

    /** How many jobs are wanted in all, counting an omni type once. */
    public int total() {
        return processes.values().stream().mapToInt(Integer::intValue).sum();
    }

    public Formation withProcesses(Map<String, Integer> wanted, Instant now) {
        return new Formation(app, release, wanted, tags, createdAt, now);
    }
}
