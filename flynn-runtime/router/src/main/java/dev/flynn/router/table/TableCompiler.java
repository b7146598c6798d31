package dev.flynn.router.table;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.router.policy.Gate;
import dev.flynn.router.table.Domains.Domain;
import dev.flynn.router.telemetry.Meter;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import io.netty.handler.ssl.SslContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a {@link RoutingTable} of a {@link RouteTable}, once.
 *
 * <p>Backends, certificates, gates, healths and meters that the previous table has too are the same objects. So are the domains
 * that nothing changed for: what a change costs depends on the number of all routes only where a step takes some
 * nanoseconds for each.
 */
final class TableCompiler {

    private static final Logger log = LoggerFactory.getLogger(TableCompiler.class);

    private final RouteTable source;
    private final RoutingTable previous;
    private final Meters fresh;
    private final Function<Certificate, SslContext> loader;
    private final Function<RoutePolicy, Gate> gateOf;

    private final Diff routes;
    private final boolean sameBackends;
    private final Map<String, Backend> backends;
    private final Map<Health.Subject, Health> healths;
    private final List<Problem> problems = new ArrayList<>();
    private final Map<Target.Service, BackendSet> sets = new HashMap<>();
    private final Set<String> changedServices = new HashSet<>();

    /** Where a domain is: the same one may be served on several ports. */
    private record Place(int port, String domain) {

        static Place of(HttpRoute route) {
            return new Place(route.port(), route.domain().toLowerCase(Locale.ROOT));
        }
    }

    /** The routes of two lists that are not the same objects, without those that both begin and end with. */
    private record Diff(List<HttpRoute> gone, List<HttpRoute> come) {

        static Diff between(List<HttpRoute> before, List<HttpRoute> now) {
            int shorter = Math.min(before.size(), now.size());
            int head = 0;
            while (head < shorter && before.get(head) == now.get(head)) {
                head++;
            }
            int tail = 0;
            while (tail < shorter - head && before.get(before.size() - 1 - tail) == now.get(now.size() - 1 - tail)) {
                tail++;
            }
            return new Diff(before.subList(head, before.size() - tail), now.subList(head, now.size() - tail));
        }
    }

    /**
     * @param fresh makes meters for what the previous table does not have
     * @param loader makes a certificate ready for use; one that it refuses counts as none
     * @param gateOf makes what a policy asks of requests
     */
    TableCompiler(
            RouteTable source,
            RoutingTable previous,
            Meters fresh,
            Function<Certificate, SslContext> loader,
            Function<RoutePolicy, Gate> gateOf) {
        this.source = source;
        this.previous = previous;
        this.fresh = fresh;
        this.loader = loader;
        this.gateOf = gateOf;
        // what could not be used is tried again
        this.routes = previous.problems().isEmpty()
                ? Diff.between(previous.source().routes(), source.routes())
                : new Diff(previous.source().routes(), source.routes());
        this.sameBackends = source.backends().equals(previous.source().backends());
        this.backends = sameBackends ? previous.backendsByAddr() : newBackends();
        this.healths = healths();
    }

    RoutingTable compile() {
        Map<Certificate, SslContext> contexts = contexts();
        Map<String, Gate> gates = gates();
        keepSets();
        Set<Place> changed = changedPlaces();
        Map<String, Meter> meters = changed.isEmpty() ? previous.meters() : meters();
        Map<Integer, Domains> domains =
                changed.isEmpty() ? previous.domains() : domains(changed, contexts, gates, meters);
        Map<Integer, TcpTarget> tcpTargets = tcpTargets();
        return new RoutingTable(
                source,
                backends,
                contexts,
                gates,
                healths,
                meters,
                sets,
                domains,
                tcpTargets,
                Challenges.of(source.challenges(), previous.challenges()),
                List.copyOf(problems));
    }

    private Map<String, Backend> newBackends() {
        Map<String, Backend> all = new HashMap<>();
        for (List<RouteTable.Backend> ofService : source.backends().values()) {
            for (RouteTable.Backend backend : ofService) {
                Backend known = previous.backend(backend.addr());
                all.computeIfAbsent(
                        backend.addr(), addr -> known == null ? new Backend(addr, fresh.ofBackend()) : known);
            }
        }
        return all;
    }

