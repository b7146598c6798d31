package dev.flynn.spi.router;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * Carries requests to backends (contract: layer 1, Router).
 *
 * <p>Promises of every router:
 *
 * <ul>
 *   <li>RT-1 {@link #apply} is atomic: a request is carried by one table, the old or the new one.
 *   <li>RT-2 No request fails because a table was applied.
 *   <li>RT-3 A backend that refuses the connection is skipped; any later failure is not repeated elsewhere.
 *   <li>RT-4 A sticky session holds while its backend is in the table, on every router with the same key.
 *   <li>RT-5 The deepest path of the best matching domain wins; an exact domain before a wildcard.
 *   <li>RT-6 No route is 404, no backend is 503. The leader alone gets what a route keeps for the leader.
 *   <li>RT-7 {@link #close} stops accepting, lets requests in flight finish for a while, and frees the ports.
 *   <li>RT-8 A table that needs what is not among the {@link #capabilities} is refused as a whole, with the route and the
 *       capability in the message. What is wrong with one route only is told in the {@link ApplyResult}, and all others
 *       serve.
 *   <li>RT-28 Method, target and {@code Host} arrive as they were sent. {@code X-Forwarded-For}, {@code -Proto} and {@code
 *       -Port} are extended, {@code X-Request-Start} is set, and {@code X-Request-Id} where the client's own is not well
 *       formed; all other fields pass both ways, but for those of the connection.
 *   <li>RT-29 Bodies are streamed both ways, without waiting for their end and within bounded memory: who does not read
 *       stops the other side. Only a request of another method than {@code POST} may be taken in whole, outside of memory,
 *       before it goes on. When the client goes away, so does its request.
 * </ul>
 *
 * <p>Promises of a router that declares the {@link RouterCapability}:
 *
 * <ul>
 *   <li>RT-9 DRAIN_EVENTS: once a table without a backend is applied and nothing is in flight there, listeners hear that
 *       once.
 *   <li>RT-10 TLS: the certificate is that of the {@code /} route of the domain that matches the name in the handshake, else
 *       the default one; a name without a route fails the handshake.
 *   <li>RT-11 UPGRADE: after 101, bytes pass both ways until the backend or the client ends the connection.
 *   <li>RT-12 TCP: each connection goes to one backend, bytes pass both ways, and each direction ends by itself; a backend
 *       that refuses is skipped; without one the connection is closed. A route that names another service serves that one
 *       for new connections; a port without a route is closed, and its connections go on.
 *   <li>RT-13 HTTP_2: on TLS by ALPN.
 *   <li>RT-14 H2C_BACKENDS: requests arrive in HTTP/2, with trailers both ways.
 *   <li>RT-15 PORTS: a route with a port serves on that port, and nowhere else.
 *   <li>RT-16 WEIGHTS: new clients are shared out by weight; who has a sticky session stays.
 *   <li>RT-17 HEADERS: fields are removed and set on the way to the backend, and on the way to the client.
 *   <li>RT-18 HTTPS_REDIRECT: a plain request is answered with 301 or 308 to the same place under {@code https}, and carried
 *       nowhere.
 *   <li>RT-19 MAINTENANCE: every request is answered as the policy says, and carried nowhere.
 *   <li>RT-20 BODY_LIMIT: a longer body is 413; it does not arrive whole.
 *   <li>RT-21 CONCURRENCY_LIMIT: a request beyond those in flight is 503.
 *   <li>RT-22 RATE_LIMIT: a request beyond the rate is 429, for the route as a whole or for each client address.
 *   <li>RT-23 BASIC_AUTH: who does not prove who they are gets 401 with the challenge (RFC 7617).
 *   <li>RT-24 DIGEST_AUTH: the same by RFC 7616; each count of a nonce is good once.
 *   <li>RT-25 HEALTH_CHECKS: a backend whose checks fail is not chosen while others do better, and again once they succeed; if all
 *       fail, all are chosen.
 *   <li>RT-26 TIMEOUTS: a backend that does not accept in the route's time is skipped, one that does not begin its response in
 *       the route's time is 503.
 *   <li>RT-27 KEEP_ALIVE_SWITCH: each request has a connection of its own to the backend.
 *   <li>RT-30 HALF_CLOSE: after 101, each direction ends by itself.
 *   <li>RT-31 H2C: clients may speak HTTP/2 without TLS, by prior knowledge.
 *   <li>RT-32 IDLE_TIMEOUT: a response that pauses for longer than the route allows is broken off, in a way that cannot be
 *       taken for its end; a connection after 101 that is silent for longer is closed.
 *   <li>RT-33 ACME_CHALLENGES: a request for the token of a challenge, on its domain, is answered with the key authorization
 *       before any route or policy is asked; other tokens, and other domains, are requests like any other. With TLS, a
 *       handshake that offers the protocol {@code acme-tls/1} for the domain gets the certificate of RFC 8737 and that
 *       protocol, and then its end; without a challenge it fails. Challenges of a table before are not answered.
 *   <li>RT-34 WEB_SOCKET_IN_HTTP_2: a stream of HTTP/2 becomes a WebSocket at a backend that knows HTTP/1.1 (RFC 8441).
 * </ul>
 *
 * <p>Implementations are thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Router extends AutoCloseable {

    Set<RouterCapability> capabilities();

    /**
     * Carries requests by this table from now on.
     *
     * @throws FlynnException {@code VALIDATION} if the table cannot be served at all; the one before goes on
     */
    ApplyResult apply(RouteTable table);

    /** Where plain HTTP is accepted. */
    InetSocketAddress httpAddress();

    /** Where TLS is accepted, if it is. */
    Optional<InetSocketAddress> httpsAddress();

    /**
     * Tells of what happens from now on.
     *
     * @throws FlynnException {@code UNSUPPORTED} without {@link RouterCapability#DRAIN_EVENTS}
     */
    default Subscription watch(RouterListener listener) {
        throw FlynnException.unsupported("telling when a backend is drained");
    }

    @Override
    void close();
}
