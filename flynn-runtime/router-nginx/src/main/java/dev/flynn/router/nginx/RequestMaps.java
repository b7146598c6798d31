package dev.flynn.router.nginx;

import static dev.flynn.router.nginx.ConfigText.MapKind.HOSTS;
import static dev.flynn.router.nginx.ConfigText.MapKind.PLAIN;
import static dev.flynn.router.nginx.ConfigText.MapKind.VOLATILE;
import static dev.flynn.router.nginx.ConfigText.regexOf;

import dev.flynn.router.nginx.Plan.Domain;
import dev.flynn.router.nginx.Plan.Route;
import dev.flynn.router.nginx.Plan.Service;
import dev.flynn.router.nginx.Plan.Target;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * From a request to a route, a service and an address, by maps.
 *
 * <p>{@code $flynn_route} is the route, {@code $flynn_service} one of its services, {@code $flynn_first} where the request
 * goes first, {@code $flynn_next} where it goes when an address refused, and {@code $flynn_entry} the location that does so.
 */
final class RequestMaps {

    /** A wildcard matches hosts of up to as many labels more than its suffix. */
    private static final int WILDCARD_LABELS = 4;

    private static final Map<String, String> NONE = Map.of();

    private final ConfigText text;
    private final Plan plan;
    private final StickyTokens tokens;

    RequestMaps(ConfigText text, NginxSettings settings, Plan plan) {
        this.text = text;
        this.plan = plan;
        this.tokens = new StickyTokens(settings.cookieKey());
    }

    void write() {
        text.open("geo", "$" + ConfigText.DOLLAR_VARIABLE)
                .line("default", "\"$\"")
                .close();
        fields();
        routes();
        services();
        retries();
        cookies();
        entries();
    }

    /** What the backend is told about the request. */
    private void fields() {
        text.map(
                "$http_connection",
                "flynn_connection",
                PLAIN,
                "",
                NONE,
                Map.of("~*(?:^|,)[ \\t]*upgrade[ \\t]*(?:,|$)", "upgrade"));
        text.map("$flynn_connection", "flynn_upgrade", PLAIN, "", Map.of("upgrade", "$http_upgrade"), NONE);
        for (String[] field : new String[][] {{"proto", "$scheme"}, {"port", "$server_port"}}) {
            String sent = "$http_x_forwarded_" + field[0];
            text.map(sent, "flynn_forwarded_" + field[0], PLAIN, sent + ", " + field[1], Map.of("", field[1]), NONE);
        }
        text.map("$msec", "flynn_start", PLAIN, "$msec", NONE, Map.of("~^(\\d+)\\.(\\d{3})$", "$1$2"));
        text.map(
                "$request_id",
                "flynn_uuid",
                PLAIN,
                "$request_id",
                NONE,
                Map.of("~^(.{8})(.{4}).(.{3}).(.{3})(.{12})$", "$1-$2-4$3-a$4-$5"));
        text.map(
                "$http_x_request_id",
                "flynn_request_id",
                PLAIN,
                "$flynn_uuid",
                NONE,
                Map.of("~^[a-zA-Z0-9+/=-]{20,200}$", "$http_x_request_id"));
    }

    private void routes() {
        Optional<Domain> catchAll = plan.domain(Plan.CATCH_ALL);
        Map<String, String> hosts = new LinkedHashMap<>();
        Map<String, String> found = new LinkedHashMap<>();
        var suffixes = new TreeSet<Integer>();
        for (Domain domain : plan.domains()) {
            if (catchAll.filter(domain::equals).isEmpty()) {
                suffixes.addAll(domain.isWildcard() ? List.of(domain.labels()) : List.of());
                hosts.put(
                        hostKey(domain),
                        domain.isWildcard() ? domain.name() + "$flynn_deeper_" + domain.labels() : domain.name());
                found.put(domain.name(), route(domain));
            }
            paths(domain);
        }
        for (int labels : suffixes) {
            text.map(
                    "$host",
                    "flynn_deeper_" + labels,
                    PLAIN,
                    "",
                    NONE,
                    Map.of("~^(?:[^.]+\\.){%d}".formatted(labels + WILDCARD_LABELS), "-deeper"));
        }
        text.map("$host", "flynn_domain", HOSTS, "", hosts, NONE);
        text.map(
                "$flynn_domain",
                "flynn_route",
                PLAIN,
                catchAll.map(RequestMaps::route).orElse(""),
                found,
                NONE);
    }

    /** A leading dot stands for the domain itself too, unless that has routes of its own. */
    private String hostKey(Domain domain) {
        boolean ownRoutes =
                domain.isWildcard() && plan.domain(domain.domain().substring(2)).isPresent();
        return domain.isWildcard() && !ownRoutes ? domain.domain().substring(1) : domain.domain();
    }

    private static String route(Domain domain) {
        return domain.byPath().size() == 1 && domain.root().isPresent()
                ? domain.root().orElseThrow().name()
                : "$flynn_route_" + domain.name();
    }

    private void paths(Domain domain) {
        String byPath = route(domain);
        if (byPath.startsWith("$")) {
            Map<String, String> patterns = new LinkedHashMap<>();
            domain.byPath().forEach((path, route) -> {
                if (!path.equals("/")) {
                    patterns.put("~^" + regexOf(path.substring(0, path.length() - 1)) + "(?:/|$)", route.name());
                }
            });
            text.map(
                    "$uri",
                    byPath.substring(1),
                    PLAIN,
                    domain.root().map(Route::name).orElse(""),
                    NONE,
                    patterns);
        }
    }

