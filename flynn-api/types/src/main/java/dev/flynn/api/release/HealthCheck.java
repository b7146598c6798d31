package dev.flynn.api.release;

import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apiguardian.api.API;

/**
 * How to find out whether a job answers (contract: layer 0, Health checks).
 *
 * @param type {@code tcp}, {@code http}, {@code https} or {@code command}
 * @param interval time between checks once the job is up
 * @param threshold equal results in a row that change the state after the first success; at least 1
 * @param killDown whether the job is killed when the check fails
 * @param startTimeout with {@code killDown}: how long the job may take to come up
 * @param path of the HTTP request
 * @param host the {@code Host} header of the HTTP request
 * @param match text that the first 5120 bytes of the HTTP response must contain
 * @param status expected HTTP status
 * @param command with type {@code command}: the program and its arguments, run inside the job, that pass with exit status 0;
 *     empty with the other types
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
        int status,
        List<String> command) {

    /** The type of a check that runs a command inside the job. */
    public static final String COMMAND = "command";

    public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(2);
    public static final int DEFAULT_THRESHOLD = 2;
    public static final Duration DEFAULT_START_TIMEOUT = Duration.ofSeconds(10);

    public HealthCheck {
        if (!Set.of("tcp", "http", "https", COMMAND).contains(type)) {
            throw FlynnException.invalidField(
                    "check.type", "must be tcp, http, https or command, was \"" + type + "\"");
        }
        command = List.copyOf(command);
        if (type.equals(COMMAND)) {
            requireProgram(command);
        } else if (!command.isEmpty()) {
            throw FlynnException.invalidField(
                    "check.command", "is for check.type \"command\" alone, and check.type is \"" + type + "\"");
        }
        if (threshold < 1) {
            throw FlynnException.invalidField("check.threshold", "must be at least 1, was " + threshold);
        }
    }

    /** A check by the network. */
    public HealthCheck(
            String type,
            Duration interval,
            int threshold,
            boolean killDown,
            Duration startTimeout,
            String path,
            Optional<String> host,
            Optional<String> match,
            int status) {
        this(type, interval, threshold, killDown, startTimeout, path, host, match, status, List.of());
    }

    private static void requireProgram(List<String> command) {
        if (command.isEmpty() || command.get(0).isBlank()) {
            throw FlynnException.invalidField("check.command", "must name a program when check.type is \"command\"");
        }
        if (command.stream().anyMatch(word -> word.indexOf(0) >= 0)) {
            throw FlynnException.invalidField("check.command", "has a NUL, which no program can be given");
        }
    }

    /** Whether the check runs a command inside the job. */
    public boolean byCommand() {
        return type.equals(COMMAND);
    }

    /** Passes when a command that is run inside the job ends with status 0 in time. */
    public static HealthCheck command(String program, String... arguments) {
        return new HealthCheck(
                COMMAND,
                DEFAULT_INTERVAL,
                DEFAULT_THRESHOLD,
                false,
                DEFAULT_START_TIMEOUT,
                "/",
                Optional.empty(),
                Optional.empty(),
                200,
                Stream.concat(Stream.of(program), Stream.of(arguments)).toList());
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
