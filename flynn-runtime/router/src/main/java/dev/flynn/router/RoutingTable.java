package dev.flynn.router;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import io.netty.handler.ssl.SslContext;
import java.util.ArrayList;
import java.util.Collection;
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

    static final RoutingTable EMPTY =
            new RoutingTable(RouteTable.EMPTY, Map.of(), Map.of(), Map.of(), Map.of(), Map.of(), List.of());

    private static final Logger log = LoggerFactory.getLogger(RoutingTable.class);

    private static final String ROOT = "/";
    private static final String WILDCARD = "*.";
    private static final String CATCH_ALL = "*";
    private static final int MAX_WILDCARD_ATTEMPTS = 5;
    private static final int OWN_PORTS = 0;

    private final RouteTable source;
    private final Map<String, Backend> backends;
    private final Map<Certificate, SslContext> contexts;
    private final Map<String, Gate> gates;
    private final Map<String, Meter> meters;
    private final List<Problem> problems;
    private final boolean hasPorts;
    private final Map<Health.Subject, Health> healths;
    private final Map<Target.Service, BackendSet> sets = new HashMap<>();
    /** By port; 0 stands for the router's own ones. */
    private final Map<Integer, Map<String, Domain>> domains = new HashMap<>();

    private final Map<Integer, Target.Service> tcpServices = new HashMap<>();

    /** One domain's paths, and the TLS of its root route if that has its own. */
    private record Domain(PathTree<Target> paths, Optional<SslContext> tls) {}

    private record Place(int port, String domain) {}

    private RoutingTable(
            RouteTable source,
            Map<String, Backend> backends,
            Map<Certificate, SslContext> contexts,
            Map<String, Gate> gates,
            Map<Health.Subject, Health> healths,
            Map<String, Meter> meters,
            List<Problem> problems) {
        this.source = source;
        this.gates = gates;
        this.meters = meters;
        this.backends = backends;
        this.contexts = contexts;
        this.problems = problems;
        this.healths = healths;
        addRoutes();
        addTcpRoutes();
        this.hasPorts = domains.keySet().stream().anyMatch(port -> port != OWN_PORTS);
    }

    /**
     * Compiles a table; backends, certificates, gates and healths that the old one has too are the same objects.
     *
     * @param fresh makes meters for what the old one does not have
     * @param gateOf makes what a policy asks of requests
     * @param loader makes a certificate ready for use; one that it refuses counts as none
     */
    static RoutingTable compile(
            RouteTable source,
            RoutingTable previous,
            Meters fresh,
            Function<Certificate, SslContext> loader,
            Function<RoutePolicy, Gate> gateOf) {
        Map<String, Backend> backends = new HashMap<>();
        for (List<RouteTable.Backend> ofService : source.backends().values()) {
            for (RouteTable.Backend backend : ofService) {
                Backend known = previous.backends.get(backend.addr());
                backends.computeIfAbsent(
                        backend.addr(), addr -> known == null ? new Backend(addr, fresh.ofBackend()) : known);
            }
        }
        List<Problem> problems = new ArrayList<>();
        Map<Certificate, SslContext> contexts = contexts(source, previous, loader, problems);
        return new RoutingTable(
                source,
                Map.copyOf(backends),
                contexts,
                gates(source, previous, gateOf),
                healths(source, backends, previous),
                meters(source, previous, fresh),
                List.copyOf(problems));
    }

    /** The backends of this table that the next one no longer has. */
    List<Backend> retiredBy(RoutingTable next) {
        return backends.values().stream()
                .filter(backend -> !next.backends.containsKey(backend.addr()))
                .toList();
    }

    /** The meters of routes that the next one no longer has. */
    List<Meter> metersGoneIn(RoutingTable next) {
        return meters.entrySet().stream()
                .filter(meter -> !next.meters.containsKey(meter.getKey()))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** Of a route that is in this table. */
    Meter meter(String routeId) {
        return requireNonNull(meters.get(routeId), "meter");
    }

    Collection<Backend> backends() {
        return backends.values();
    }

    /** What is wrong with single routes. */
    List<Problem> problems() {
        return problems;
    }

    RouteTable source() {
        return source;
    }

    /**
     * The route for a request: one of the port, else one of all the router's own ports.
     *
     * @param host without a port, in lower case
     * @param target bytes that hold the path from {@code pathStart}; a query may follow
     */
    @Nullable
    Target find(Entrance at, String host, byte[] target, int pathStart, int pathEnd) {
        Domain ofPort = hasPorts ? domain(at.port(), host) : null;
        Target found = ofPort == null ? null : ofPort.paths.find(target, pathStart, pathEnd);
        if (found != null || !at.own()) {
            return found;
        }
        Domain own = domain(OWN_PORTS, host);
        return own == null ? null : own.paths.find(target, pathStart, pathEnd);
    }

    /** Whether a TLS handshake for the name may go on. */
    boolean serves(Entrance at, String host) {
        return rootOf(at, host) != null;
    }

    /** The TLS of the domain's root route, if it has a certificate of its own. */
    Optional<SslContext> tls(Entrance at, String host) {
        Domain domain = rootOf(at, host);
        return domain == null ? Optional.empty() : domain.tls;
    }

    private @Nullable Domain rootOf(Entrance at, String host) {
        Domain ofPort = hasPorts ? domain(at.port(), host) : null;
        if (ofPort != null && ofPort.paths.root() != null) {
            return ofPort;
        }
        Domain own = at.own() ? domain(OWN_PORTS, host) : null;
        return own == null || own.paths.root() == null ? null : own;
    }

    /** An exact domain, or the wildcard with the longest suffix, or the catch-all. */
    private @Nullable Domain domain(int port, String host) {
        Map<String, Domain> domains = this.domains.getOrDefault(port, Map.of());
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
        BackendSet set = sets.get(service);
        return set == null ? sets.getOrDefault(service.unchecked(), BackendSet.EMPTY) : set;
    }

    /** Whether the backend is still asked this. */
    boolean wants(Health health) {
        return healths.get(health.subject()) == health;
    }

    /** What is asked here and was not before. */
    List<Health> healthsSince(RoutingTable previous) {
        return healths.values().stream()
                .filter(health -> !previous.wants(health))
                .toList();
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
                if (contexts.containsKey(certificate)) {
                    return;
                }
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
    private static Map<String, Gate> gates(
            RouteTable source, RoutingTable previous, Function<RoutePolicy, Gate> gateOf) {
        Map<String, Gate> gates = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            if (!route.policy().equals(RoutePolicy.NONE)) {
                Gate known = previous.gates.get(route.id());
                boolean isSame = known != null && known.policy().equals(route.policy());
                gates.put(route.id(), isSame ? known : gateOf.apply(route.policy()));
            }
        }
        return gates;
    }

    /** By route; what one has counted stays while the route does. */
    private static Map<String, Meter> meters(RouteTable source, RoutingTable previous, Meters fresh) {
        Map<String, Meter> meters = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            Meter known = previous.meters.get(route.id());
            meters.computeIfAbsent(route.id(), id -> known == null ? fresh.ofRoute() : known);
        }
        return meters;
    }

    /** Of each backend that a route wants checked; one for all routes that want the same. */
    private static Map<Health.Subject, Health> healths(
            RouteTable source, Map<String, Backend> backends, RoutingTable previous) {
        Map<Health.Subject, Health> healths = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            Health.Question question = question(route);
            if (question == null) {
                continue;
            }
            for (HttpRoute.Target target : route.targets()) {
                for (RouteTable.Backend backend : source.backends().getOrDefault(target.service(), List.of())) {
                    Backend asked = backends.get(backend.addr());
                    if (asked == null) {
                        continue;
                    }
                    var subject = new Health.Subject(asked, question);
                    Health known = previous.healths.get(subject);
                    healths.computeIfAbsent(subject, unused -> known == null ? new Health(subject) : known);
                }
            }
        }
        return healths;
    }

    private void addRoutes() {
        Map<Place, PathTree<Target>> trees = new HashMap<>();
        Map<Place, SslContext> tls = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            var place = new Place(route.port(), route.domain().toLowerCase(Locale.ROOT));
            trees.computeIfAbsent(place, unused -> new PathTree<>())
                    .add(
                            route.path(),
                            new Target(
                                    route.id(),
                                    options(route),
                                    route.sticky(),
                                    route.protocol(),
                                    route.disableKeepAlives(),
                                    gates.get(route.id()),
                                    meter(route.id())));
            if (route.path().equals(ROOT)) {
                route.certificate().map(contexts::get).ifPresent(context -> tls.putIfAbsent(place, context));
            }
        }
        trees.forEach((place, paths) -> domains.computeIfAbsent(place.port, unused -> new HashMap<>())
                .put(place.domain, new Domain(paths, Optional.ofNullable(tls.get(place)))));
    }

    private List<Target.Option> options(HttpRoute route) {
        return route.targets().stream()
                .map(target -> {
                    var service = new Target.Service(target.service(), route.leaderOnly(), question(route));
                    BackendSet unused = sets.computeIfAbsent(service.unchecked(), this::backendSet);
                    BackendSet set = sets.computeIfAbsent(service, this::backendSet);
                    return new Target.Option(service, set, target.weight());
                })
                .toList();
    }

    private static Health.@Nullable Question question(HttpRoute route) {
        return route.policy()
                .healthCheck()
                .map(check -> new Health.Question(check, route.protocol()))
                .orElse(null);
    }

    private void addTcpRoutes() {
        for (TcpRoute route : source.tcpRoutes()) {
            var service = new Target.Service(route.service(), route.leaderOnly(), null);
            BackendSet unused = sets.computeIfAbsent(service, this::backendSet);
            tcpServices.putIfAbsent(route.port(), service);
        }
    }

    private BackendSet backendSet(Target.Service service) {
        return new BackendSet(source.backends().getOrDefault(service.name(), List.of()).stream()
                .filter(backend -> backend.leader() || !service.leaderOnly())
                .map(backend -> backends.get(backend.addr()))
                .distinct()
                .map(backend -> new BackendSet.Member(backend, health(backend, service.check())))
                .toList());
    }

    private @Nullable Health health(Backend backend, Health.@Nullable Question question) {
        return question == null ? null : healths.get(new Health.Subject(backend, question));
    }
}
