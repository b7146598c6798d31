package dev.flynn.testing;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.base.NamedThreads;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class ManualTimeTest {

    private static final Instant START = Instant.parse("2026-02-03T04:05:06Z");

    private final ManualTime time = new ManualTime(START);
    private final ScheduledExecutorService timer = time.newTimer(2, new NamedThreads("manual"));

    /** What ran, and when. */
    private final List<String> ran = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    @Test
    void standsStillUntilItIsMoved() {
        assertThat(time.clock().instant()).isEqualTo(START);
        time.advance(Duration.ofMillis(1500));

        assertThat(time.clock().instant()).isEqualTo(START.plusMillis(1500));
        assertThat(time.nanoTime()).isEqualTo(1_500_000_000L);
        assertThatThrownBy(() -> time.advance(Duration.ofNanos(-1))).hasMessageContaining("only goes forward");
    }

    @Test
    void whatIsDueRunsAtItsTimeAndInOrder() {
        after(3, "c");
        after(1, "a");
        after(2, "b");
        after(5, "late");

        time.advance(Duration.ofSeconds(4));

        assertThat(ran).containsExactly("a at 1", "b at 2", "c at 3");
    }

    @Test
    void whatIsDueNowRunsWithoutBeingMoved() throws Exception {
        assertThat(timer.submit(() -> "now").get(10, SECONDS)).isEqualTo("now");
        assertThat(timer.schedule(() -> "at once", 0, SECONDS).get(10, SECONDS)).isEqualTo("at once");
    }

    @Test
    void aTaskMaySetAnother() {
        Future<?> unused = timer.schedule(() -> after(2, "second"), 1, SECONDS);

        time.advance(Duration.ofSeconds(3));

        assertThat(ran).containsExactly("second at 3");
    }

    @Test
    void repeatsUntilItIsCancelled() {
        Future<?> every = timer.scheduleWithFixedDelay(() -> note("tick"), 1, 2, SECONDS);
        time.advance(Duration.ofSeconds(6));
        every.cancel(false);
        time.advance(Duration.ofSeconds(6));

        assertThat(ran).containsExactly("tick at 1", "tick at 3", "tick at 5");
    }

    @Test
    void aRepeatedTaskThatFailsIsOver() {
        Future<?> every = timer.scheduleAtFixedRate(
                () -> {
                    note("tick");
                    throw new IllegalStateException("no more");
                },
                1,
                1,
                SECONDS);
        time.advance(Duration.ofSeconds(5));

        assertThat(ran).containsExactly("tick at 1");
        assertThat(every).isDone();
    }

    @Test
    void afterItsEndATimerRefusesAndRunsNothing() {
        after(1, "never");
        timer.shutdown();
        time.advance(Duration.ofSeconds(2));

        assertThat(ran).isEmpty();
        assertThatThrownBy(() -> after(1, "refused")).isInstanceOf(RejectedExecutionException.class);
        assertThatThrownBy(() -> timer.execute(() -> note("refused"))).isInstanceOf(RejectedExecutionException.class);
    }

    private void after(long seconds, String what) {
        Future<?> unused = timer.schedule(() -> note(what), seconds, SECONDS);
    }

    private void note(String what) {
        ran.add("%s at %d".formatted(what, time.nanoTime() / 1_000_000_000));
    }
}
