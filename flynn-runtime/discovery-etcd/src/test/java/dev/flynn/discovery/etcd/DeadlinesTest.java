package dev.flynn.discovery.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.discovery.etcd.Deadlines.Due;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DeadlinesTest {

    private static final Duration TTL = Duration.ofSeconds(10);

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final Deadlines deadlines = new Deadlines(TTL, now::get);

    @Test
    void whatIsNotRenewedIsDueOnceAfterItsTime() {
        deadlines.wrote("a", 7);
        pass(9);
        assertThat(deadlines.takeDue()).isEmpty();

        pass(1);

        assertThat(deadlines.takeDue()).containsExactly(new Due("a", 7));
        assertThat(deadlines.takeDue()).isEmpty();
    }

    @Test
    void aHeartbeatOfADyingInstanceDoesNotCount() {
        deadlines.wrote("a", 7);
        pass(10);
        Due due = deadlines.takeDue().get(0);

        assertThat(deadlines.renew("a", 7)).isFalse();
        deadlines.removed(due);
        assertThat(deadlines.renew("a", 8)).isTrue();
    }

    @Test
    void aRemovalThatFailedIsDueAgainUnlessTheInstanceWasWrittenAnew() {
        deadlines.wrote("a", 7);
        deadlines.wrote("b", 8);
        pass(10);
        assertThat(deadlines.takeDue()).hasSize(2);
        deadlines.wrote("b", 9);

        deadlines.stillThere(new Due("a", 7));
        deadlines.stillThere(new Due("b", 8));

        assertThat(deadlines.takeDue()).containsExactly(new Due("a", 7));
    }

    @Test
    void whatWasThereBeforeAStartHasTwiceTheTime() {
        deadlines.adopted("a", 7);
        pass(10);
        assertThat(deadlines.takeDue()).isEmpty();
        pass(9);
        assertThat(deadlines.takeDue()).isEmpty();
        pass(1);
        assertThat(deadlines.takeDue()).hasSize(1);
    }

    @Test
    void afterAPauseOfTheProcessAllHaveTheTimeOfARestart() {
        deadlines.wrote("a", 7);
        pass(11);
        assertThat(deadlines.takeDue()).isEmpty();
        pass(10);
        assertThat(deadlines.takeDue()).isEmpty();
        pass(10);
        assertThat(deadlines.takeDue()).hasSize(1);
    }

    private void pass(int seconds) {
        now.addAndGet(Duration.ofSeconds(seconds).toNanos());
    }
}
