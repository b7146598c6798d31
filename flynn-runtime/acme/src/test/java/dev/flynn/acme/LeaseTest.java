package dev.flynn.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LeaseTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final MemoryClusterStore store = new MemoryClusterStore();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Lease one = lease("one", Duration.ZERO);

    /** Its clock is hours ahead. */
    private final Lease other = lease("other", Duration.ofHours(5));

    @AfterEach
    void close() {
        store.close();
    }

    private Lease lease(String name, Duration ahead) {
        Clock clock = new Clock() {
            @Override
            public Instant instant() {
                return now.plus(ahead);
            }

            @Override
            public ZoneOffset getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }
        };
        return new Lease(new ClusterState(store, new FlynnJson(), clock), name, PATIENCE);
    }

    private void pass(Duration time) {
        now = now.plus(time);
    }

    @Test
    void oneHasIt() {
        assertThat(one.hold()).isTrue();
        assertThat(one.hold()).isTrue();
        assertThat(other.hold()).isFalse();
    }

    @Test
    void whoeverShowsThatItLivesKeepsIt() {
        assertThat(one.hold()).isTrue();
        for (int i = 0; i < 20; i++) {
            assertThat(other.hold()).isFalse();
            pass(Duration.ofSeconds(10));
            assertThat(one.hold()).isTrue();
        }
    }

    @Test
    void whoeverIsSilentLosesIt() {
        assertThat(one.hold()).isTrue();
        assertThat(other.hold()).isFalse();
        pass(PATIENCE.minusSeconds(1));
        assertThat(other.hold()).isFalse();
        pass(Duration.ofSeconds(1));
        assertThat(other.hold()).isTrue();
        assertThat(one.hold()).isFalse();
    }

    @Test
    void whoLostItWritesNothing() {
        assertThat(one.hold()).isTrue();
        one.commit(Transaction.builder().put("acme/x", "1"));
        assertThat(other.hold()).isFalse();
        pass(PATIENCE);
        assertThat(other.hold()).isTrue();

        assertThatThrownBy(() -> one.commit(Transaction.builder().put("acme/x", "2")))
                .isInstanceOf(CancellationException.class);
        other.commit(Transaction.builder().put("acme/y", "3"));
        assertThat(store.get("acme/x").orElseThrow().value()).isEqualTo("1");
        assertThat(store.get("acme/y")).isPresent();
    }

    @Test
    void whatIsReleasedIsFree() {
        assertThat(one.hold()).isTrue();
        one.release();
        assertThat(other.hold()).isTrue();
        one.release();
        assertThat(one.hold()).isFalse();
        assertThatThrownBy(() -> one.commit(Transaction.builder().put("acme/x", "2")))
                .isInstanceOf(CancellationException.class);
    }
}
