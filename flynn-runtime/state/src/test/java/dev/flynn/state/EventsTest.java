package dev.flynn.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventsTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(
            store, new FlynnJson(), Clock.fixed(Instant.parse("2015-12-01T12:00:00Z"), ZoneOffset.UTC));
    private final Events events = state.events();

    @AfterEach
    void close() {
        store.close();
    }

    private void append(int count) {
        for (int i = 0; i < count; i++) {
            Transaction.Builder transaction = Transaction.builder();
            events.append(transaction, EventType.APP, Optional.empty(), "an-app", Map.of());
            state.commit(transaction);
        }
    }

    private List<Long> ids() {
        return events.history().events().stream().map(Event::id).toList();
    }

    @Test
    void theNewestAreLeftByATrim() {
        append(5);

        assertThat(events.trim(2)).isEqualTo(3);

        assertThat(ids()).containsExactly(4L, 5L);
    }

    @Test
    void moreThanOneTransactionHoldsAreTrimmed() {
        append(2_501);

        assertThat(events.trim(1)).isEqualTo(2_500);

        assertThat(ids()).containsExactly(2_501L);
    }

    @Test
    void aTrimOfFewEventsDoesNothing() {
        append(3);

        assertThat(events.trim(3)).isZero();

        assertThat(ids()).containsExactly(1L, 2L, 3L);
    }

    @Test
    void idsGoOnAfterATrim() {
        append(3);
        events.trim(1);

        append(1);

        assertThat(ids()).containsExactly(3L, 4L);
    }

    @Test
    void aTrimLeavesTheNewestSoThatItsIdIsKnown() {
        assertThatExceptionOfType(FlynnException.class)
                .isThrownBy(() -> events.trim(0))
                .withMessage("keep is at least 1, was 0");
    }
}
