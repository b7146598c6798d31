package dev.flynn.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.event.EventType;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EventRetentionTest {

    private static final Instant NOW = Instant.parse("2015-12-01T12:00:00Z");

    @Test
    void theOldestEventsGoAndItLooksAgainLater() {
        try (var store = new MemoryClusterStore()) {
            var state = new ClusterState(store, new FlynnJson(), Clock.fixed(NOW, ZoneOffset.UTC));
            Transaction.Builder transaction = Transaction.builder();
            for (int i = 0; i < EventRetention.KEPT + 3; i++) {
                state.events().append(transaction, EventType.APP, Optional.empty(), "an-app", Map.of());
            }
            state.commit(transaction);

            Instant next = new EventRetention(state).look();

            assertThat(next).isAfter(NOW);
            assertThat(state.events().history().events())
                    .hasSize(EventRetention.KEPT)
                    .first()
                    .matches(event -> event.id() == 4);
        }
    }
}
