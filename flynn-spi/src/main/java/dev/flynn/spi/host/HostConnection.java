package dev.flynn.spi.host;

import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import java.util.Optional;
import org.apiguardian.api.API;

/** One host, for what cannot go through the cluster store: the live input and output of jobs. Thread-safe. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface HostConnection {

    /**
     * Attaches to a job, also before the host knows it: then the attachment waits, and the job's process is not executed
     * before everyone who waits is attached, so that no output is lost (contract: layer 0, Attach protocol).
     *
     * @param size of the terminal, for a job that has one
     * <p>The host knows of the attachment when this returns: a job that is made wanted after that waits for it.
     *
     * @return ends the attachment when closed; the job goes on, its stdin closed if this attachment held it
     * @throws dev.flynn.api.error.FlynnException {@code SERVICE_UNAVAILABLE} if the host cannot be reached or takes no
     *     attachment now; the listener has heard nothing then
     */
    Attachment attach(JobId job, boolean stdin, Optional<TerminalSize> size, AttachListener listener);

    /** @throws dev.flynn.api.error.FlynnException {@code OBJECT_NOT_FOUND} if the job does not run */
    void signal(JobId job, int number);
}
