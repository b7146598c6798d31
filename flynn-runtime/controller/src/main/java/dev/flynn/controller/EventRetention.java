package dev.flynn.controller;

import dev.flynn.state.ClusterState;
import dev.flynn.state.WakeLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the history of events from growing for ever: every replica of the store holds it in memory. */
final class EventRetention {

    /** About 10 MB, and some days of a busy cluster. */
    static final int KEPT = 10_000;

    private static final Duration INTERVAL = Duration.ofMinutes(5);

    private static final Logger log = LoggerFactory.getLogger(EventRetention.class);

    private final ClusterState state;

    EventRetention(ClusterState state) {
        this.state = state;
    }

    WakeLoop loop() {
        return new WakeLoop("event-retention", state.store(), state.clock(), List.of(), this::look);
    }

    /** Deletes what is too much. */
    Instant look() {
        int deleted = state.events().trim(KEPT);
        if (deleted > 0) {
            log.atInfo()
                    .addKeyValue("deleted", deleted)
                    .addKeyValue("kept", KEPT)
                    .log("old events deleted");
        }
        return state.clock().instant().plus(INTERVAL);
    }
}
