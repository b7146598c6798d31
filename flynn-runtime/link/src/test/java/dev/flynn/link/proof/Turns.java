package dev.flynn.link.proof;

import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Turn;
import java.util.List;

/**
 * Decides from everything that was started what to start next, as schedulers do: whoever decides takes a {@link Turn} first, so
 * nothing may be started twice, however many decide at the same time.
 */
final class Turns {

    static final String STARTED = "started/";

    private static final int PAUSE_MILLIS = 60;

    private final ClusterState state;
    private final String name;

    Turns(ClusterState state, String name) {
        this.state = state;
        this.name = name;
    }

    void step() throws InterruptedException {
        var turn = new Turn(state);
        int started = state.store().list(STARTED).entries().size();
        turn.commit(Transaction.builder().put(STARTED + started, name), List.of(Turn.PREFIX + "proof"));
        Thread.sleep(PAUSE_MILLIS);
    }
}
