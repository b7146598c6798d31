package dev.flynn.controller;

import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * Everything that the next step of a deployment depends on, as it was at one moment.
 *
 * @param oldTypes process types of the old release
 * @param newTypes process types of the new release
 * @param hosts how many hosts the cluster has, for omni types; at least 1
 * @param jobs of both releases, one-off jobs left out
 * @param registered ids of new jobs by type that discovery shows in the type's service
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
    }

    /** What the new release shall have in the end: the old counts of the types that it has. */
    Map<String, Integer> target() {
        Map<String, Integer> target = new HashMap<>(deployment.processes());
        target.keySet().retainAll(newTypes.keySet());
        return target;
    }

    List<JobView> newJobs(String type) {
        return jobs(deployment.newRelease(), type);
    }

    List<JobView> oldJobs(String type) {
        return deployment.oldRelease().map(release -> jobs(release, type)).orElse(List.of());
    }

    private List<JobView> jobs(ReleaseId release, String type) {
        return jobs.stream()
                .filter(job -> job.release().equals(release) && job.type().equals(type))
                .toList();
    }
}
