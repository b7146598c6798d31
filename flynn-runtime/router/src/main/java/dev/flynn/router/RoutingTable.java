package dev.flynn.router;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import io.netty.handler.ssl.SslContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A {@link RouteTable} in the form that answers fast. Immutable but for what its backends count. */
final class RoutingTable {

    static final RoutingTable EMPTY = new RoutingTable(RouteTable.EMPTY, Map.of(), Map.of(), Map.of(), List.of());

    private static final Logger log = LoggerFactory.getLogger(RoutingTable.class);

    private static final String ROOT = "/";
    private static final String WILDCARD = "*.";
    private static final String CATCH_ALL = "*";
    private static final int MAX_WILDCARD_ATTEMPTS = 5;

    private final RouteTable source;
    private final Map<String, Backend> backends;
    private final Map<Certificate, SslContext> contexts;
    private final Map<String, Gate> gates;
    private final List<Problem> problems;
    private final Map<Target.Service, BackendSet> sets = new HashMap<>();
    private final Map<String, Domain> domains = new HashMap<>();
    private final Map<Integer, Target.Service> tcpServices = new HashMap<>();

    /** One domain's paths, and the TLS of its root route if that has its own. */
    private record Domain(PathTree<Target> paths, Optional<SslContext> tls) {}

    private RoutingTable(
            RouteTable source,
            Map<String, Backend> backends,
            Map<Certificate, SslContext> contexts,
            Map<String, Gate> gates,
            List<Problem> problems) {
        this.source = source;
        this.gates = gates;
        this.backends = backends;
        this.contexts = contexts;
        this.problems = problems;
        addRoutes();
        addTcpRoutes();
    }

    /**
     * Compiles a table; backends and certificates that the old one has too are the same objects.
     *
     * @param loader makes a certificate ready for use; one that it refuses counts as none
     */
    static RoutingTable compile(RouteTable source, RoutingTable previous, Function<Certificate, SslContext> loader) {
        Map<String, Backend> backends = new HashMap<>();
        for (List<RouteTable.Backend> ofService : source.backends().values()) {
            for (RouteTable.Backend backend : ofService) {
                Backend known = previous.backends.get(backend.addr());
                backends.computeIfAbsent(backend.addr(), addr -> known == null ? new Backend(addr) : known);
            }
        }
        List<Problem> problems = new ArrayList<>();
        Map<Certificate, SslContext> contexts = contexts(source, previous, loader, problems);
        return new RoutingTable(source, Map.copyOf(backends), contexts, gates(source, previous), List.copyOf(problems));
    }

    /** The backends of this table that the next one no longer has. */
    List<Backend> retiredBy(RoutingTable next) {
        return backends.values().stream()
                .filter(backend -> !next.backends.containsKey(backend.addr()))
                .toList();
    }

    /** What is wrong with single routes. */
    List<Problem> problems() {
        return problems;
    }

    RouteTable source() {
        return source;
    }

    /**
     * The route for a request.
     *
     * @param host without a port, in lower case
     * @param target bytes that hold the path from {@code pathStart}; a query may follow
     */
    @Nullable
    Target find(String host, byte[] target, int pathStart, int pathEnd) {
        Domain domain = domain(host);
        return domain == null ? null : domain.paths.find(target, pathStart, pathEnd);
    }

    /** Whether a TLS handshake for the name may go on. */
    boolean serves(String host) {
        Domain domain = domain(host);
        return domain != null && domain.paths.root() != null;
    }

    /** The TLS of the domain's root route, if it has a certificate of its own. */
    Optional<SslContext> tls(String host) {
        Domain domain = domain(host);
        return domain == null ? Optional.empty() : domain.tls;
    }

