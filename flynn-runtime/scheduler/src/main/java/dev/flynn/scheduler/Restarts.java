package dev.flynn.scheduler;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;

import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.ClusterSnapshot.TypeView;
import dev.flynn.state.JobRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the jobs that stopped without being asked to and are still wanted, and when each may be started again.
 *
 * <p>A job that has a successor is told by the successor: it names the job that it replaces in its metadata.
 */
final class Restarts {

    /** In the metadata of a job: the id of the job whose place it took. Hidden from the API like all its siblings. */
    static final String META_REPLACES = "flynn-controller.replaces";

    private static final Comparator<JobRecord> LATEST_FIRST = comparing(JobRecord::updatedAt)
            .thenComparing(job -> job.id().value())
            .reversed();

    private final RestartPolicy policy;

    Restarts(RestartPolicy policy) {
        this.policy = policy;
    }

    /** How many restarts in a row the successor of a job stands for. */
    int restartsOfSuccessor(JobRecord down) {
        return restartsBefore(down) + 1;
    }

    /**
     * The jobs of one type that went down, are wanted, and have no time of restart yet; with that time. There are as many as
     * the type misses, the latest ones.
     *
     * @param jobs all jobs of the type, those that were replaced left out
     */
    Map<JobId, Instant> due(TypeView type, List<JobRecord> jobs) {
        Map<JobId, Instant> due = new HashMap<>();
        if (type.omni()) {
            jobs.stream()
                    .collect(groupingBy(JobRecord::hostId))
                    .values()
                    .forEach(there -> due.putAll(due(type.count(), there)));
        } else {
            due.putAll(due(type.count(), jobs));
        }
        return due;
    }

    private Map<JobId, Instant> due(int wanted, List<JobRecord> jobs) {
        long present = jobs.stream().filter(Restarts::isPresent).count();
        Map<JobId, Instant> due = new HashMap<>();
        jobs.stream()
                .filter(Restarts::stoppedUnexpectedly)
                .sorted(LATEST_FIRST)
                .limit(Math.max(0, wanted - present))
                .forEach(job -> due.put(job.id(), restartAt(job)));
        return due;
    }

    private static boolean isPresent(JobRecord job) {
        return job.state() == JobState.DOWN
                ? job.restartAt().isPresent()
                : job.state() != JobState.STOPPING && !job.stopRequested();
    }

    private static boolean stoppedUnexpectedly(JobRecord job) {
        return job.state() == JobState.DOWN
                && !job.stopRequested()
                && job.restartAt().isEmpty();
    }

    /** The delay counts from when the job went down, so that it is the same whoever computes it, and whenever. */
    private Instant restartAt(JobRecord down) {
        return down.updatedAt().plus(delayOf(down));
    }

    /** How long the successor of a job that went down waits. */
    Duration delayOf(JobRecord down) {
        return policy.delayAfter(restartsBefore(down));
    }

    private int restartsBefore(JobRecord down) {
        Duration ran = down.startedAt()
                .map(started -> Duration.between(started, down.updatedAt()))
                .orElse(Duration.ZERO);
        return ran.compareTo(policy.resetAfter()) >= 0 ? 0 : down.restarts();
    }
}
