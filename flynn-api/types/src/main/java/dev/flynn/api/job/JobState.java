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
    DOWN;

    public String wireName() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * The state of that wire name; the names {@code crashed} and {@code failed} of older schedulers mean down,
     * {@code blocked} of newer ones pending.
     */
    public static JobState ofWireName(String wireName) {
        return switch (wireName) {
            case "pending", "blocked" -> PENDING;
            case "starting" -> STARTING;
            case "up" -> UP;
            case "stopping" -> STOPPING;
            case "down", "crashed", "failed" -> DOWN;
            default ->
                throw FlynnException.invalidField(
                        "state", "\"%s\" is none of pending, starting, up, stopping, down".formatted(wireName));
        };
    }

    /** Whether the job still holds, or will hold, resources of a host. */
    public boolean isLive() {
        return this != DOWN;
    }
}