    private void services() {
        Map<String, String> unbound = new LinkedHashMap<>();
        Map<String, String> bound = new LinkedHashMap<>();
        Map<String, String> boundFirst = new LinkedHashMap<>();
        for (Route route : plan.routes()) {
            unbound.put(route.name(), choice(route));
            if (route.source().sticky()) {
                for (Target target : route.targets()) {
                    Service service = target.service();
                    for (int i = 0; i < service.addrs().size(); i++) {
                        String key =
                                route.name() + ":" + tokens.of(service.addrs().get(i));
                        bound.putIfAbsent(key, service.name());
                        boundFirst.putIfAbsent(key, service.entry(i));
                    }
                }
            }
        }
        Map<String, String> first = new LinkedHashMap<>();
        plan.services().forEach(service -> first.put(service.name(), service.entry()));
        String session = "$flynn_route:$cookie__backend";
        text.map("$flynn_route", "flynn_unbound", PLAIN, "", unbound, NONE);
        text.map(session, "flynn_service", PLAIN, "$flynn_unbound", bound, NONE);
        text.map("$flynn_service", "flynn_balanced", PLAIN, "", first, NONE);
        text.map(session, "flynn_first", PLAIN, "$flynn_balanced", boundFirst, NONE);
    }

    /** The service of a route, or a variable that holds one of several by weight. */
    private String choice(Route route) {
        List<Target> open =
                route.targets().stream().filter(target -> target.weight() > 0).toList();
        if (open.size() == 1) {
            return open.get(0).service().name();
        }
        long sum = open.stream().mapToLong(Target::weight).sum();
        String variable = "$flynn_choice_" + route.name();
        text.open("split_clients", "\"$request_id\"", variable);
        for (Target target : open.subList(0, open.size() - 1)) {
            double percent = Math.max(0.01, 100.0 * target.weight() / sum);
            text.line(
                    String.format(Locale.ROOT, "%.2f%%", percent),
                    target.service().name());
        }
        text.line("*", open.get(open.size() - 1).service().name()).close();
        return variable;
    }

    /** Each address of a service has a next one; nobody got the request as long as no byte was sent. */
    private void retries() {
        Map<String, String> next = new LinkedHashMap<>();
        Map<String, String> sizes = new LinkedHashMap<>();
        for (Service service : plan.services()) {
            List<String> addrs = service.addrs();
            sizes.put(service.name(), Integer.toString(addrs.size()));
            for (int i = 0; i < addrs.size() && addrs.size() > 1; i++) {
                next.put(service.name() + ":" + addrs.get(i), addrs.get((i + 1) % addrs.size()));
            }
        }
        text.map("$upstream_addr", "flynn_last", VOLATILE, "", NONE, Map.of("~([^ ,]+)$", "$1"));
        text.map("$upstream_bytes_sent", "flynn_unsent", VOLATILE, "", NONE, Map.of("~(?:^|[ ,])0$", "1"));
        text.map("$flynn_service", "flynn_size", PLAIN, "", sizes, NONE);
        text.map("$flynn_service:$flynn_last", "flynn_next", VOLATILE, "", next, NONE);
    }

    /** A session's cookie is set when another address answered than the one that it names. */
    private void cookies() {
        Map<String, String> answered = new LinkedHashMap<>();
        for (Route route : plan.routes()) {
            if (route.source().sticky()) {
                route.targets().stream()
                        .flatMap(target -> target.service().addrs().stream())
                        .forEach(addr -> answered.put(route.name() + ":" + addr, tokens.of(addr)));
            }
        }
        text.map("$flynn_route:$flynn_last", "flynn_token", VOLATILE, "", answered, NONE);
        Map<String, String> silent = new LinkedHashMap<>();
        silent.put("~^:", "");
        silent.put("~^([0-9a-f]+):\\1$", "");
        text.map(
                "$flynn_token:$cookie__backend",
                "flynn_set_cookie",
                VOLATILE,
                "_backend=$flynn_token; Path=/",
                NONE,
                silent);
    }

    private void entries() {
        Map<String, String> prefixes = new LinkedHashMap<>();
        Map<String, String> answers = new LinkedHashMap<>();
        for (Route route : plan.routes()) {
            Policies policies = new Policies(route);
            if (policies.isOwnAnswer()) {
                answers.put(route.name(), "@" + route.name());
            } else if (!policies.isEmpty()) {
                prefixes.put(route.name(), route.name() + "_");
            }
        }
        // nginx repeats a POST only while nothing was sent, and so does not have to keep its body
        text.map(
                "$request_method",
                "flynn_kind",
                PLAIN,
                Locations.REPEATED,
                Map.of("POST", Locations.STREAMED, "PATCH", Locations.STREAMED, "LOCK", Locations.STREAMED),
                NONE);
        text.map("$flynn_route", "flynn_prefix", PLAIN, "", prefixes, NONE);
        Map<String, String> nobody = new LinkedHashMap<>();
        nobody.put("~^;", "@missing");
        nobody.put("~;$", "@unavailable");
        text.map("$flynn_route;$flynn_first", "flynn_carried", PLAIN, "@$flynn_prefix$flynn_kind", NONE, nobody);
        text.map("$flynn_route", "flynn_entry", PLAIN, "$flynn_carried", answers, NONE);
    }
}
