package dev.flynn.controller;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Everything that the next step of a deployment depends on, as it was at one moment.
 *
 * @param oldTypes process types of the old release
 * @param newTypes process types of the new release
 * @param hosts how many hosts the cluster has, for omni types; at least 1
 * @param jobs of both releases, one-off jobs left out
 * @param registered ids of jobs of the new release by type that discovery shows in the type's service, and with strategy
 *     {@code discoverd-meta} as done
 */
record DeploymentSnapshot(
        Instant now,
        Deployment deployment,
        DeploymentRun run,
        Map<String, ProcessType> oldTypes,
        Map<String, ProcessType> newTypes,
        int hosts,
        List<JobView> jobs,
        Map<String, Set<JobId>> registered) {

    /** How long a job without a service must run before it counts as up: one that exits at once is up for a moment. */
    static final Duration STEADY = Duration.ofSeconds(2);

    DeploymentSnapshot {
        oldTypes = Map.copyOf(oldTypes);
        newTypes = Map.copyOf(newTypes);
        jobs = List.copyOf(jobs);
        registered = Map.copyOf(registered);
    }

    /**
     * A job of one of the two releases.
     *
     * @param fresh whether it was created after the deployment was
     */
    record JobView(
            JobId id,
            ReleaseId release,
            String type,
            JobState state,
            boolean stopRequested,
            OptionalInt exitStatus,
            OptionalInt signal,
            Optional<String> hostError,
            Optional<Instant> startedAt,
            Instant updatedAt,
            boolean fresh) {

        /** Whether it went down during the deployment without anybody having asked for it. */
        boolean failed() {
            return fresh && state == JobState.DOWN && !stopRequested && !lost();
        }

        /** Whether it ran and nobody saw how it ended, as when its host was killed: that says nothing about the release. */
        private boolean lost() {
            return hostError.isPresent() && startedAt.isPresent();
        }

        /** When it has run for long enough to count as up without anything that says so. */
        Instant steadyAt() {
            return startedAt.orElse(updatedAt).plus(STEADY);
        }
    }

    // ---- what is wanted

    boolean allAtOnce() {
        return deployment.strategy() == Strategy.ALL_AT_ONCE;
    }

    /** The counts that units take away from: those of the former formation, or of the types that are restarted. */
    Map<String, Integer> before() {
        Map<String, Integer> before = new HashMap<>(deployment.processes());
        if (run.isRestart()) {
            before.keySet().retainAll(run.restarts());
        }
        return before;
    }

    /** What there shall be of the new in the end: the old counts of the types that the new release has. */
    Map<String, Integer> target() {
        Map<String, Integer> target = before();
        target.keySet().retainAll(newTypes.keySet());
        return target;
    }

    DeploymentUnit unit() {
        return DeploymentUnit.of(
                        deployment.strategy(),
                        run.pace(),
                        before(),
                        target(),
                        target().keySet().stream().filter(this::keepsData).collect(Collectors.toSet()),
                        run.sirenia().map(SireniaRun::type))
                .get(run.unit());
    }

    /** How many jobs that count of the new release means. */
    int expectedNew(String type, int count) {
        return expected(newTypes, type, count);
    }

    int expectedOld(String type, int count) {
        return expected(oldTypes, type, count);
    }

    private int expected(Map<String, ProcessType> types, String type, int count) {
        return isOmni(types, type) ? count * hosts : count;
    }

    boolean isOmni(String type) {
        return isOmni(newTypes, type);
    }

    private static boolean isOmni(Map<String, ProcessType> types, String type) {
        return Optional.ofNullable(types.get(type)).map(ProcessType::omni).orElse(false);
    }

    Optional<String> serviceOf(String type) {
        return Optional.ofNullable(newTypes.get(type)).flatMap(ProcessType::service);
    }

    /** Whether jobs of the new release go on with what those of the old one wrote. */
    boolean keepsData(String type) {
        return Stream.of(oldTypes, newTypes)
                .map(types -> Optional.ofNullable(types.get(type)))
                .allMatch(process -> process.isPresent()
                        && process.get().data()
                        && !process.get().omni());
    }

    // ---- what is there

    List<JobView> newJobs(String type) {
        return of(deployment.newRelease(), type)
                .filter(job -> !run.isRestart() || job.fresh())
                .toList();
    }

    List<JobView> oldJobs(String type) {
        return deployment.oldRelease().stream()
                .flatMap(release -> of(release, type))
                .filter(job -> !run.isRestart() || !job.fresh())
                .toList();
    }

    private Stream<JobView> of(ReleaseId release, String type) {
        return jobs.stream()
                .filter(job -> job.release().equals(release) && job.type().equals(type));
    }

    int newLive(String type) {
        return (int) newJobs(type).stream().filter(job -> job.state().isLive()).count();
    }

    /** New jobs of the type that work. */
    int up(String type) {
        if (serviceOf(type).isPresent()) {
            Set<JobId> known = registered.getOrDefault(type, Set.of());
            return (int) newJobs(type).stream()
                    .filter(job -> job.state().isLive() && known.contains(job.id()))
                    .count();
        }
        return (int) newJobs(type).stream()
                .filter(job -> job.state() == JobState.UP && !job.steadyAt().isAfter(now))
                .count();
    }

    /** Old jobs by type that are more than the unit leaves. */
    Map<String, Integer> excess(DeploymentUnit unit) {
        Map<String, Integer> excess = new TreeMap<>();
        Set<String> types = new TreeSet<>(before().keySet());
        if (!run.isRestart()) {
            types.addAll(oldTypes.keySet());
        }
        for (String type : types) {
            long live =
                    oldJobs(type).stream().filter(job -> job.state().isLive()).count();
            int kept = expectedOld(type, unit.oldAfter().getOrDefault(type, 0));
            if (live > kept) {
                excess.put(type, (int) live - kept);
            }
        }
        return excess;
    }

    /** Whether as many jobs run as before the deployment, as far as the old release has them. */
    boolean oldJobsAreBack() {
        return before().entrySet().stream()
                .allMatch(wanted -> deployment.oldRelease().stream()
                                .flatMap(release -> of(release, wanted.getKey()))
                                .filter(job -> job.state() == JobState.UP && !job.stopRequested())
                                .count()
                        >= expectedOld(wanted.getKey(), wanted.getValue()));
    }
}
