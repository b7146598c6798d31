package dev.flynn.spi.builtin;

import org.apiguardian.api.API;

/**
 * A program that runs as a job inside the host's own process, as the platform's own apps do.
 *
 * <p>An artifact of type {@code builtin} with the URI {@code builtin:<name>} names it. One program may run many jobs at
 * the same time.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface BuiltinProgram {

    /** What follows {@code builtin:} in the artifact's URI, such as {@code router}. */
    String name();

    /**
     * Starts one job and returns once it serves.
     *
     * @return ends the job: stops accepting, finishes what is in flight, releases everything; called once
     * @throws Exception the job could not start; its message becomes the job's error
     */
    AutoCloseable start(BuiltinJob job) throws Exception;
}
