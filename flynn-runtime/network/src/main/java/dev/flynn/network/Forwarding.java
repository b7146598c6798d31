package dev.flynn.network;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a kernel knows of the ways to other hosts' subnets: routes to them, the hardware addresses of their ends of the
 * overlay, and the hosts where these are.
 *
 * @param entries {@code <hardware address> dst <public address>}
 * @param neighbours {@code <overlay address> lladdr <hardware address>}
 * @param routes {@code <subnet> via <address>}
 */
record Forwarding(Set<String> entries, Set<String> neighbours, Set<String> routes) {

    private static final Pattern ENTRY = Pattern.compile("^([0-9a-f:]{17})\\s(?:.* )?dst (\\S+)", Pattern.MULTILINE);
    private static final Pattern NEIGHBOUR =
            Pattern.compile("^(\\d+\\.\\S+) (?:dev \\S+ )?lladdr ([0-9a-f:]{17})", Pattern.MULTILINE);
    private static final Pattern ROUTE = Pattern.compile("^(\\d+\\.\\S+) via (\\S+)", Pattern.MULTILINE);

    static Forwarding wantedVxlan(Collection<SubnetLease> others) {
        Set<String> entries = new TreeSet<>();
        Set<String> neighbours = new TreeSet<>();
        Set<String> routes = new TreeSet<>();
        for (SubnetLease lease : others) {
            if (lease.backend().equals(OverlayBackend.VXLAN.wireName())
                    && lease.vtepMac().isPresent()) {
                String end = lease.range().address();
                entries.add("%s dst %s".formatted(lease.vtepMac().get(), lease.publicIp()));
                neighbours.add("%s lladdr %s".formatted(end, lease.vtepMac().get()));
                routes.add("%s via %s".formatted(lease.subnet(), end));
            }
        }
        return new Forwarding(entries, neighbours, routes);
    }

    static Forwarding wantedHostGateways(Collection<SubnetLease> others) {
        Set<String> routes = new TreeSet<>();
        for (SubnetLease lease : others) {
            if (lease.backend().equals(OverlayBackend.HOST_GW.wireName())) {
                routes.add("%s via %s".formatted(lease.subnet(), lease.publicIp()));
            }
        }
        return new Forwarding(Set.of(), Set.of(), routes);
    }

    /** @param shown what {@code bridge fdb}, {@code ip neigh} and {@code ip route} print, in any order */
    static Forwarding observed(String shown) {
        return new Forwarding(
                matches(ENTRY, shown, "%s dst %s"),
                matches(NEIGHBOUR, shown, "%s lladdr %s"),
                matches(ROUTE, shown, "%s via %s"));
    }

    /** The routes to subnets of this network only. */
    Forwarding within(Ipv4Network network) {
        Set<String> ours = new TreeSet<>();
        for (String route : routes) {
            String subnet = route.substring(0, route.indexOf(' '));
            if (network.contains(Ipv4Network.parse(subnet.contains("/") ? subnet : subnet + "/32"))) {
                ours.add(route);
            }
        }
        return new Forwarding(entries, neighbours, ours);
    }

    /** What is here and not there. */
    Forwarding minus(Forwarding other) {
        return new Forwarding(
                minus(entries, other.entries), minus(neighbours, other.neighbours), minus(routes, other.routes));
    }

    boolean isEmpty() {
        return entries.isEmpty() && neighbours.isEmpty() && routes.isEmpty();
    }

    /** Lines of {@code bridge}. */
    List<String> entryLines(String action, String device) {
        return entries.stream()
                .map(entry -> {
                    String[] words = entry.split(" dst ", -1);
                    return "fdb %s %s dev %s dst %s self permanent".formatted(action, words[0], device, words[1]);
                })
                .toList();
    }

    /** Lines of {@code ip}. */
    List<String> neighbourLines(String action, String device) {
        return neighbours.stream()
                .map(neighbour -> "neigh %s %s dev %s nud permanent".formatted(action, neighbour, device))
                .toList();
    }

    /** Lines of {@code ip}. */
    List<String> routeLines(String action, String rest) {
        return routes.stream()
                .map(route -> "route %s %s %s".formatted(action, route, rest))
                .toList();
    }

    private static Set<String> matches(Pattern pattern, String shown, String format) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = pattern.matcher(shown);
        while (matcher.find()) {
            found.add(format.formatted(matcher.group(1), matcher.group(2)));
        }
        return found;
    }

    private static Set<String> minus(Set<String> some, Set<String> others) {
        Set<String> rest = new LinkedHashSet<>(some);
        rest.removeAll(others);
        return rest;
    }
}