    /** Of each backend that a route wants checked; one for all routes that want the same. */
    private Map<Health.Subject, Health> healths() {
        Map<Health.Subject, Health> all = new HashMap<>();
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
                    Health known = previous.health(subject);
                    all.computeIfAbsent(subject, unused -> known == null ? new Health(subject) : known);
                }
            }
        }
        return all;
    }

    private Map<Certificate, SslContext> contexts() {
        Map<Certificate, SslContext> contexts = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            if (route.certificate().isPresent() && route.path().equals(RoutingTable.ROOT)) {
                Certificate certificate = route.certificate().get();
                if (!contexts.containsKey(certificate)) {
                    SslContext known = previous.context(certificate);
                    SslContext context = known == null ? load(route, certificate) : known;
                    if (context != null) {
                        contexts.put(certificate, context);
                    }
                }
            }
        }
        return contexts;
    }

    private @Nullable SslContext load(HttpRoute route, Certificate certificate) {
        try {
            return loader.apply(certificate);
        } catch (FlynnException unusable) {
            var problem = new Problem(
                    route.id(),
                    "the certificate cannot be used (%s); the default one takes its place"
                            .formatted(unusable.getMessage()));
            problems.add(problem);
            // it is tried again with each table, and told once
            if (!previous.problems().contains(problem)) {
                log.atError()
                        .addKeyValue("route", route.id())
                        .addKeyValue("domain", route.domain())
                        .addKeyValue("reason", unusable.getMessage())
                        .log("the route's certificate cannot be used; the default one takes its place");
            }
            return null;
        }
    }

    /** By route; what one has counted goes on counting while its policy stays. */
    private Map<String, Gate> gates() {
        Map<String, Gate> gates = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            if (!route.policy().equals(RoutePolicy.NONE)) {
                Gate known = previous.gate(route.id());
                boolean isSame = known != null && known.policy().equals(route.policy());
                gates.put(route.id(), isSame ? known : gateOf.apply(route.policy()));
            }
        }
        return gates;
    }

    /** By route; what one has counted stays while the route does. */
    private Map<String, Meter> meters() {
        Map<String, Meter> meters = new HashMap<>(previous.meters());
        routes.gone().forEach(route -> meters.remove(route.id()));
        return meters;
    }

    private Meter meter(String routeId) {
        Meter known = previous.meters().get(routeId);
        return known == null ? fresh.ofRoute() : known;
    }

    /** Takes over the backends of the services that have the same ones. */
    private void keepSets() {
        if (sameBackends) {
            sets.putAll(previous.sets());
            return;
        }
        Map<String, List<RouteTable.Backend>> before = previous.source().backends();
        Map<String, List<RouteTable.Backend>> now = source.backends();
        now.forEach((service, its) -> {
            if (!its.equals(before.get(service))) {
                changedServices.add(service);
            }
        });
        before.keySet().stream().filter(service -> !now.containsKey(service)).forEach(changedServices::add);
        previous.sets().forEach((service, set) -> {
            if (!changedServices.contains(service.name())) {
                sets.put(service, set);
            }
        });
    }

    private Map<Integer, Domains> domains(
            Set<Place> changed,
            Map<Certificate, SslContext> contexts,
            Map<String, Gate> gates,
            Map<String, Meter> meters) {
        Map<Place, List<HttpRoute>> wanted = new HashMap<>();
        for (HttpRoute route : source.routes()) {
            Place place = Place.of(route);
            if (changed.contains(place)) {
                wanted.computeIfAbsent(place, unused -> new ArrayList<>()).add(route);
            }
        }
        Map<Integer, Domains> domains = new HashMap<>(previous.domains());
        changed.stream()
                .map(Place::port)
                .distinct()
                .forEach(port -> domains.put(
                        port,
                        previous.domains().getOrDefault(port, Domains.NONE).copy()));
        for (Place place : changed) {
            Domains ofPort = requireNonNull(domains.get(place.port()), "port");
            List<HttpRoute> ofDomain = wanted.get(place);
            if (ofDomain == null) {
                ofPort.remove(place.domain());
            } else {
                ofPort.put(place.domain(), domain(ofDomain, contexts, gates, meters));
            }
        }
        domains.values().removeIf(Domains::isEmpty);
        return domains;
    }

    /** Whose routes are others, or lead to services with other backends. */
    private Set<Place> changedPlaces() {
        Set<Place> changed = new HashSet<>();
        routes.gone().forEach(route -> changed.add(Place.of(route)));
        routes.come().forEach(route -> changed.add(Place.of(route)));
        if (!changedServices.isEmpty()) {
            for (HttpRoute route : source.routes()) {
                for (HttpRoute.Target target : route.targets()) {
                    if (changedServices.contains(target.service())) {
                        changed.add(Place.of(route));
                    }
                }
            }
        }
        return changed;
    }

    private Domain domain(
            List<HttpRoute> ofDomain,
            Map<Certificate, SslContext> contexts,
            Map<String, Gate> gates,
            Map<String, Meter> meters) {
        PathTree<Target> paths = new PathTree<>();
        Optional<SslContext> tls = Optional.empty();
        for (HttpRoute route : ofDomain) {
            paths.add(
                    route.path(),
                    new Target(
                            route.id(),
                            options(route),
                            route.sticky(),
                            route.protocol(),
                            route.disableKeepAlives(),
                            gates.get(route.id()),
                            meters.computeIfAbsent(route.id(), this::meter)));
            if (tls.isEmpty() && route.path().equals(RoutingTable.ROOT)) {
                tls = route.certificate().map(contexts::get);
            }
        }
        return new Domain(paths, tls);
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

    private Map<Integer, TcpTarget> tcpTargets() {
        Map<Integer, TcpTarget> targets = new HashMap<>();
        for (TcpRoute route : source.tcpRoutes()) {
            var service = new Target.Service(route.service(), route.leaderOnly(), null);
            BackendSet unused = sets.computeIfAbsent(service, this::backendSet);
            targets.computeIfAbsent(route.port(), port -> new TcpTarget(route.id(), service, tcpMeter(route)));
        }
        return targets;
    }

    /** What a route has counted stays while it has its port. */
    private Meter tcpMeter(TcpRoute route) {
        TcpTarget known = previous.tcp(route.port());
        return known != null && known.id().equals(route.id()) ? known.meter() : fresh.ofRoute();
    }

    private BackendSet backendSet(Target.Service service) {
        return new BackendSet(source.backends().getOrDefault(service.name(), List.of()).stream()
                .filter(backend -> backend.leader() || !service.leaderOnly())
                .map(backend -> requireNonNull(backends.get(backend.addr()), "backend"))
                .distinct()
                .map(backend -> new BackendSet.Member(backend, health(backend, service.check())))
                .toList());
    }

    private @Nullable Health health(Backend backend, Health.@Nullable Question question) {
        return question == null ? null : healths.get(new Health.Subject(backend, question));
    }
}
