package dev.flynn.containers.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TurnsTest {

    private static final Duration LONG = Duration.ofMinutes(10);

    @Test
    void whoComesTooManyWaitsUntilATurnIsOver() throws Exception {
        var turns = new Turns(2, LONG);
        Turns.Turn first = turns.take();
        Turns.Turn second = turns.take();
        CompletableFuture<Turns.Turn> third = CompletableFuture.supplyAsync(() -> take(turns));

        assertThat(third).isNotDone();
        first.close();

        third.get().close();
        second.close();
        turns.take().close();
        turns.take().close();
    }

    @Test
    void whoHasWaitedTooLongGoesAheadAndTakesNobodysTurn() throws Exception {
        var turns = new Turns(1, Duration.ofMillis(1));
        Turns.Turn stuck = turns.take();

        turns.take().close();
        turns.take().close();

        stuck.close();
        var patient = new Turns(1, LONG);
        patient.take().close();
        patient.take().close();
    }

    @Test
    void whoIsInterruptedStopsWaiting() throws Exception {
        var turns = new Turns(1, LONG);
        Turns.Turn taken = turns.take();
        var failure = new AtomicReference<Throwable>();
        var waiting = new Thread(() -> {
            try {
                turns.take().close();
            } catch (InterruptedException e) {
                failure.set(e);
            }
        });
        waiting.start();
        await().until(() -> waiting.getState() == Thread.State.TIMED_WAITING);

        waiting.interrupt();
        waiting.join();

        assertThat(failure.get()).isInstanceOf(InterruptedException.class);
        taken.close();
        turns.take().close();
    }

    private static Turns.Turn take(Turns turns) {
        try {
            return turns.take();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
