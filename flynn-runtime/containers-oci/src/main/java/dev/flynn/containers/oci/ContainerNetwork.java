package dev.flynn.containers.oci;

import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;

/** Gives each job a network namespace and an address of its own. Thread-safe. */
public interface ContainerNetwork {

    /**
     * The network of one job, ready for use.
     *
     * @param namespace the file of a network namespace
     */
    record Connection(String address, Path namespace) {}

    /** Makes a job's network, or returns the one that it has, also after a restart. */
    Connection open(JobId job) throws IOException;

    /** A job that has none is fine. */
    void close(JobId job);

    /** The jobs that have a network. */
    Set<JobId> jobs();
}
