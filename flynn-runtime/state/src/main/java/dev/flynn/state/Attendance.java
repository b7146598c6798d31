package dev.flynn.state;

import dev.flynn.state.HostPresence.Roll;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who came and who went, and since when: what {@link HostPresence} knows, without threads and clocks. Not thread-safe.
 *
 * <p>Nobody is taken for dead too soon, because a host whose jobs were given up has to stop them when it comes back:
 *
 * <ul>
 *   <li>who was seen and went has {@link #PATIENCE} to come again;
 *   <li>who was never seen, and who went together with the better part of the hosts, has {@link #LONG_PATIENCE}: perhaps
 *       everything was restarted, or it is discovery that has trouble;
 *   <li>while nobody lives, nobody is dead.
 * </ul>
 */
final class Attendance {

    static final Duration PATIENCE = Duration.ofSeconds(3);
    static final Duration LONG_PATIENCE = Duration.ofSeconds(30);

    /** The host of each registered instance. */
    private Map<String, String> hosts = new HashMap<>();

    /** What a watch that began tells first, until it is complete. */
    private @Nullable Map<String, String> told;

    private final Map<String, Long> goneSince = new HashMap<>();
    private Optional<Long> completeSince = Optional.empty();

    /** A watch begins and tells everything anew. */
    void begin() {
        told = new HashMap<>();
    }

    void appeared(String instance, String host) {
        (told == null ? hosts : told).put(instance, host);
        goneSince.remove(host);
    }

    void gone(String instance, long now) {
        String host = (told == null ? hosts : told).remove(instance);
        if (host != null && told == null && !hosts.containsValue(host)) {
            goneSince.put(host, now);
        }
    }

    /** The watch has told who is there. */
    void complete(long now) {
        if (told == null) {
            return;
        }
        Set<String> before = new HashSet<>(hosts.values());
        hosts = told;
        told = null;
        before.removeAll(hosts.values());
        before.forEach(host -> goneSince.put(host, now));
        completeSince = completeSince.or(() -> Optional.of(now));
    }

    Roll roll(Set<String> known, long now) {
        Set<String> alive = new HashSet<>(known);
        alive.retainAll(hosts.values());
        if (alive.isEmpty() || completeSince.isEmpty()) {
            return new Roll(alive, Set.of(), Optional.empty());
        }
        long patience = (wentLately(known, now) > alive.size() ? LONG_PATIENCE : PATIENCE).toNanos();
        Set<String> dead = new HashSet<>();
        Optional<Long> nextDeath = Optional.empty();
        for (String host : known) {
            if (alive.contains(host)) {
                continue;
            }
            Long gone = goneSince.get(host);
            long left = gone == null ? completeSince.get() + LONG_PATIENCE.toNanos() - now : gone + patience - now;
            if (left <= 0) {
                dead.add(host);
            } else if (nextDeath.isEmpty() || left < nextDeath.get()) {
                nextDeath = Optional.of(left);
            }
        }
        return new Roll(alive, dead, nextDeath);
    }

    private long wentLately(Set<String> known, long now) {
        return known.stream()
                .map(goneSince::get)
                .filter(gone -> gone != null && now - gone < LONG_PATIENCE.toNanos())
                .count();
    }
}
