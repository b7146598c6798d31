package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.event.Event;
import dev.flynn.client.EventFilter;
import dev.flynn.client.EventStream;
import dev.flynn.json.FlynnJson;
import java.time.Duration;
import java.util.Optional;

/** Asks for a deletion that the server only queues, and waits for the event that tells that it is done. */
final class DeletionWait {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private DeletionWait() {}

    /**
     * The request is only the beginning, so the event is listened for before it.
     *
     * @param what is deleted, for the message when that takes too long
     * @return the data of the event
     */
    static JsonNode await(Context context, EventFilter filter, String what, Runnable request) {
        String problem = "";
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try (EventStream events = context.controller().events(filter)) {
            request.run();
            while (true) {
                Optional<Event> event = events.next(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
                if (event.isEmpty()) {
                    throw new CliException("timed out waiting for " + what + " deletion" + problem);
                }
                JsonNode data = new FlynnJson().readTree(event.get().data());
                String error = data.path("error").asText();
                if (error.isEmpty()) {
                    return data;
                }
                // the server tries again by itself
                problem = ": " + error;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        }
    }
}
