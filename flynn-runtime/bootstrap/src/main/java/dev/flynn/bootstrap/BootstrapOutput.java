package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.json.FlynnJson;
import java.io.PrintStream;
import java.time.Clock;
import java.time.ZoneId;

/** Is told how a bootstrap goes on (contract: layer 0, Output). Called by one thread at a time. */
public interface BootstrapOutput {

    /** A step begins. */
    void started(String action, String id);

    /**
     * A step is done.
     *
     * @param result holds secrets
     * @param text what a person wants to see of the result, without secrets but for the line that adds the cluster; may be
     *     empty
     */
    void done(String action, String id, JsonNode result, String text);

    void failed(String action, String id, String message);

    /** A step failed for a reason that may pass, and will be run again. */
    default void tryingAgain(String action, String id, String message) {}

    /** One line per step and per result that a person wants to see, each with the time. */
    static BootstrapOutput text(PrintStream out, Clock clock, ZoneId zone) {
        return new TextOutput(out, clock, zone);
    }

    /** One JSON object per line, complete with the secrets: for programs. */
    static BootstrapOutput json(PrintStream out, FlynnJson json, Clock clock) {
        return new JsonOutput(out, json, clock);
    }

    static BootstrapOutput silent() {
        return new SilentOutput();
    }
}
