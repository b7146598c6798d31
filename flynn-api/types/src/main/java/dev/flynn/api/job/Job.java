package dev.flynn.api.job;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.apiguardian.api.API;

/**
 * One run of one process type on one host, as the controller shows it.
 *
 * @param type the process type; empty for a one-off job
 * @param meta without the keys that the controller reserves for itself
 * @param exitStatus present once the process ended by itself; 0 for one that a signal ended
 * @param hostError why the host could not start it
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Job(
        JobId id,
        AppId app,
        ReleaseId release,
        Optional<String> type,
        JobState state,
        List<String> cmd,
        Map<String, String> meta,
        OptionalInt exitStatus,
        Optional<String> hostError,
        int restarts,
        Instant createdAt,
        Instant updatedAt) {

    public Job {
        cmd = List.copyOf(cmd);
        meta = Map.copyOf(meta);
    }
}
