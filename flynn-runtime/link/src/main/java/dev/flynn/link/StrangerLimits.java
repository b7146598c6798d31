package dev.flynn.link;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * What those may use up of whom nothing is known yet: connections, in all and per address, and requests to join per second.
 * Thread-safe.
 */
final class StrangerLimits {

    static final int MAX_CONNECTIONS = 512;
    static final int MAX_PER_ADDRESS = 32;
    static final int MAX_JOINS_AT_ONCE = 8;
    static final int JOINS_IN_A_ROW = 20;
    static final double JOINS_PER_SECOND = 2;

    private final LongSupplier nanoTime;
    private final Map<InetAddress, Integer> perAddress = new HashMap<>();
    private int connections;
    private int joining;
    private double joins = JOINS_IN_A_ROW;
    private long filledAt;

    StrangerLimits(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.filledAt = nanoTime.getAsLong();
    }

    /** Whether one more connection may try to say who it is; then {@link #leave} must follow. */
    synchronized boolean enter(InetAddress address) {
        if (connections >= MAX_CONNECTIONS || perAddress.getOrDefault(address, 0) >= MAX_PER_ADDRESS) {
            return false;
        }
        connections++;
        perAddress.merge(address, 1, Integer::sum);
        return true;
    }

    /** Somebody said who it is, or is gone. */
    synchronized void leave(InetAddress address) {
        connections--;
        perAddress.computeIfPresent(address, (known, count) -> count == 1 ? null : count - 1);
    }

    /** Whether one more host may ask to join now; then {@link #endJoin} must follow. */
    synchronized boolean beginJoin() {
        long now = nanoTime.getAsLong();
        joins = Math.min(JOINS_IN_A_ROW, joins + (now - filledAt) / 1e9 * JOINS_PER_SECOND);
        filledAt = now;
        if (joining >= MAX_JOINS_AT_ONCE || joins < 1) {
            return false;
        }
        joins--;
        joining++;
        return true;
    }

    synchronized void endJoin() {
        joining--;
    }
}
