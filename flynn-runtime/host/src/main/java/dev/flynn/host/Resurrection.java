package dev.flynn.host;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Which jobs a host brings back by itself (contract: layer 0, Persistent jobs): those that the scheduler cannot, because it
 * is one of them or needs them.
 */
final class Resurrection {

    private static final Comparator<Versioned<JobRecord>> OLDEST_FIRST = comparing(
                    (Versioned<JobRecord> job) -> job.value().createdAt())
            .thenComparing(job -> job.value().id().value());

    private Resurrection() {}

    /**
     * The jobs whose process type has no job left on any host that lives, although nobody asked the last one on such a host,
     * which ran here, to stop.
     *
     * @param jobs all jobs of the cluster
     * @param lives whether a host is not known to be dead
     * @param patience how long the scheduler had to restart them before
     */
    static List<Versioned<JobRecord>> due(
            Collection<Versioned<JobRecord>> jobs,
            String hostId,
            Predicate<String> lives,
            Instant now,
            Duration patience) {
        Map<String, List<Versioned<JobRecord>>> byType = jobs.stream()
                .filter(job -> job.value().spec().resurrect())
                .filter(job ->
                        job.value().app().isPresent() && job.value().type().isPresent())
                .filter(job -> lives.test(job.value().hostId()))
                .collect(groupingBy(job -> job.value().app().orElseThrow() + " "
                        + job.value().type().orElseThrow()));
        List<Versioned<JobRecord>> due = new ArrayList<>();
        for (List<Versioned<JobRecord>> ofOneType : byType.values()) {
            Versioned<JobRecord> last = ofOneType.stream().max(OLDEST_FIRST).orElseThrow();
            if (ofOneType.stream().allMatch(job -> job.value().state() == JobState.DOWN)
                    && last.value().hostId().equals(hostId)
                    && !last.value().stopRequested()
                    && !patienceEnds(last.value(), patience).isAfter(now)) {
                due.add(last);
            }
        }
        return due;
    }

    private static Instant patienceEnds(JobRecord down, Duration patience) {
        return down.restartAt().orElse(down.updatedAt()).plus(patience);
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
