package dev.flynn.router.telemetry;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.List;

/**
 * What was counted since there was something to count.
 *
 * @param active requests that are under way, upgraded and TCP connections among them
 * @param answered by class of the status, see {@link #CLASSES}
 * @param bytesIn of the bodies of requests, and what clients sent in upgraded and TCP connections
 * @param bytesOut of the bodies of responses, and what backends sent in upgraded and TCP connections
 * @param retries attempts beyond the first: at another backend, or over another connection
 * @param refused of a route: requests that its policy did not let in, which are among the answered too; of a backend:
 *     connections that it did not accept
 * @param latencies from the end of a request's head to the end of its response
 */
public record TrafficCounts(
        long active,
        List<Long> answered,
        long bytesIn,
        long bytesOut,
        long retries,
        long refused,
        Latencies latencies) {

    /** The class of a status; 499 is for a client that went away before its answer was complete. */
    public static final List<String> CLASSES = List.of("1xx", "2xx", "3xx", "4xx", "5xx", "499");

    public static final int CLIENT_GONE = 5;

    public static final TrafficCounts NONE =
            new TrafficCounts(0, Collections.nCopies(CLASSES.size(), 0L), 0, 0, 0, 0, Latencies.NONE);

    public TrafficCounts {
        answered = List.copyOf(answered);
        requireNonNull(latencies, "latencies");
    }

    public static int statusClass(int status) {
        return Math.min(Math.max(status / 100, 1), 5) - 1;
    }

    public long requests() {
        return answered.stream().mapToLong(Long::longValue).sum();
    }
}
