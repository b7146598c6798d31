package dev.flynn.containers.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class StartingThreadTest {

    private final StartingThread starting = new StartingThread();

    @AfterEach
    void clearInterrupt() {
        var unused = Thread.interrupted();
    }

    @Test
    void itIsInterruptedBetweenSteps() {
        starting.begin();

        starting.interrupt();

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void withinAStepItIsInterruptedAtItsEnd() throws InterruptedException {
        starting.begin();

        boolean interruptedWithin = starting.whole(() -> {
            starting.interrupt();
            return Thread.currentThread().isInterrupted();
        });

        assertThat(interruptedWithin).isFalse();
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aStepThatFailsEndsToo() {
        starting.begin();

        assertThatThrownBy(() -> starting.whole(() -> {
                    starting.interrupt();
                    throw new IllegalStateException("refused");
                }))
                .hasMessage("refused");

        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void afterAnInterruptNoStepBegins() {
        starting.begin();
        starting.interrupt();

        assertThatThrownBy(() -> starting.whole(() -> "made")).isInstanceOf(InterruptedException.class);
    }

    @Test
    void whoHasEndedIsNotInterrupted() {
        starting.begin();
        starting.end();

        starting.interrupt();

        assertThat(Thread.interrupted()).isFalse();
    }

    @Test
    void theEndOfAStepIsAwaited() throws Exception {
        var begun = new CountDownLatch(1);
        var mayEnd = new CountDownLatch(1);
        CompletableFuture<String> made = CompletableFuture.supplyAsync(() -> {
            starting.begin();
            try {
                return starting.whole(() -> {
                    begun.countDown();
                    awaitQuietly(mayEnd);
                    return "made";
                });
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            } finally {
                starting.end();
            }
        });
        begun.await();

        starting.awaitStep(Duration.ofMillis(20));
        assertThat(made).isNotDone();
        mayEnd.countDown();
        starting.awaitStep(Duration.ofMinutes(1));

        assertThat(made.get()).isEqualTo("made");
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
