package dev.flynn.api.release;

import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * How to find out whether a job answers (contract: layer 0, Health checks).
 *
 * @param type {@code tcp}, {@code http} or {@code https}
 * @param interval time between checks once the job is up
 * @param threshold equal results in a row that change the state after the first success; at least 1
 * @param killDown whether the job is killed when the check fails
 * @param startTimeout with {@code killDown}: how long the job may take to come up
 * @param path of the HTTP request
 * @param host the {@code Host} header of the HTTP request
 * @param match text that the first 5120 bytes of the HTTP response must contain
 * @param status expected HTTP status
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record HealthCheck(
        String type,
        Duration interval,
        int threshold,
        boolean killDown,
        Duration startTimeout,
        String path,
        Optional<String> host,
        Optional<String> match,
        int status) {

    public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(2);
    public static final int DEFAULT_THRESHOLD = 2;
    public static final Duration DEFAULT_START_TIMEOUT = Duration.ofSeconds(10);

    public HealthCheck {
        if (!Set.of("tcp", "http", "https").contains(type)) {
            throw FlynnException.invalidField("check.type", "must be tcp, http or https, was \"" + type + "\"");
        }
        if (threshold < 1) {
            throw FlynnException.invalidField("check.threshold", "must be at least 1, was " + threshold);
        }
    }

    /** Passes once a connection is accepted. */
    public static HealthCheck tcp() {
        return new HealthCheck(
                "tcp",
                DEFAULT_INTERVAL,
                DEFAULT_THRESHOLD,
                false,
                DEFAULT_START_TIMEOUT,
                "/",
                Optional.empty(),
                Optional.empty(),
                200);
    }
}
