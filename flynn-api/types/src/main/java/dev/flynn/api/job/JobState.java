package dev.flynn.api.job;

import dev.flynn.api.error.FlynnException;
import java.util.Locale;
import org.apiguardian.api.API;

/** Where a job is in its life; it only ever moves forward (contract: controller, Jobs and scheduler, States). */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum JobState {
    /** Wanted and placed, or waiting for its restart delay. */
    PENDING,
    /** The host has accepted it. */
    STARTING,
    /** Its process runs. */
    UP,
    /** It was asked to stop. */
    STOPPING,
    /** It finished, crashed, or could not be started. */
    DOWN,
    /** It was down, and a scheduler of its own says so: it crashed. This platform's hosts say down. */
    CRASHED,
    /** It was down, and a scheduler of its own says so: it could not be started. This platform's hosts say down. */
    FAILED;

    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The state of that wire name; {@code blocked} of newer schedulers means pending.
     */
    public static JobState ofWireName(String wireName) {
        return switch (wireName) {
            case "pending", "blocked" -> PENDING;
            case "starting" -> STARTING;
            case "up" -> UP;
            case "stopping" -> STOPPING;
            case "down" -> DOWN;
            case "crashed" -> CRASHED;
            case "failed" -> FAILED;
            default ->
                throw FlynnException.invalidField(
                        "state",
                        "\"%s\" is none of pending, starting, up, stopping, down, crashed, failed".formatted(wireName));
        };
    }

    /** Whether the job still holds, or will hold, resources of a host. */
    public boolean isLive() {
        return compareTo(DOWN) < 0;
    }
}
