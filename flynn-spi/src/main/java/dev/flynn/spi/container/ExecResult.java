package dev.flynn.spi.container;

import java.util.OptionalInt;
import org.apiguardian.api.API;

/**
 * What became of a command that {@link ContainerBackend#exec} ran inside a job.
 *
 * @param exitStatus its exit status; 127 if it is no program that can be run, 128 and the number of the signal if one ended
 *     it, and empty if it was killed because it took too long
 * @param output the end of what it wrote to its standard output and standard error: at least the last 4096 bytes, at most
 *     64 KiB
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ExecResult(OptionalInt exitStatus, String output) {

    /** The exit status of what is no program that can be run. */
    public static final int NO_PROGRAM = 127;

    /** It ended by itself, or a signal ended it. */
    public static ExecResult ended(int exitStatus, String output) {
        return new ExecResult(OptionalInt.of(exitStatus), output);
    }

    /** It was killed because it took too long. */
    public static ExecResult tookTooLong(String output) {
        return new ExecResult(OptionalInt.empty(), output);
    }

    /** Whether it ended with status 0 in time. */
    public boolean succeeded() {
        return exitStatus.equals(OptionalInt.of(0));
    }
}
