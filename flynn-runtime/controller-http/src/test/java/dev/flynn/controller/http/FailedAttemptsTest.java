package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class FailedAttemptsTest {

    private long now = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();
    private final FailedAttempts attempts = new FailedAttempts(() -> now);

    @Test
    void theFirstOnesAreAnsweredAtOnceAndThenOneInASecond() {
        for (int i = 0; i < FailedAttempts.AT_ONCE; i++) {
            assertThat(attempts.failed("192.0.2.1")).hasValue(Duration.ZERO);
        }
        for (int i = 1; i <= FailedAttempts.WAITING; i++) {
            assertThat(attempts.failed("192.0.2.1")).hasValue(Duration.ofSeconds(i));
        }
        assertThat(attempts.failed("192.0.2.1")).isEmpty();
        assertThat(attempts.failed("192.0.2.2")).hasValue(Duration.ZERO);
        assertThat(attempts.count()).isEqualTo(FailedAttempts.AT_ONCE + FailedAttempts.WAITING + 2);
    }

    @Test
    void whoStopsIsForgiven() {
        for (int i = 0; i < FailedAttempts.AT_ONCE + 5; i++) {
            attempts.failed("192.0.2.1");
        }
        now += Duration.ofSeconds(5).toNanos();
        assertThat(attempts.failed("192.0.2.1")).hasValue(Duration.ofSeconds(1));
        now += Duration.ofHours(1).toNanos();
        assertThat(attempts.failed("192.0.2.1")).hasValue(Duration.ZERO);
    }

    @Test
    void manyAddressesTakeBoundedMemory() {
        for (int i = 0; i < 3 * FailedAttempts.ADDRESSES; i++) {
            attempts.failed("192.0." + (i / 256) + "." + (i % 256));
        }
        assertThat(attempts.addresses()).isEqualTo(FailedAttempts.ADDRESSES);
    }

    @Test
    void addressesOfOneNetworkAreOne() {
        for (int i = 0; i < FailedAttempts.AT_ONCE; i++) {
            attempts.failed("2001:db8:1:2:0:0:0:" + i);
        }
        assertThat(attempts.failed("2001:db8:1:2:aaaa:0:0:1")).hasValue(Duration.ofSeconds(1));
        assertThat(attempts.failed("2001:db8:1:3:0:0:0:1")).hasValue(Duration.ZERO);
    }
}
