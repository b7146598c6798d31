package dev.flynn.router;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The backends of one service, and the choice among them. */
final class BackendSet {

    static final BackendSet EMPTY = new BackendSet(List.of());

    private final List<Backend> backends;
    private final AtomicInteger turn =
            new AtomicInteger(ThreadLocalRandom.current().nextInt());

    BackendSet(List<Backend> backends) {
        this.backends = List.copyOf(backends);
    }

    List<Backend> backends() {
        return backends;
    }

    /** The backend with that address, unless it was tried. */
    @Nullable
    Backend named(String addr, Collection<Backend> tried) {
        for (Backend backend : backends) {
            if (backend.addr().equals(addr)) {
                return backend.isRetired() || tried.contains(backend) ? null : backend;
            }
        }
        return null;
    }

    boolean has(Backend wanted) {
        return backends.stream().anyMatch(backend -> backend.addr().equals(wanted.addr()));
    }

    /**
     * Chooses the one whose turn it is, or a random other one that has fewer requests in flight. Those that refused a
     * connection lately come last; those that no table names any more are not chosen.
     *
     * @return null if all were tried
     */
    @Nullable
    Backend choose(Collection<Backend> tried) {
        int count = backends.size();
        if (count == 0) {
            return null;
        }
        int first = Math.floorMod(turn.getAndIncrement(), count);
        if (count > 1 && tried.isEmpty()) {
            Backend next = backends.get(first);
            int step = 1 + ThreadLocalRandom.current().nextInt(count - 1);
            Backend other = backends.get((first + step) % count);
            if (!next.isRetired() && !other.isRetired() && !next.refusedLately() && !other.refusedLately()) {
                return other.inFlight() < next.inFlight() ? other : next;
            }
        }
        return bestFrom(first, tried);
    }

    private @Nullable Backend bestFrom(int first, Collection<Backend> tried) {
        Backend best = null;
        for (int i = 0; i < backends.size(); i++) {
            Backend candidate = backends.get((first + i) % backends.size());
            if (!tried.contains(candidate) && !candidate.isRetired() && (best == null || isBetter(candidate, best))) {
                best = candidate;
            }
        }
        return best;
    }

    private static boolean isBetter(Backend candidate, Backend best) {
        if (candidate.refusedLately() != best.refusedLately()) {
            return best.refusedLately();
        }
        return candidate.inFlight() < best.inFlight();
    }
}
