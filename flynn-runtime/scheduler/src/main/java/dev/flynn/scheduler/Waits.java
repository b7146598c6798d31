package dev.flynn.scheduler;

import dev.flynn.api.id.JobId;
import dev.flynn.state.JobRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * When jobs that went down may start again, by this scheduler's own clock. Not thread-safe.
 *
 * <p>The time that is recorded is by the clock of the host where the job ended, and clocks of hosts differ: one that is ahead would
 * hold restarts up, one that is behind would do away with their delays. So a record that is believable is kept to, and for any other
 * the delay begins when the job is first seen to be down.
 */
final class Waits {

    /** How late a scheduler that runs sees that a job went down. */
    private static final Duration PROMPT = Duration.ofSeconds(2);

    private final Map<JobId, Instant> due = new HashMap<>();

    /** Whether jobs that are seen for the first time went down just now. */
    private boolean follows;

    /** @param recorded when it may start again by its record */
    Instant due(JobRecord down, Instant recorded, Duration delay, Instant now) {
        return due.computeIfAbsent(down.id(), id -> {
            Instant latest = now.plus(delay);
            boolean seenAsItHappened = follows;
            boolean clocksAgree =
                    !down.updatedAt().isAfter(now) && !down.updatedAt().isBefore(now.minus(PROMPT));
            if (seenAsItHappened && !clocksAgree) {
                return latest;
            }
            return recorded.isAfter(latest) ? latest : recorded;
        });
    }

    /**
     * @param seen the jobs that were looked at
     * @param waiting those of them that still wait
     */
    void looked(Set<JobId> seen, Collection<JobId> waiting) {
        var still = new HashSet<>(waiting);
        due.keySet().removeIf(job -> seen.contains(job) && !still.contains(job));
        follows = true;
    }

    /** Jobs that are there no more wait no more. */
    void keepOnly(Set<JobId> known) {
        due.keySet().retainAll(known);
    }
}
