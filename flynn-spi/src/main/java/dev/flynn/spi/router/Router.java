package dev.flynn.spi.router;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.RoutePolicy;
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
 * </ul>
 *
 * <p>Promises of a router that declares the {@link RouterCapability}:
 *
 * <ul>
 *   <li>RT-9 DRAIN_EVENTS: once a table without a backend is applied and nothing is in flight there, listeners hear that
 *       once.
 *   <li>RT-10 TLS: the certificate is that of the {@code /} route of the domain that matches the name in the handshake, else
 *       the default one; a name without a route fails the handshake.
 *   <li>RT-11 UPGRADE: after 101, bytes pass both ways, and each direction ends by itself.
 *   <li>RT-12 TCP: each connection goes to one backend, bytes pass both ways, and each direction ends by itself; a backend
 *       that refuses is skipped; without one the connection is closed. A route that names another service serves that one
 *       for new connections; a port without a route is closed, and its connections go on.
 *   <li>RT-13 HTTP_2: on TLS by ALPN, and without TLS by prior knowledge.
 *   <li>RT-14 H2C_BACKENDS: requests arrive in HTTP/2, with trailers both ways.
 *   <li>RT-15 PORTS: a route with a port serves on that port, and nowhere else.
 *   <li>RT-16 WEIGHTS: new clients are shared out by weight; who has a sticky session stays.
 *   <li>RT-17 to RT-27: what {@link RoutePolicy} says, each under the capability that {@link RouterCapability} lists.
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
