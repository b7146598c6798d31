package dev.flynn.api.log;

import java.time.Instant;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * One line that a job wrote.
 *
 * @param jobId as text, because logs outlive jobs
 * @param message the line without its newline
 * @param processType absent for one-off jobs
 * @param stream {@code stdout}, {@code stderr}, {@code init} or {@code unknown}
 * @param timestamp when the host read the line, to the nanosecond
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record LogMessage(
        String hostId, String jobId, String message, Optional<String> processType, String stream, Instant timestamp) {

    /** Where the line comes from: always {@code app}. */
    public String source() {
        return "app";
    }
}
