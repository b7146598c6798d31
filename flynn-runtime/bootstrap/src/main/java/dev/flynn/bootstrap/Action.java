package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;

/** What a kind of step does. */
interface Action {

    /**
     * Does the step, or what is left to do of it after an interruption.
     *
     * @return the result, an object
     * @throws dev.flynn.api.error.FlynnException the step failed
     */
    JsonNode run(Step step) throws InterruptedException;

    /**
     * Whether the result lasts: then it is stored, and the step is not run again. Otherwise the step is a condition or a
     * message, and is run in each bootstrap.
     */
    default boolean lasts() {
        return true;
    }

    /** Called instead of {@link #run} when an earlier bootstrap completed the step. */
    default void again(Step step, JsonNode result) throws InterruptedException {}

    /** What a person wants to see of the result, without secrets; may be empty. */
    default String text(JsonNode result) {
        return "";
    }
}
