package dev.flynn.controller.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How long those wait for their answer who came with a wrong key: nobody for the first ones of an address, then so long that
 * there is one in a second, then for ever. Of the addresses, the 10,000 that came last are remembered.
 *
 * <p>Who has a key that is right never waits, whatever others of the same address do.
 */
final class FailedAttempts {

    /** How many are answered at once. */
    static final int AT_ONCE = 10;

    /** How many of one address wait. */
    static final int WAITING = 16;

    static final int ADDRESSES = 10_000;

    private static final long INTERVAL = Duration.ofSeconds(1).toNanos();

    private final LongSupplier nanoTime;

    /** By address: when it would be free again to fail as often as in the beginning. Guarded by this. */
    private final Map<String, Long> freeAt = new LinkedHashMap<>(16, 0.75f, true) {

        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > ADDRESSES;
        }
    };

    private long count;

    FailedAttempts(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Counts an attempt; gives how long its answer takes, and nothing if there is to be none. */
    synchronized Optional<Duration> failed(String address) {
        count++;
        long now = nanoTime.getAsLong();
        long free = freeAfterAnother(address, now);
        long delay = free - now - AT_ONCE * INTERVAL;
        if (delay > WAITING * INTERVAL) {
            return Optional.empty();
        }
        freeAt.put(network(address), free);
        return Optional.of(Duration.ofNanos(Math.max(0, delay)));
    }

    /** Whether the next attempt of this address would not be answered at once. */
    synchronized boolean wouldWait(String address) {
        long now = nanoTime.getAsLong();
        return freeAfterAnother(address, now) - now > AT_ONCE * INTERVAL;
    }

    private long freeAfterAnother(String address, long now) {
        Long known = freeAt.get(network(address));
        return (known == null || known - now < 0 ? now : known) + INTERVAL;
    }

    /** How many there were. */
    synchronized long count() {
        return count;
    }

    synchronized int addresses() {
        return freeAt.size();
    }

    /** Whoever has one address of IPv6 has all of its network. */
    private static String network(String address) {
        String[] groups = address.split(":");
        return groups.length > 4 && !address.contains(".")
                ? String.join(":", groups[0], groups[1], groups[2], groups[3])
                : address;
    }
}
