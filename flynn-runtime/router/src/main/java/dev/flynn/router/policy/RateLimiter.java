package dev.flynn.router.policy;

import dev.flynn.api.route.RoutePolicy.RateLimit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets as many requests through as a {@link RateLimit} says, evenly spread, and a burst at once: the generic cell rate
 * algorithm, a token bucket that needs one number. Thread-safe, without locks.
 */
final class RateLimiter {

    private final long intervalNanos;
    private final long burstNanos;

    /** When a request would be due if all came evenly, in nanoseconds since the first one was thinkable. */
    private final AtomicLong due = new AtomicLong();

    RateLimiter(RateLimit limit) {
        this.intervalNanos = Math.max(1, limit.per().toNanos() / limit.requests());
        this.burstNanos = Math.multiplyExact(intervalNanos, (long) limit.burst() - 1);
    }

    /**
     * @param now of a clock that begins near zero and never goes back, in nanoseconds
     * @return how long to wait in nanoseconds; 0 if the request may pass, which is then counted
     */
    long take(long now) {
        while (true) {
            long before = due.get();
            long from = Math.max(before, now);
            long early = from - now - burstNanos;
            if (early > 0) {
                return early;
            }
            if (due.compareAndSet(before, from + intervalNanos)) {
                return 0;
            }
        }
    }

    /** Whether it would let a whole burst through, so that it may be forgotten. */
    boolean isIdle(long now) {
        return due.get() <= now;
    }
}
