package dev.flynn.spi.scheduler;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * What should be done, in this order: stop, then start.
 *
 * @param lookAgainAt when a restart delay ends, if any does
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Plan(List<JobId> stop, List<Start> start, List<Unplaceable> unplaceable, Optional<Instant> lookAgainAt) {

    public Plan {
        stop = List.copyOf(stop);
        start = List.copyOf(start);
        unplaceable = List.copyOf(unplaceable);
    }

    public boolean isEmpty() {
        return stop.isEmpty() && start.isEmpty();
    }

    /**
     * A job to start on a host.
     *
     * @param replaces the job that waited for its restart and is started by this, if it is one
     */
    public record Start(AppId app, ReleaseId release, String type, String hostId, Optional<JobId> replaces) {}

    /** A wanted job that no host may run now, and why. */
    public record Unplaceable(AppId app, ReleaseId release, String type, String reason) {}
}
