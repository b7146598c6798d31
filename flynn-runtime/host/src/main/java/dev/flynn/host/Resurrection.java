package dev.flynn.host;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.state.JobRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which jobs a host brings back by itself (contract: layer 0, Persistent jobs): those that the scheduler cannot, because it
 * is one of them or needs them.
 */
final class Resurrection {

    private static final Comparator<JobRecord> OLDEST_FIRST =
            comparing(JobRecord::createdAt).thenComparing(job -> job.id().value());

    private Resurrection() {}

    /**
     * The jobs whose process type has no job left anywhere, although nobody asked the last one, which ran here, to stop.
     *
     * @param jobs all jobs of the cluster
     * @param patience how long the scheduler had to restart them before
     */
    static List<JobRecord> due(Collection<JobRecord> jobs, String hostId, Instant now, Duration patience) {
        Map<String, List<JobRecord>> byType = jobs.stream()
                .filter(job -> job.spec().resurrect())
                .filter(job -> job.app().isPresent() && job.type().isPresent())
                .collect(groupingBy(
                        job -> job.app().orElseThrow() + " " + job.type().orElseThrow()));
        List<JobRecord> due = new ArrayList<>();
        for (List<JobRecord> ofOneType : byType.values()) {
            JobRecord last = ofOneType.stream().max(OLDEST_FIRST).orElseThrow();
            if (ofOneType.stream().allMatch(job -> job.state() == JobState.DOWN)
                    && last.hostId().equals(hostId)
                    && !last.stopRequested()
                    && last.restartAt().isEmpty()
                    && !last.updatedAt().plus(patience).isAfter(now)) {
                due.add(last);
            }
        }
        return due;
    }

    /** The job again, under a new id. */
    static JobRecord successor(JobRecord job, Instant now) {
        JobId id = JobId.random(job.hostId());
        Map<String, String> env = new HashMap<>(job.spec().env());
        env.computeIfPresent("FLYNN_JOB_ID", (name, old) -> id.value());
        JobSpec spec = job.spec()
                .withId(id)
                .withEnv(env)
                .withPorts(job.spec().ports().stream()
                        .map(port -> port.withPort(0))
                        .toList());
        return JobRecord.pending(spec, job.restarts(), now);
    }
}
