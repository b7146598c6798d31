package dev.flynn.router;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.time.Duration;

/**
 * The patience and the limits of a router.
 *
 * @param headTimeout for a request's head, from its first byte, and for the first request of a connection
 * @param clientIdle for which a connection without a request is kept
 * @param dialTimeout for a backend to accept a connection
 * @param responseTimeout for a backend to begin its response while nothing else moves; also for a client that does not
 *     read its response. Once a response has begun, its backend may pause for as long as it likes
 * @param backendIdle for which a connection to a backend is kept; below the five seconds that Node.js keeps one
 * @param linger for the rest of a request that was answered early
 * @param closeGrace for requests in flight when the router closes
 * @param maxHeadBytes of a request or response
 */
record RouterConfig(
        Duration headTimeout,
        Duration clientIdle,
        Duration dialTimeout,
        Duration responseTimeout,
        Duration backendIdle,
        Duration linger,
        Duration closeGrace,
        int maxHeadBytes) {

    private static final Duration LAST_REQUEST = Duration.ofSeconds(1);

    static final RouterConfig DEFAULTS = new RouterConfig(
            Duration.ofMinutes(1),
            Duration.ofMinutes(5),
            Duration.ofSeconds(1),
            Duration.ofMinutes(10),
            Duration.ofSeconds(4),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            64 * 1024);

    RouterConfig {
        requirePositive(headTimeout, "headTimeout");
        requirePositive(clientIdle, "clientIdle");
        requirePositive(dialTimeout, "dialTimeout");
        requirePositive(responseTimeout, "responseTimeout");
        requirePositive(backendIdle, "backendIdle");
        requirePositive(linger, "linger");
        requireNonNull(closeGrace, "closeGrace");
        if (maxHeadBytes < 1024) {
            throw FlynnException.invalid("maxHeadBytes must be at least 1024, was " + maxHeadBytes);
        }
    }

    /** For which a client without a request may still send its last one when the router closes. */
    Duration lastRequest() {
        Duration half = closeGrace.dividedBy(2);
        return half.compareTo(LAST_REQUEST) < 0 ? half : LAST_REQUEST;
    }

    int dialMillis() {
        return millis(dialTimeout);
    }

    /** As sockets take it: at least one, because to them 0 is for ever. */
    static int millis(Duration patience) {
        return (int) Math.max(1, Math.min(Integer.MAX_VALUE, patience.toMillis()));
    }

    RouterConfig withHeadTimeout(Duration value) {
        return new RouterConfig(
                value, clientIdle, dialTimeout, responseTimeout, backendIdle, linger, closeGrace, maxHeadBytes);
    }

    RouterConfig withClientIdle(Duration value) {
        return new RouterConfig(
                headTimeout, value, dialTimeout, responseTimeout, backendIdle, linger, closeGrace, maxHeadBytes);
    }

    RouterConfig withDialTimeout(Duration value) {
        return new RouterConfig(
                headTimeout, clientIdle, value, responseTimeout, backendIdle, linger, closeGrace, maxHeadBytes);
    }

    RouterConfig withResponseTimeout(Duration value) {
        return new RouterConfig(
                headTimeout, clientIdle, dialTimeout, value, backendIdle, linger, closeGrace, maxHeadBytes);
    }

    RouterConfig withBackendIdle(Duration value) {
        return new RouterConfig(
                headTimeout, clientIdle, dialTimeout, responseTimeout, value, linger, closeGrace, maxHeadBytes);
    }

    RouterConfig withLinger(Duration value) {
        return new RouterConfig(
                headTimeout, clientIdle, dialTimeout, responseTimeout, backendIdle, value, closeGrace, maxHeadBytes);
    }

    RouterConfig withCloseGrace(Duration value) {
        return new RouterConfig(
                headTimeout, clientIdle, dialTimeout, responseTimeout, backendIdle, linger, value, maxHeadBytes);
    }

    private static void requirePositive(Duration duration, String name) {
        if (duration.isNegative() || duration.isZero()) {
            throw FlynnException.invalid(name + " must be longer than zero, was " + duration);
        }
    }
}
