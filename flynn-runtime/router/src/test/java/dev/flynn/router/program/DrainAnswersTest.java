package dev.flynn.router.program;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Drains;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DrainAnswersTest {

    private static final String ADDR = "10.0.0.1:8080";

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final Drains drains = new Drains(state);
    private final AtomicInteger wishes = new AtomicInteger();
    private final DrainAnswers answers = new DrainAnswers(state, "host1-router", wishes::incrementAndGet);
    private final JobId job = JobId.random("host1");

    @AfterEach
    void close() {
        answers.close();
        store.close();
    }

    private static RouteTable naming(String... addrs) {
        return RouteTable.builder().backends("web", addrs).build();
    }

    private void apply(RouteTable table, boolean tellsDrained) {
        answers.applying(table, tellsDrained);
        answers.applied();
    }

    private void ask() {
        int before = wishes.get();
        drains.ask(job, List.of(ADDR));
        await().until(() -> wishes.get() > before);
        answers.answer();
    }

    /** All that were to be written are written by the time that another one is. */
    private Set<String> answersSoFar() {
        JobId other = JobId.random("host1");
        int before = wishes.get();
        drains.ask(other, List.of("10.0.0.9:1"));
        await().until(() -> wishes.get() > before);
        answers.answer();
        await().until(() -> !drains.answers(other).isEmpty());
        drains.forget(other.value());
        return drains.answers(job);
    }

    @Test
    void whatIsInTheTableOrInFlightIsNotDrained() {
        apply(naming(ADDR), true);
        ask();
        assertThat(answersSoFar()).isEmpty();

        apply(naming(), true);
        assertThat(answersSoFar()).isEmpty();

        answers.drained(ADDR);
        assertThat(answersSoFar()).containsExactly("host1-router");
    }

    @Test
    void whatWasDrainedBeforeItIsAskedForIsDrained() {
        apply(naming(ADDR), true);
        apply(naming(), true);
        answers.drained(ADDR);

        ask();

        assertThat(answersSoFar()).containsExactly("host1-router");
    }

    @Test
    void whatComesBackIsNotDrained() {
        apply(naming(ADDR), true);
        apply(naming(), true);
        apply(naming(ADDR), true);
        answers.drained(ADDR);

        ask();

        assertThat(answersSoFar()).isEmpty();
    }

    @Test
    void aRouterThatCannotTellAnswersOnceItsTableIsApplied() {
        apply(naming(ADDR), false);
        ask();
        assertThat(answersSoFar()).isEmpty();

        apply(naming(), false);

        assertThat(answersSoFar()).containsExactly("host1-router");
    }

    @Test
    void nothingIsSaidBeforeTheFirstTable() {
        drains.ask(job, List.of(ADDR));
        answers.answer();
        apply(naming(ADDR), true);

        assertThat(answersSoFar()).isEmpty();
    }

    @Test
    void whoAsksAgainIsAnsweredAgain() {
        apply(naming(), true);
        ask();
        assertThat(answersSoFar()).hasSize(1);
        drains.forget(job.value());
        assertThat(drains.answers(job)).isEmpty();

        ask();

        assertThat(answersSoFar()).hasSize(1);
    }
}
