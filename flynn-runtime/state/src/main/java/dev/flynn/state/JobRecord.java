package dev.flynn.state;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A job as the cluster knows it: what was asked for, and what its host observed. Whoever wants a job to end sets
 * {@code stopRequested}; only the job's host moves {@code state}.
 *
 * @param spec with its ports once the host has assigned them
 * @param stopRequested never taken back
 * @param exitStatus present when the process ended by itself
 * @param signal present when a signal ended it
 * @param hostError why the host could not start it, or how it was lost
 * @param address where its ports are reachable while it is up
 * @param restarts how many times in a row its predecessors stopped unexpectedly
 * @param restartAt on a job that stopped unexpectedly: when the scheduler may start its successor; cleared when it did
 * @param startedAt when its process began to run
 */
public record JobRecord(
        JobSpec spec,
        JobState state,
        boolean stopRequested,
        OptionalInt exitStatus,
        OptionalInt signal,
        Optional<String> hostError,
        Optional<String> address,
        int restarts,
        Optional<Instant> restartAt,
        Instant createdAt,
        Instant updatedAt,
        Optional<Instant> startedAt) {

    private static final String CONTROLLER_KEYS = "flynn-controller.";

    /** A job that its host has not seen yet. */
    public static JobRecord pending(JobSpec spec, int restarts, Instant now) {
        return new JobRecord(
                spec,
                JobState.PENDING,
                false,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                restarts,
                Optional.empty(),
                now,
                now,
                Optional.empty());
    }

    public JobId id() {
        return spec.id();
    }

    public String hostId() {
        return spec.id().hostId();
    }

    public Optional<AppId> app() {
        return Optional.ofNullable(spec.metadata().get(JobSpec.META_APP)).map(AppId::of);
    }

    public Optional<ReleaseId> release() {
        return Optional.ofNullable(spec.metadata().get(JobSpec.META_RELEASE))
                .filter(text -> !text.isEmpty())
                .map(ReleaseId::of);
    }

    /** The process type; empty for a one-off job. */
    public Optional<String> type() {
        return Optional.ofNullable(spec.metadata().get(JobSpec.META_TYPE));
    }

    /** The host accepted the job; the spec has its ports now. */
    public JobRecord starting(JobSpec resolved, Instant now) {
        return new JobRecord(
                resolved,
                JobState.STARTING,
                stopRequested,
                exitStatus,
                signal,
                hostError,
                address,
                restarts,
                restartAt,
                createdAt,
                now,
                startedAt);
    }

    public JobRecord up(String reachableAt, Instant now) {
        return new JobRecord(
                spec,
                JobState.UP,
                stopRequested,
                exitStatus,
                signal,
                hostError,
                Optional.of(reachableAt),
                restarts,
                restartAt,
                createdAt,
                now,
                Optional.of(now));
    }

    public JobRecord withStopRequested(Instant now) {
        return new JobRecord(
                spec,
                state,
                true,
                exitStatus,
                signal,
                hostError,
                address,
                restarts,
                restartAt,
                createdAt,
                now,
                startedAt);
    }

    public JobRecord stopping(Instant now) {
        return new JobRecord(
                spec,
                JobState.STOPPING,
                stopRequested,
                exitStatus,
                signal,
                hostError,
                address,
                restarts,
                restartAt,
                createdAt,
                now,
                startedAt);
    }

    /** The job ended as its host observed. */
    public JobRecord down(JobStatus observed, Instant now) {
        return new JobRecord(
                spec,
                JobState.DOWN,
                stopRequested,
                observed.exitStatus(),
                observed.signal(),
                observed.error(),
                Optional.empty(),
                restarts,
                restartAt,
                createdAt,
                now,
                startedAt);
    }

    /** The job ended, and nobody saw how. */
    public JobRecord lost(String reason, Instant now) {
        return new JobRecord(
                spec,
                JobState.DOWN,
                stopRequested,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.of(reason),
                Optional.empty(),
                restarts,
                restartAt,
                createdAt,
                now,
                startedAt);
    }

    public JobRecord withRestartAt(Optional<Instant> when, Instant now) {
        return new JobRecord(
                spec,
                state,
                stopRequested,
                exitStatus,
                signal,
                hostError,
                address,
                restarts,
                when,
                createdAt,
                now,
                startedAt);
    }

    /** The job as the controller's API shows it; empty if it belongs to no app. */
    public Optional<Job> toJob() {
        return app().flatMap(app -> release()
                .map(release -> new Job(
                        id(),
                        app,
                        release,
                        type(),
                        state,
                        spec.cmd(),
                        publicMeta(),
                        shownExitStatus(),
                        hostError,
                        restarts,
                        createdAt,
                        updatedAt)));
    }

    /** A process that a signal ended is shown with status 0 (contract: layer 0, Job lifecycle). */
    private OptionalInt shownExitStatus() {
        return signal.isPresent() ? OptionalInt.of(0) : exitStatus;
    }

    private Map<String, String> publicMeta() {
        Map<String, String> meta = new HashMap<>(spec.metadata());
        meta.keySet().removeIf(key -> key.startsWith(CONTROLLER_KEYS));
        return meta;
    }
}
