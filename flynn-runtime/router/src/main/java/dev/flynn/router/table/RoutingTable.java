package dev.flynn.router.table;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.router.message.Entrance;
import dev.flynn.router.policy.Gate;
import dev.flynn.router.table.Domains.Domain;
import dev.flynn.router.telemetry.Meter;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import io.netty.handler.ssl.SslContext;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A {@link RouteTable} in the form that answers fast. Immutable but for what its backends count. */
public final class RoutingTable {

    public static final RoutingTable EMPTY = new RoutingTable(
            RouteTable.EMPTY,
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Map.of(),
            Challenges.NONE,
            List.of());

    static final String ROOT = "/";
    static final int OWN_PORTS = 0;

    private final RouteTable source;
    private final Map<String, Backend> backends;
    private final Map<Certificate, SslContext> contexts;
    private final Map<String, Gate> gates;
    private final Map<Health.Subject, Health> healths;
    private final Map<String, Meter> meters;
    private final Map<Target.Service, BackendSet> sets;
    private final Map<Integer, Domains> domains;
    private final Domains own;
    private final Map<Integer, TcpTarget> tcpTargets;
    private final Challenges challenges;
    private final List<Problem> problems;
    private final boolean hasPorts;

    /**
     * What a {@link TableCompiler} has made. The maps may be those of another table; nobody changes them any more.
     *
     * @param gates by route, as are the meters
     * @param domains by port; 0 stands for the router's own ones
     */
    RoutingTable(
            RouteTable source,
            Map<String, Backend> backends,
            Map<Certificate, SslContext> contexts,
            Map<String, Gate> gates,
            Map<Health.Subject, Health> healths,
            Map<String, Meter> meters,
            Map<Target.Service, BackendSet> sets,
            Map<Integer, Domains> domains,
            Map<Integer, TcpTarget> tcpTargets,
            Challenges challenges,
            List<Problem> problems) {
        this.source = source;
        this.backends = backends;
        this.contexts = contexts;
        this.gates = gates;
        this.healths = healths;
        this.meters = meters;
        this.sets = sets;
        this.domains = domains;
        this.own = domains.getOrDefault(OWN_PORTS, Domains.NONE);
        this.tcpTargets = tcpTargets;
        this.challenges = challenges;
        this.problems = problems;
        this.hasPorts = domains.keySet().stream().anyMatch(port -> port != OWN_PORTS);
    }

    /** See {@link TableCompiler}. */
    public static RoutingTable compile(
            RouteTable source,
            RoutingTable previous,
            Meters fresh,
            Function<Certificate, SslContext> loader,
            Function<RoutePolicy, Gate> gateOf) {
        return new TableCompiler(source, previous, fresh, loader, gateOf).compile();
    }

    // ---- for the compiler of the next table

    @Nullable
    Backend backend(String addr) {
        return backends.get(addr);
    }

    Map<String, Backend> backendsByAddr() {
        return backends;
    }

    @Nullable
    SslContext context(Certificate certificate) {
        return contexts.get(certificate);
    }

    @Nullable
    Gate gate(String routeId) {
        return gates.get(routeId);
    }

    @Nullable
    Health health(Health.Subject subject) {
        return healths.get(subject);
    }

    Map<String, Meter> meters() {
        return meters;
    }

    Map<Target.Service, BackendSet> sets() {
        return sets;
    }

    Map<Integer, Domains> domains() {
        return domains;
    }

    // ---- what changes from one table to the next

    /** The backends of this table that the next one no longer has. */
    public List<Backend> retiredBy(RoutingTable next) {
        if (backends == next.backends) {
            return List.of();
        }
        return backends.values().stream()
                .filter(backend -> !next.backends.containsKey(backend.addr()))
                .toList();
    }

    /** The meters of routes that the next one no longer has. */
    public List<Meter> metersGoneIn(RoutingTable next) {
        List<Meter> gone = new ArrayList<>();
        if (meters != next.meters) {
            meters.forEach((route, meter) -> {
                if (!next.meters.containsKey(route)) {
                    gone.add(meter);
                }
            });
        }
        tcpTargets.forEach((port, target) -> {
            TcpTarget after = next.tcp(port);
            if (after == null || after.meter() != target.meter()) {
                gone.add(target.meter());
            }
        });
        return gone;
    }

    @Nullable
    Meter meter(String routeId) {
        return meters.get(routeId);
    }

    public Collection<Backend> backends() {
        return backends.values();
    }

    /** The TLS of certificates that the next table has no more. */
    public List<SslContext> contextsRetiredBy(RoutingTable next) {
        return contexts.entrySet().stream()
                .filter(context -> !next.contexts.containsKey(context.getKey()))
                .map(Map.Entry::getValue)
                .toList();
    }

    /** What is wrong with single routes. */
    public List<Problem> problems() {
        return problems;
    }

    public RouteTable source() {
        return source;
    }

    /** What certificate authorities may ask. */
    public Challenges challenges() {
        return challenges;
    }

    /**
     * The route for a request: one of the port, else one of all the router's own ports.
     *
     * @param host without a port, in lower case
     * @param target bytes that hold the path from {@code pathStart}; a query may follow
     */
    @Nullable
    public Target find(Entrance at, String host, byte[] target, int pathStart, int pathEnd) {
        Domain ofPort = hasPorts ? domain(at.port(), host) : null;
        Target found = ofPort == null ? null : ofPort.paths().find(target, pathStart, pathEnd);
        if (found != null || !at.own()) {
            return found;
        }
        Domain ofAll = domain(OWN_PORTS, host);
        return ofAll == null ? null : ofAll.paths().find(target, pathStart, pathEnd);
    }

    /** Whether a TLS handshake for the name may go on. */
    public boolean serves(Entrance at, String host) {
        return rootOf(at, host) != null;
    }

    /** The TLS of the domain's root route, if it has a certificate of its own. */
    public Optional<SslContext> tls(Entrance at, String host) {
        Domain domain = rootOf(at, host);
        return domain == null ? Optional.empty() : domain.tls();
    }

    private @Nullable Domain rootOf(Entrance at, String host) {
        Domain ofPort = hasPorts ? domain(at.port(), host) : null;
        if (ofPort != null && ofPort.paths().root() != null) {
            return ofPort;
        }
        Domain ofAll = at.own() ? domain(OWN_PORTS, host) : null;
        return ofAll == null || ofAll.paths().root() == null ? null : ofAll;
    }

    private @Nullable Domain domain(int port, String host) {
        return port == OWN_PORTS
                ? own.find(host)
                : domains.getOrDefault(port, Domains.NONE).find(host);
    }

    /** The backends of a service, which may have been found in another table. */
    public BackendSet backends(Target.Service service) {
        BackendSet set = sets.get(service);
        return set == null ? sets.getOrDefault(service.unchecked(), BackendSet.EMPTY) : set;
    }

    /** Whether the backend is still asked this. */
    public boolean wants(Health health) {
        return healths.get(health.subject()) == health;
    }

    /** What is asked here and was not before. */
    public List<Health> healthsSince(RoutingTable previous) {
        return healths.values().stream()
                .filter(health -> !previous.wants(health))
                .toList();
    }

    /** Where connections to the port of a TCP route go. */
    @Nullable
    public TcpTarget tcp(int port) {
        return tcpTargets.get(port);
    }

    public Collection<TcpTarget> tcpTargets() {
        return tcpTargets.values();
    }
}
