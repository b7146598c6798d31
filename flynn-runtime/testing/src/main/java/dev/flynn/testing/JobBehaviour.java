package dev.flynn.testing;

import dev.flynn.api.host.JobSpec;
import java.util.Optional;
import java.util.OptionalInt;
import org.apiguardian.api.API;

/**
 * What a recorded job does, see {@link RecordedJobs#onStart}.
 *
 * @param error why it cannot be started, if it cannot
 * @param exitStatus with what it ends as soon as it runs, if it does
 * @param listens whether something answers on its ports
 * @param heedsTerm whether it ends on SIGTERM; otherwise it is killed when its grace is over
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record JobBehaviour(Optional<String> error, OptionalInt exitStatus, boolean listens, boolean heedsTerm) {

    /** It runs, listens on its ports, and ends when it is asked to. */
    public static final JobBehaviour WORKS = new JobBehaviour(Optional.empty(), OptionalInt.empty(), true, true);

    /** It runs and listens nowhere, so that no health check passes. */
    public static final JobBehaviour UNHEALTHY = new JobBehaviour(Optional.empty(), OptionalInt.empty(), false, true);

    /** It does not heed SIGTERM. */
    public static final JobBehaviour STUBBORN = new JobBehaviour(Optional.empty(), OptionalInt.empty(), true, false);

    /** It runs, and ends at once. */
    public static JobBehaviour exits(int status) {
        return new JobBehaviour(Optional.empty(), OptionalInt.of(status), false, true);
    }

    /** It cannot be started. */
    public static JobBehaviour fails(String error) {
        return new JobBehaviour(Optional.of(error), OptionalInt.empty(), false, true);
    }

    /** Decides by what the job is. */
    @FunctionalInterface
    public interface Choice {
        JobBehaviour of(JobSpec job);
    }
}
