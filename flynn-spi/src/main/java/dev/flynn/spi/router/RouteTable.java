package dev.flynn.spi.router;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * Everything that a router needs to know to carry requests, at one moment.
 *
 * @param routes in any order; at most one per domain and path
 * @param backends service name to the addresses that serve it now
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record RouteTable(List<HttpRoute> routes, Map<String, List<Backend>> backends) {

    public static final RouteTable EMPTY = new RouteTable(List.of(), Map.of());

    public RouteTable {
        routes = List.copyOf(routes);
        backends = Map.copyOf(backends);
    }

    /**
     * A domain and path that lead to a service.
     *
     * @param domain an exact host or {@code *.suffix}, in any letter case
     * @param path starts and ends with a slash
     * @param leaderOnly whether only the leader among the backends gets requests
     */
    public record HttpRoute(
            String id,
            String domain,
            String path,
            String service,
            boolean sticky,
            boolean leaderOnly,
            Optional<Certificate> certificate) {}

    /**
     * An address that serves.
     *
     * @param addr {@code host:port}
     */
    public record Backend(String addr, boolean leader) {}

    /** PEM texts: the chain with the leaf first, and the private key. */
    public record Certificate(String chain, String key) {
        @Override
        public String toString() {
            return "Certificate[***]";
        }
    }
}
