package dev.flynn.spi.router;

import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * Carries requests to backends (contract: layer 1, Router).
 *
 * <p>Promises:
 *
 * <ul>
 *   <li>RT-1 {@link #apply} is atomic: a request is carried by one table, the old or the new one.
 *   <li>RT-2 No request fails because a table was applied.
 *   <li>RT-3 A backend that refuses the connection is skipped; any later failure is not repeated elsewhere.
 *   <li>RT-4 A sticky session holds while its backend is in the table.
 *   <li>RT-5 The deepest path of the best matching domain wins; an exact domain before a wildcard.
 *   <li>RT-6 No route is 404, no backend is 503.
 *   <li>RT-7 {@link #close} stops accepting, lets requests in flight finish for a while, and frees the ports.
 * </ul>
 *
 * <p>Implementations are thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Router extends AutoCloseable {

    Set<RouterCapability> capabilities();

    /** Carries requests by this table from now on. */
    void apply(RouteTable table);

    /** Where plain HTTP is accepted. */
    InetSocketAddress httpAddress();

    /** Where TLS is accepted, if it is. */
    Optional<InetSocketAddress> httpsAddress();

    @Override
    void close();
}
