package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;

/**
 * Gives each job of a host a network namespace and an address of its own.
 *
 * <p>What was opened stays until it is closed, whatever becomes of this process: after a restart {@link #open} of the same
 * job finds it again. Implementations are thread-safe.
 */
public interface JobNetwork {

    /**
     * Makes the network of a job, or returns the one that it has.
     *
     * @param wantedAddress is given to the job if nobody has it; otherwise the job gets another one
     * @throws FlynnException {@code NO_CAPACITY} if all addresses are in use
     */
    JobInterface open(JobId job, Optional<String> wantedAddress) throws IOException;

    /**
     * Takes the network of a job away, at once or a moment later; then its address is free again. A job that has none is no
     * error.
     */
    void close(JobId job);

    /** The jobs that have a network. */
    Set<JobId> jobs();

    /** Closes the networks of all jobs but these. */
    default void retain(Set<JobId> living) {
        jobs().stream().filter(job -> !living.contains(job)).forEach(this::close);
    }

    /** The host's address in the jobs' network: their router, and where their resolver is. */
    String gateway();

    /** How many bytes a packet may have. */
    int mtu();
}
