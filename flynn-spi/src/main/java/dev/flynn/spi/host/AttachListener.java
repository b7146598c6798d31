package dev.flynn.spi.host;

import dev.flynn.api.host.OutputStreamKind;
import org.apiguardian.api.API;

/** What the attached receive, one call at a time: attached, then output, then exactly one of exit and error. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface AttachListener {

    void onAttached();

    /** May block; that slows the job down. */
    void onOutput(OutputStreamKind stream, byte[] bytes);

    /** The job ended; 0 for one that a signal ended (contract: controller, Run a job). All its output was delivered. */
    void onExit(int status);

    /** The job could not be started, was lost, or does not run any more. */
    void onError(String reason);
}
