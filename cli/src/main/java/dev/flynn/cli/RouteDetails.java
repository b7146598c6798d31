package dev.flynn.cli;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.Route;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Everything that a route says, line by line; passwords, certificates and keys are not shown. */
final class RouteDetails {

    private static final int OWN_WEIGHT = 100;

    private final Map<String, String> lines = new LinkedHashMap<>();

    private RouteDetails() {}

    static Map<String, String> of(Route route) {
        var details = new RouteDetails();
        details.add(route);
        route.policy().ifPresent(details::add);
        return details.lines;
    }

    private void add(Route route) {
        line("Route", route.formattedId());
        line("Domain", route.domain());
        line("Path", route.path());
        line("Port", route.port().map(String::valueOf));
        line("Service", route.service());
        if (!route.weights().isEmpty()) {
            Map<String, Integer> weights = new TreeMap<>(Map.of(route.service(), OWN_WEIGHT));
            weights.putAll(route.weights());
            line("Weights", joined(weights.entrySet().stream().map(Object::toString)));
        }
        if (route.type().equals(Route.HTTP)) {
            line("Certificate", certificate(route));
            flag("Sticky", route.sticky());
            line("Keep-alive", route.disableKeepAlives() ? "no" : "yes");
        }
        flag("Leader only", route.leader());
        flag("Drain", route.drainBackends());
        line("Backends speak", route.backendProtocol().map(BackendProtocol::wireName));
    }

    private static String certificate(Route route) {
        return route.autoTls() ? "from an authority" : route.tlsCert().isPresent() ? "its own" : "the cluster's";
    }

    private void add(RoutePolicy policy) {
        if (policy.redirectToHttps()) {
            line("HTTPS redirect", "yes");
        }
        line(
                "Maintenance",
                policy.maintenance()
                        .map(page -> "%d, %s, %d characters"
                                .formatted(
                                        page.status(),
                                        page.contentType(),
                                        page.body().length())));
        line(
                "Users",
                policy.auth()
                        .map(auth -> "%s (%s, realm %s)"
                                .formatted(
                                        joined(new TreeSet<>(auth.users().keySet()).stream()),
                                        auth.scheme().wireName(),
                                        auth.realm())));
        line("Rate", policy.rateLimit().map(RouteValues::rate));
        line("Rate per client", policy.clientRateLimit().map(RouteValues::rate));
        policy.maxConcurrent().ifPresent(limit -> line("Requests at a time", String.valueOf(limit)));
        policy.maxBodyBytes().ifPresent(limit -> line("Longest body", Limits.bytes(limit)));
        line("Dial timeout", policy.dialTimeout().map(RouteValues::time));
        line("Timeout", policy.responseTimeout().map(RouteValues::time));
        line("Idle timeout", policy.idleTimeout().map(RouteValues::time));
        line(
                "Health check",
                policy.healthCheck()
                        .map(check -> "GET %s every %s for at most %s; ill after %d, well after %d"
                                .formatted(
                                        check.path(),
                                        RouteValues.time(check.interval()),
                                        RouteValues.time(check.timeout()),
                                        check.unhealthyAfter(),
                                        check.healthyAfter())));
        headers("Request headers", policy.requestHeaders());
        headers("Response headers", policy.responseHeaders());
    }

    private void headers(String label, HeaderRules rules) {
        if (!rules.isEmpty()) {
            Stream<String> set = new TreeMap<>(rules.set())
                    .entrySet().stream().map(field -> "set %s: %s".formatted(field.getKey(), field.getValue()));
            Stream<String> removed = new TreeSet<>(rules.remove()).stream().map(name -> "remove " + name);
            line(label, Stream.concat(set, removed).collect(Collectors.joining("; ")));
        }
    }

    private static String joined(Stream<String> words) {
        return words.collect(Collectors.joining(", "));
    }

    private void flag(String label, boolean value) {
        line(label, value ? "yes" : "no");
    }

    private void line(String label, Optional<String> value) {
        value.ifPresent(text -> line(label, text));
    }

    private void line(String label, String value) {
        lines.put(label, value);
    }
}
