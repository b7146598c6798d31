package dev.flynn.router.program;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.route.Route;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.RouteTable.Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** From the words of the API to those of the router. */
final class RouteTables {

    private static final int MAX_PORT = 65_535;

    private RouteTables() {}

    /** The table of all HTTP routes, oldest first. */
    static RouteTable of(Collection<Route> routes, Map<String, List<Backend>> backends) {
        return new RouteTable(
                routes.stream()
                        .filter(route -> route.type().equals(Route.HTTP))
                        .map(RouteTables::httpRoute)
                        .toList(),
                List.of(),
                backends);
    }

    /** @param leaderId the id of the leading instance, if there is one */
    static List<Backend> backends(Collection<Instance> instances, Optional<String> leaderId) {
        return instances.stream()
                .filter(instance -> instance.port() > 0 && instance.port() <= MAX_PORT)
                .map(instance -> new Backend(
                        instance.addr(), leaderId.filter(instance.id()::equals).isPresent()))
                .toList();
    }

    private static HttpRoute httpRoute(Route route) {
        return HttpRoute.to(route.domain().orElse(""), route.service())
                .id(route.formattedId())
                .path(route.path().filter(path -> !path.isEmpty()).orElse("/"))
                .sticky(route.sticky())
                .leaderOnly(route.leader())
                .certificate(certificate(route))
                .build();
    }

    private static Optional<Certificate> certificate(Route route) {
        return route.tlsCert()
                .filter(chain -> !chain.isBlank())
                .flatMap(chain -> route.tlsKey().filter(key -> !key.isBlank()).map(key -> new Certificate(chain, key)));
    }
}
