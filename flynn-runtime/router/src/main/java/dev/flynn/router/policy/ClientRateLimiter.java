package dev.flynn.router.policy;

import dev.flynn.api.route.RoutePolicy.RateLimit;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A {@link RateLimiter} for each client address; for IPv6 for each network of 64 bits, because a client has all of its
 * addresses. It remembers a bounded number of them: when there are more at a time, the new ones share one. Thread-safe.
 */
final class ClientRateLimiter {

    private static final int IPV6_GROUPS_OF_A_NETWORK = 4;
    private static final long PURGE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final RateLimit limit;
    private final int maxClients;
    private final Map<String, RateLimiter> limiters = new ConcurrentHashMap<>();
    private final RateLimiter shared;
    private final AtomicLong nextPurge = new AtomicLong();

    ClientRateLimiter(RateLimit limit, int maxClients) {
        this.limit = limit;
        this.maxClients = maxClients;
        this.shared = new RateLimiter(limit);
    }

    /** As {@link RateLimiter#take}. */
    long take(String address, long now) {
        return limiter(network(address), now).take(now);
    }

    int clients() {
        return limiters.size();
    }

    private RateLimiter limiter(String network, long now) {
        RateLimiter known = limiters.get(network);
        if (known != null) {
            return known;
        }
        if (limiters.size() >= maxClients) {
            purge(now);
            if (limiters.size() >= maxClients) {
                return shared;
            }
        }
        return limiters.computeIfAbsent(network, unused -> new RateLimiter(limit));
    }

    /** Forgets who has been quiet for long enough; at most once a second, so that a flood of addresses costs little. */
    private void purge(long now) {
        long next = nextPurge.get();
        if (now >= next && nextPurge.compareAndSet(next, now + PURGE_NANOS)) {
            limiters.values().removeIf(limiter -> limiter.isIdle(now));
        }
    }

    private static String network(String address) {
        int at = -1;
        for (int group = 0; group < IPV6_GROUPS_OF_A_NETWORK; group++) {
            at = address.indexOf(':', at + 1);
            if (at < 0) {
                return address;
            }
        }
        return address.substring(0, at);
    }
}
