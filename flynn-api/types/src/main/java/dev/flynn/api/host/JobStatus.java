package dev.flynn.api.host;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.JobId;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;
import org.apiguardian.api.API;

/**
 * What a host observed of a job.
 *
 * @param exitStatus present when the process ended by itself
 * @param signal present when a signal ended the process; its number
 * @param error present when the process could not be started, or was lost
 * @param address where its ports are reachable, such as {@code 127.0.0.1}; present while it runs
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record JobStatus(
        JobId id,
        State state,
        OptionalInt exitStatus,
        OptionalInt signal,
        Optional<String> error,
        Optional<String> address,
        Instant createdAt,
        Optional<Instant> startedAt,
        Optional<Instant> endedAt) {

    /** A job only moves forward. */
    public enum State {
        STARTING,
        RUNNING,
        DOWN
    }

    public JobStatus {
        requireNonNull(id, "id");
        requireNonNull(state, "state");
        requireNonNull(createdAt, "createdAt");
    }

    public static JobStatus starting(JobId id, Instant now) {
        return new JobStatus(
                id,
                State.STARTING,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.empty(),
                now,
                Optional.empty(),
                Optional.empty());
    }

    public JobStatus running(String reachableAt, Instant now) {
        return new JobStatus(
                id,
                State.RUNNING,
                OptionalInt.empty(),
                OptionalInt.empty(),
                Optional.empty(),
                Optional.of(reachableAt),
                createdAt,
                Optional.of(now),
                Optional.empty());
    }

    public JobStatus exited(int status, Instant now) {
        return down(OptionalInt.of(status), OptionalInt.empty(), Optional.empty(), now);
    }

    public JobStatus signalled(int number, Instant now) {
        return down(OptionalInt.empty(), OptionalInt.of(number), Optional.empty(), now);
    }

    public JobStatus failed(String reason, Instant now) {
        return down(OptionalInt.empty(), OptionalInt.empty(), Optional.of(reason), now);
    }

    private JobStatus down(OptionalInt status, OptionalInt number, Optional<String> reason, Instant now) {
        return new JobStatus(
                id, State.DOWN, status, number, reason, Optional.empty(), createdAt, startedAt, Optional.of(now));
    }

    public boolean isDown() {
        return state == State.DOWN;
    }
}
