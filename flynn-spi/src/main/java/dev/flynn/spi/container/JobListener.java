package dev.flynn.spi.container;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import org.apiguardian.api.API;

/**
 * Receives what happens to the jobs of a backend. Calls for one job come one at a time and in order; calls for different
 * jobs may come at the same time. A listener that blocks slows down that job's output, which is how back-pressure
 * reaches the job.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface JobListener {

    /** A job changed its state; {@code DOWN} is the last call for that job. */
    void onStatus(JobStatus status);

    /**
     * A job wrote, perhaps before its {@code RUNNING} was told; the bytes are the listener's to keep. A job with a terminal
     * writes everything to stdout.
     */
    default void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {}
}