    /** An exact domain, or the wildcard with the longest suffix, or the catch-all. */
    private @Nullable Domain domain(String host) {
        Domain exact = domains.get(host);
        if (exact != null) {
            return exact;
        }
        String suffix = host;
        for (int attempt = 0; attempt < MAX_WILDCARD_ATTEMPTS; attempt++) {
            Domain wildcard = domains.get(WILDCARD + suffix);
            if (wildcard != null) {
                return wildcard;
            }
            int dot = suffix.indexOf('.');
            if (dot < 0) {
                break;
            }
            suffix = suffix.substring(dot + 1);
        }
        return domains.get(CATCH_ALL);
    }

    /** The backends of a service, which may have been found in another table. */
    BackendSet backends(Target.Service service) {
        return sets.getOrDefault(service, BackendSet.EMPTY);
    }

    /** Where connections to the port of a TCP route go. */
    Target.@Nullable Service tcpService(int port) {
        return tcpServices.get(port);
    }

    private static Map<Certificate, SslContext> contexts(
            RouteTable source,
            RoutingTable previous,
            Function<Certificate, SslContext> loader,
            List<Problem> problems) {
        Map<Certificate, SslContext> contexts = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            route.certificate().filter(certificate -> route.path().equals(ROOT)).ifPresent(certificate -> {
                try {
                    SslContext known = previous.contexts.get(certificate);
                    contexts.put(certificate, known == null ? loader.apply(certificate) : known);
                } catch (FlynnException unusable) {
                    problems.add(new Problem(
                            route.id(),
                            "the certificate cannot be used (%s); the default one takes its place"
                                    .formatted(unusable.getMessage())));
                    log.atError()
                            .addKeyValue("route", route.id())
                            .addKeyValue("domain", route.domain())
                            .addKeyValue("reason", unusable.getMessage())
                            .log("the route's certificate cannot be used; the default one takes its place");
                }
            });
        }
        return contexts;
    }

    /** By route; what one has counted goes on counting while its policy stays. */
    private static Map<String, Gate> gates(RouteTable source, RoutingTable previous) {
        Map<String, Gate> gates = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            if (!route.policy().equals(RoutePolicy.NONE)) {
                Gate known = previous.gates.get(route.id());
                boolean isSame = known != null && known.policy().equals(route.policy());
                gates.put(route.id(), isSame ? known : new Gate(route.policy()));
            }
        }
        return gates;
    }

    private void addRoutes() {
        Map<String, PathTree<Target>> trees = new HashMap<>();
        Map<String, SslContext> tls = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            String domain = route.domain().toLowerCase(Locale.ROOT);
            trees.computeIfAbsent(domain, unused -> new PathTree<>())
                    .add(
                            route.path(),
                            new Target(
                                    options(route),
                                    route.sticky(),
                                    route.protocol(),
                                    route.disableKeepAlives(),
                                    gates.get(route.id())));
            if (route.path().equals(ROOT)) {
                route.certificate().map(contexts::get).ifPresent(context -> tls.putIfAbsent(domain, context));
            }
        }
        trees.forEach((domain, paths) -> domains.put(domain, new Domain(paths, Optional.ofNullable(tls.get(domain)))));
    }

    private List<Target.Option> options(HttpRoute route) {
        return route.targets().stream()
                .map(target -> {
                    var service = new Target.Service(target.service(), route.leaderOnly());
                    BackendSet set = sets.computeIfAbsent(service, this::backendSet);
                    return new Target.Option(service, set, target.weight());
                })
                .toList();
    }

    private void addTcpRoutes() {
        for (TcpRoute route : source.tcpRoutes()) {
            var service = new Target.Service(route.service(), route.leaderOnly());
            BackendSet unused = sets.computeIfAbsent(service, this::backendSet);
            tcpServices.putIfAbsent(route.port(), service);
        }
    }

    private BackendSet backendSet(Target.Service service) {
        return new BackendSet(source.backends().getOrDefault(service.name(), List.of()).stream()
                .filter(backend -> backend.leader() || !service.leaderOnly())
                .map(backend -> backends.get(backend.addr()))
                .distinct()
                .toList());
    }
}
