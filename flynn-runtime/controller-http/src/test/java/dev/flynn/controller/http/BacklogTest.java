package dev.flynn.controller.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BacklogTest {

    private static final Duration NOW = Duration.ZERO;

    @Test
    void givesItemsInOrderThenNothing() throws InterruptedException {
        Backlog<Integer> backlog = Backlog.ofEvents();
        backlog.add(1);
        backlog.add(2);

        assertThat(backlog.next(NOW)).contains(1);
        assertThat(backlog.next(NOW)).contains(2);
        assertThat(backlog.next(NOW)).isEmpty();
        assertThat(backlog.ended()).isEmpty();
    }

    @Test
    void aSubscriberThatIsAThousandItemsBehindGetsThemAndIsEnded() throws InterruptedException {
        Backlog<Integer> backlog = Backlog.ofEvents();
        for (int i = 0; i < 1500; i++) {
            backlog.add(i);
        }

        int given = 0;
        while (backlog.next(NOW).isPresent()) {
            given++;
        }

        assertThat(given).isEqualTo(1000);
        assertThat(backlog.ended()).contains("event stream buffer overflow");
    }

    @Test
    void theEndWakesUpWhoeverWaits() throws InterruptedException {
        Backlog<Integer> backlog = Backlog.ofEvents();
        var waiting = new Thread(() -> {
            try {
                backlog.next(Duration.ofMinutes(1));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        waiting.start();

        backlog.end("closed");

        waiting.join(10_000);
        assertThat(waiting.isAlive()).isFalse();
        assertThat(backlog.ended()).contains("closed");
    }
}
