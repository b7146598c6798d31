package dev.flynn.store;

import java.util.concurrent.TimeUnit;

/**
 * The time that the leader writes into transactions: the store's own, which goes on where the last one stopped and only
 * while there is a leader. No host's clock counts, so none can make the store forget.
 */
final class StoreTime {

    private record Beginning(long millis, long nanos) {}

    private final LiveState live;
    private volatile Beginning beginning = new Beginning(0, System.nanoTime());

    StoreTime(LiveState live) {
        this.live = live;
    }

    /** This peer begins to lead, and has applied what was before. */
    void begin() {
        beginning = new Beginning(live.read(StoreState::timeMillis), System.nanoTime());
    }

    long millis() {
        Beginning since = beginning;
        return since.millis() + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - since.nanos());
    }
}
