package dev.flynn.discovery;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Until when registrations live. Kept in memory only: after a restart nobody's last heartbeat is known, so that everybody
 * gets time to send one. Not thread-safe.
 */
final class Leases {

    private final Duration ttl;
    private final Map<String, Instant> renewed = new HashMap<>();
    private Instant nothingBefore;
    private Instant lastLook;

    /**
     * @param found what was registered before this start: if there is any, nothing expires for twice the time to live
     */
    Leases(Duration ttl, Instant start, Set<String> found) {
        this.ttl = ttl;
        this.nothingBefore = found.isEmpty() ? start : start.plus(ttl.multipliedBy(2));
        this.lastLook = start;
        found.forEach(key -> renewed.put(key, start));
    }

    void renew(String key, Instant now) {
        renewed.put(key, now);
    }

    /**
     * Who of the registered has not been renewed for longer than the time to live.
     *
     * <p>Whoever is met for the first time counts as renewed now. If the last look was longer ago than the time to live, then
     * this process did not run (it was stopped, its machine slept), nor did those who send heartbeats to it: they get the
     * time of a restart.
     */
    List<String> expired(Collection<String> registered, Instant now) {
        if (now.isAfter(lastLook.plus(ttl))) {
            nothingBefore = now.plus(ttl.multipliedBy(2));
        }
        lastLook = now;
        renewed.keySet().retainAll(Set.copyOf(registered));
        registered.forEach(key -> renewed.putIfAbsent(key, now));
        if (now.isBefore(nothingBefore)) {
            return List.of();
        }
        return registered.stream()
                .filter(key -> now.isAfter(renewed.getOrDefault(key, now).plus(ttl)))
                .sorted()
                .toList();
    }
}
