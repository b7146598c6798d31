package dev.flynn.spi.router;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy;
import org.apiguardian.api.API;

/**
 * What a {@link Router} can do beyond carrying HTTP/1.1 requests. A table that needs more than is declared is refused
 * (RT-8), see {@link RouteTable#requireSupported}.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum RouterCapability {
    /** Listens for TLS, and chooses the certificate by the name in the handshake (RT-10). */
    TLS,
    /** Carries WebSocket and other upgrades both ways (RT-11). */
    UPGRADE,
    /** After an upgrade each direction ends by itself (RT-30). */
    HALF_CLOSE,
    /** A cookie keeps a client at one backend: {@link HttpRoute#sticky} (RT-4). */
    STICKY,
    /** {@link TcpRoute} (RT-12). */
    TCP,
    /** Clients may speak HTTP/2 over TLS (RT-13). */
    HTTP_2,
    /** Clients may speak HTTP/2 without TLS, by prior knowledge (RT-31). */
    H2C,
    /** Carries WebSockets of clients that speak HTTP/2 to backends that know HTTP/1.1 (RT-34). */
    WEB_SOCKET_IN_HTTP_2,
    /** {@link BackendProtocol#H2C} (RT-14). */
    H2C_BACKENDS,
    /** HTTP routes with a port of their own: {@link HttpRoute#port} (RT-15). */
    PORTS,
    /** Routes that lead to several services (RT-16). */
    WEIGHTS,
    /** {@link Router#watch} tells when a backend has nothing in flight any more (RT-9). */
    DRAIN_EVENTS,
    /** {@link RoutePolicy#requestHeaders} and {@link RoutePolicy#responseHeaders} (RT-17). */
    HEADERS,
    /** {@link RoutePolicy#redirectToHttps} (RT-18). */
    HTTPS_REDIRECT,
    /** {@link RoutePolicy#maintenance} (RT-19). */
    MAINTENANCE,
    /** {@link RoutePolicy#maxBodyBytes} (RT-20). */
    BODY_LIMIT,
    /** {@link RoutePolicy#maxConcurrent} (RT-21). */
    CONCURRENCY_LIMIT,
    /** {@link RoutePolicy#rateLimit} and {@link RoutePolicy#clientRateLimit} (RT-22). */
    RATE_LIMIT,
    /** {@link RoutePolicy#auth} of the kind {@code BASIC} (RT-23). */
    BASIC_AUTH,
    /** {@link RoutePolicy#auth} of the kind {@code DIGEST} (RT-24). */
    DIGEST_AUTH,
    /** {@link RoutePolicy#healthCheck} (RT-25). */
    HEALTH_CHECKS,
    /** {@link RoutePolicy#dialTimeout} and {@link RoutePolicy#responseTimeout} (RT-26). */
    TIMEOUTS,
    /** {@link RoutePolicy#idleTimeout} (RT-32). */
    IDLE_TIMEOUT,
    /** {@link HttpRoute#disableKeepAlives} (RT-27). */
    KEEP_ALIVE_SWITCH,
    /** {@link RouteTable#challenges} (RT-33). */
    ACME_CHALLENGES
}
