package dev.flynn.spi.router;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apiguardian.api.API;

/**
 * Everything that a router needs to know to carry requests, at one moment.
 *
 * <pre>{@code
 * RouteTable.builder()
 *         .route(HttpRoute.to("shop.example.org", "shop").sticky())
 *         .route(TcpRoute.to(5432, "db"))
 *         .backends("shop", "10.0.0.1:8080", "10.0.0.2:8080")
 *         .backends("db", List.of(new Backend("10.0.0.3:5432", true)))
 *         .build()
 * }</pre>
 *
 * @param routes in any order; of those with the same domain, port and path the first one counts
 * @param tcpRoutes of those with the same port the first one counts
 * @param backends service name to the addresses that serve it now
 * @param challenges of certificate authorities that may ask now, answered before any route
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record RouteTable(
        List<HttpRoute> routes,
        List<TcpRoute> tcpRoutes,
        Map<String, List<Backend>> backends,
        Set<AcmeChallenge> challenges) {

    public static final RouteTable EMPTY = new RouteTable(List.of(), List.of(), Map.of());

    /** A table that answers no challenges. */
    public RouteTable(List<HttpRoute> routes, List<TcpRoute> tcpRoutes, Map<String, List<Backend>> backends) {
        this(routes, tcpRoutes, backends, Set.of());
    }

    public RouteTable {
        routes = List.copyOf(routes);
        tcpRoutes = List.copyOf(tcpRoutes);
        backends = Map.copyOf(backends);
        challenges = Set.copyOf(challenges);
    }

    public static Builder builder() {
        return new Builder();
    }

    /**
     * An address that serves.
     *
     * @param addr {@code host:port}
     */
    public record Backend(String addr, boolean leader) {
        public Backend {
            requireNonNull(addr, "addr");
        }
    }

    /** PEM texts: the chain with the leaf first, and the private key. */
    public record Certificate(String chain, String key) {
        public Certificate {
            requireNonNull(chain, "chain");
            requireNonNull(key, "key");
        }

        @Override
        public String toString() {
            return "Certificate[***]";
        }
    }

    /**
     * The table without the routes and challenges that need more.
     *
     * @param leftOut is told of each
     */
    public RouteTable supportedBy(Set<RouterCapability> capabilities, Consumer<ApplyResult.Problem> leftOut) {
        return new RouteTable(
                routes.stream()
                        .filter(route -> isSupported(route.id(), route.needs(), capabilities, leftOut))
                        .toList(),
                tcpRoutes.stream()
                        .filter(route -> isSupported(route.id(), route.needs(), capabilities, leftOut))
                        .toList(),
                backends,
                challenges.stream()
                        .filter(challenge -> isSupported(challenge.domain(), challenge.needs(), capabilities, leftOut))
                        .collect(Collectors.toSet()));
    }

    private static boolean isSupported(
            String id,
            Set<RouterCapability> needs,
            Set<RouterCapability> capabilities,
            Consumer<ApplyResult.Problem> leftOut) {
        boolean supported = capabilities.containsAll(needs);
        if (!supported) {
            leftOut.accept(new ApplyResult.Problem(id, unsupported(needs, capabilities)));
        }
        return supported;
    }

    private static String unsupported(Set<RouterCapability> needs, Set<RouterCapability> capabilities) {
        Set<RouterCapability> missing = EnumSet.copyOf(needs);
        missing.removeAll(capabilities);
        return "needs %s, which this router does not offer; it offers %s".formatted(missing, capabilities);
    }

    /** @throws FlynnException {@code VALIDATION}, naming the first route or challenge that needs more, and what it needs */
    public void requireSupported(Set<RouterCapability> capabilities) {
        routes.forEach(route -> requireSupported(route.id(), route.needs(), capabilities));
        tcpRoutes.forEach(route -> requireSupported(route.id(), route.needs(), capabilities));
        challenges.forEach(challenge -> requireSupported(challenge.domain(), challenge.needs(), capabilities));
    }

    private static void requireSupported(String id, Set<RouterCapability> needs, Set<RouterCapability> capabilities) {
        if (!capabilities.containsAll(needs)) {
            throw FlynnException.invalid("route " + id + " " + unsupported(needs, capabilities));
        }
    }

    /** Collects a table. */
    public static final class Builder {

        private final List<HttpRoute> routes = new ArrayList<>();
        private final List<TcpRoute> tcpRoutes = new ArrayList<>();
        private final Map<String, List<Backend>> backends = new HashMap<>();
        private final Set<AcmeChallenge> challenges = new HashSet<>();

        private Builder() {}

        public Builder route(HttpRoute.Builder route) {
            return route(route.build());
        }

        public Builder route(HttpRoute route) {
            routes.add(route);
            return this;
        }

        public Builder route(TcpRoute route) {
            tcpRoutes.add(route);
            return this;
        }

        /** The addresses of a service, none of them the leader. */
        public Builder backends(String service, String... addrs) {
            return backends(
                    service,
                    Stream.of(addrs).map(addr -> new Backend(addr, false)).toList());
        }

        public Builder backends(String service, List<Backend> instances) {
            backends.put(service, List.copyOf(instances));
            return this;
        }

        public Builder challenge(AcmeChallenge challenge) {
            challenges.add(challenge);
            return this;
        }

        public RouteTable build() {
            return new RouteTable(routes, tcpRoutes, backends, challenges);
        }
    }
}
