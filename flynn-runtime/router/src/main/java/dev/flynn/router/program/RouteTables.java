package dev.flynn.router.program;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.Route;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** From the words of the API to those of the router. */
final class RouteTables {

    private static final int MAX_PORT = 65_535;

    private RouteTables() {}

    /** Every service that the route names. */
    static Set<String> services(Route route) {
        Set<String> services = new HashSet<>(route.weights().keySet());
        services.add(route.service());
        return services;
    }

    /** Whether connections can be made to it at all. */
    static boolean hasPort(Instance instance) {
        return instance.port() > 0 && instance.port() <= MAX_PORT;
    }

    /** @param leaderId the id of the leading instance, if there is one */
    static List<Backend> backends(Collection<Instance> instances, Optional<String> leaderId) {
        return instances.stream()
                .map(instance -> new Backend(
                        instance.addr(), leaderId.filter(instance.id()::equals).isPresent()))
                .toList();
    }

    static HttpRoute httpRoute(Route route) {
        HttpRoute.Builder builder = HttpRoute.to(route.domain().orElse(""), route.service())
                .id(route.formattedId())
                .path(route.path().filter(path -> !path.isEmpty()).orElse("/"))
                .sticky(route.sticky())
                .leaderOnly(route.leader())
                .disableKeepAlives(route.disableKeepAlives())
                .protocol(route.backendProtocol().orElse(BackendProtocol.HTTP_1))
                .policy(route.policy().orElse(RoutePolicy.NONE))
                .certificate(certificate(route));
        route.weights().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(weight -> builder.target(weight.getKey(), weight.getValue()));
        return builder.build();
    }

    static TcpRoute tcpRoute(Route route) {
        return new TcpRoute(route.formattedId(), route.port().orElse(0), route.service(), route.leader());
    }

    private static Optional<Certificate> certificate(Route route) {
        return route.tlsCert()
                .filter(chain -> !chain.isBlank())
                .flatMap(chain -> route.tlsKey().filter(key -> !key.isBlank()).map(key -> new Certificate(chain, key)));
    }
}
