package dev.flynn.router.nginx;

import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.TcpRoute;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;

/** A table in the terms of nginx: everything has a short name, and addresses are numeric. */
final class Plan {

    static final String CATCH_ALL = "*";

    private static final Pattern DOMAIN = Pattern.compile("\\*|(\\*\\.)?[a-z0-9_-]+(\\.[a-z0-9_-]+)*");

    private final Function<String, Optional<String>> resolver;
    private final RouteTable table;
    private final Map<ServiceKey, Service> services = new LinkedHashMap<>();
    private final Map<String, Domain> domains = new TreeMap<>();
    private final List<Route> routes = new ArrayList<>();
    private final List<Tcp> tcpRoutes = new ArrayList<>();
    private final List<Problem> problems = new ArrayList<>();

    private record ServiceKey(String name, boolean leaderOnly) {}

    /** The instances of a service, or its leader alone. */
    record Service(String name, List<String> addrs) {

        boolean isEmpty() {
            return addrs.isEmpty();
        }

        /** Where a request goes first: the only address, or a group of all. */
        String entry() {
            return addrs.size() == 1 ? addrs.get(0) : isEmpty() ? "" : "flynn-" + name;
        }

        /** The group in which one address comes first. */
        String entry(int first) {
            return addrs.size() == 1 ? addrs.get(0) : "flynn-%s-%d".formatted(name, first);
        }
    }

    /** A service that a route leads to. */
    record Target(Service service, int weight) {}

    /** A route under a short name. */
    record Route(String name, HttpRoute source, List<Target> targets) {}

    /** The routes of one domain, the deepest path first. */
    record Domain(String name, String domain, Map<String, Route> byPath) {

        Optional<Route> root() {
            return Optional.ofNullable(byPath.get("/"));
        }

        boolean isWildcard() {
            return domain.startsWith("*.");
        }

        /** How many labels a wildcard's suffix has. */
        int labels() {
            return (int) domain.chars().filter(c -> c == '.').count();
        }
    }

    /** A TCP route. */
    record Tcp(TcpRoute source, Service service) {}

    /** @param resolver from {@code host:port} to an address of numbers; empty if there is none */
    Plan(RouteTable table, Function<String, Optional<String>> resolver) {
        this.table = table;
        this.resolver = resolver;
        table.routes().forEach(this::add);
        table.tcpRoutes().forEach(this::add);
    }

    List<Service> services() {
        return List.copyOf(services.values());
    }

    List<Domain> domains() {
        return List.copyOf(domains.values());
    }

    Optional<Domain> domain(String domain) {
        return Optional.ofNullable(domains.get(domain));
    }

    List<Route> routes() {
        return routes;
    }

    List<Tcp> tcpRoutes() {
        return tcpRoutes;
    }

    List<Problem> problems() {
        return problems;
    }

    private void add(HttpRoute route) {
        String domain = route.domain().toLowerCase(Locale.ROOT);
        if (!DOMAIN.matcher(domain).matches()) {
            problems.add(new Problem(
                    route.id(),
                    "the domain \"%s\" is none that nginx could match; it must be labels of a-z, 0-9, - and _ between dots"
                            .formatted(route.domain())));
            return;
        }
        Domain known = domains.computeIfAbsent(
                domain, added -> new Domain("d" + domains.size(), added, new TreeMap<>(Plan::deepestFirst)));
        String path = normalized(route.path());
        if (!known.byPath().containsKey(path)) {
            List<Target> targets = route.targets().stream()
                    .map(target -> new Target(service(target.service(), route.leaderOnly()), target.weight()))
                    .toList();
            Route added = new Route("r" + routes.size(), route, targets);
            routes.add(added);
            known.byPath().put(path, added);
        }
    }

    private void add(TcpRoute route) {
        Set<Integer> taken = new HashSet<>();
        tcpRoutes.forEach(other -> taken.add(other.source().port()));
        if (!taken.contains(route.port())) {
            tcpRoutes.add(new Tcp(route, service(route.service(), route.leaderOnly())));
        }
    }

    private Service service(String name, boolean leaderOnly) {
        ServiceKey key = new ServiceKey(name, leaderOnly);
        Service known = services.get(key);
        if (known == null) {
            List<String> addrs = table.backends().getOrDefault(name, List.of()).stream()
                    .filter(backend -> backend.leader() || !leaderOnly)
                    .map(Backend::addr)
                    .map(resolver)
                    .flatMap(Optional::stream)
                    .filter(Objects::nonNull)
                    .distinct()
                    .toList();
            known = new Service("s" + services.size(), addrs);
            services.put(key, known);
        }
        return known;
    }

    /** Without empty segments. */
    private static String normalized(String path) {
        StringBuilder normalized = new StringBuilder("/");
        for (String segment : path.split("/")) {
            if (!segment.isEmpty()) {
                normalized.append(segment).append('/');
            }
        }
        return normalized.toString();
    }

    private static int deepestFirst(String one, String other) {
        int byLength = Integer.compare(other.length(), one.length());
        return byLength == 0 ? one.compareTo(other) : byLength;
    }
}
