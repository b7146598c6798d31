package dev.flynn.cli;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.Route;
import dev.flynn.api.route.RoutePolicy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code flynn route}: the names and ports that lead to an app. */
final class RouteCommand implements Command {

    private static final int LARGEST_PORT = 65_535;

    private static final List<String> OF_HTTP = List.of(
            "service",
            "tls-cert",
            "tls-key",
            "auto-tls",
            "sticky",
            "leader",
            "drain",
            "no-keep-alive",
            "backend-protocol",
            "weight",
            "json");

    private static final List<String> OF_TCP = List.of("service", "leader", "drain", "json");

    private static final List<String> TAKEN_BACK_OF_TCP = List.of("no-leader", "no-drain");

    private static final List<String> TAKEN_BACK =
            List.of("no-auto-tls", "no-sticky", "no-leader", "no-drain", "keep-alive", "no-weight");

    @Override
    public Syntax syntax() {
        List<Option> options = new ArrayList<>(List.of(
                Option.value('s', "service"),
                Option.value('c', "tls-cert"),
                Option.value('k', "tls-key"),
                Option.flag("auto-tls"),
                Option.flag("no-auto-tls"),
                Option.flag("sticky"),
                Option.flag("no-sticky"),
                Option.flag("leader"),
                Option.flag("no-leader"),
                Option.flag("drain"),
                Option.flag("no-drain"),
                Option.flag("keep-alive"),
                Option.flag("no-keep-alive"),
                Option.value("backend-protocol"),
                Option.value("weight"),
                Option.value("no-weight"),
                Option.value('p', "port"),
                Option.flag("json")));
        options.addAll(RoutePolicyOptions.options());
        return Syntax.of(
                options,
                Form.of("", 0, 0, "json"),
                Form.of("add http", 1, 1, names(OF_HTTP, RoutePolicyOptions.names())),
                Form.of("add tcp", 0, 0, names(OF_TCP, List.of("port"))),
                Form.of("show", 1, 1, "json"),
                Form.of("update", 1, 1, names(OF_HTTP, TAKEN_BACK, RoutePolicyOptions.names())),
                Form.of("remove", 1, 1, "json"));
    }

    @SafeVarargs
    private static String[] names(List<String>... lists) {
        return Stream.of(lists).flatMap(List::stream).toArray(String[]::new);
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        switch (arguments.form()) {
            case "add http" -> addHttp(context, app, arguments);
            case "add tcp" -> addTcp(context, app, arguments);
            case "show" -> show(context, app, arguments);
            case "update" -> update(context, app, arguments);
            case "remove" -> remove(context, app, arguments);
            default -> list(context, app, arguments.has("json"));
        }
        return 0;
    }

    private static void list(Context context, String app, boolean asJson) {
        List<Route> routes = context.controller().routes(app);
        if (asJson) {
            context.printJson(routes);
            return;
        }
        Table table = new Table().row("ROUTE", "SERVICE", "ID", "STICKY", "PATH");
        for (Route route : routes) {
            if (route.type().equals(Route.TCP)) {
                table.row("tcp:" + route.port().orElse(0), route.service(), route.formattedId(), "", "");
            } else {
                String scheme = route.tlsCert().isPresent() || route.autoTls() ? "https:" : "http:";
                table.row(
                        scheme + route.domain().orElse(""),
                        route.service(),
                        route.formattedId(),
                        String.valueOf(route.sticky()),
                        route.path().orElse("/"));
            }
        }
        table.print(context.console());
    }

    private static void addHttp(Context context, String app, Arguments arguments) {
        Map<String, Object> fields = newRoute(Route.HTTP, app, arguments);
        String domain = arguments.value(0);
        int slash = domain.indexOf('/');
        fields.put("domain", slash < 0 ? domain : domain.substring(0, slash));
        if (slash >= 0) {
            fields.put("path", domain.substring(slash));
        }
        putIfGiven(fields, "sticky", arguments, "sticky");
        putIfGiven(fields, "auto_tls", arguments, "auto-tls");
        putIfGiven(fields, "disable_keep_alives", arguments, "no-keep-alive");
        protocol(arguments).ifPresent(protocol -> fields.put("backend_protocol", protocol));
        Map<String, Integer> weights = weights(arguments, Map.of());
        if (!weights.isEmpty()) {
            fields.put("weights", weights);
        }
        RoutePolicy policy = policyOptions(context, arguments).change(RoutePolicy.NONE);
        if (!policy.equals(RoutePolicy.NONE)) {
            fields.put("policy", policy);
        }
        Optional<Certificates> tls = Certificates.of(context, arguments);
        tls.ifPresent(own -> {
            fields.put("tls_cert", own.certificate());
            fields.put("tls_key", own.key());
        });
        Route route = context.controller().createRoute(app, fields);
        warnOfCertificate(context, tls, route);
        print(context, arguments, route, route.formattedId());
    }

    private static void warnOfCertificate(Context context, Optional<Certificates> tls, Route route) {
        tls.ifPresent(own -> CertificateProblems.of(
                        own.certificate(), route.domain().orElse(""), Instant.now())
                .forEach(problem -> context.console().tell("warning: " + problem + "; clients will refuse it")));
    }

    private static void addTcp(Context context, String app, Arguments arguments) {
        Map<String, Object> fields = newRoute(Route.TCP, app, arguments);
        arguments.option("port").ifPresent(port -> fields.put("port", port(port)));
        Route route = context.controller().createRoute(app, fields);
        printListening(context, arguments, route);
    }

    private static Map<String, Object> newRoute(String type, String app, Arguments arguments) {
        Map<String, Object> fields = new HashMap<>();
        fields.put("type", type);
        fields.put("service", arguments.option("service").orElse(app + "-web"));
        putIfGiven(fields, "leader", arguments, "leader");
        putIfGiven(fields, "drain_backends", arguments, "drain");
        return fields;
    }

    private static void putIfGiven(Map<String, Object> fields, String field, Arguments arguments, String flag) {
        if (arguments.has(flag)) {
            fields.put(field, true);
        }
    }

    private static RoutePolicyOptions policyOptions(Context context, Arguments arguments) {
        return new RoutePolicyOptions(
                arguments, context.environment().directory(), user -> RouteUsers.ask(context.console(), user));
    }

    private static Optional<BackendProtocol> protocol(Arguments arguments) {
        return arguments.option("backend-protocol").map(BackendProtocol::ofWireName);
    }

    private static Map<String, Integer> weights(Arguments arguments, Map<String, Integer> before) {
        Map<String, Integer> weights = new HashMap<>(before);
        arguments.all("no-weight").forEach(weights::remove);
        for (String weight : arguments.all("weight")) {
            String[] pair = RouteValues.pair("weight", weight, '=', "a service and its share, such as ledger-next=5");
            weights.put(pair[0], RouteValues.number("weight", pair[1]));
        }
        return weights;
    }

    private static void show(Context context, String app, Arguments arguments) {
        String id = arguments.value(0);
        requireType(id);
        Route route = context.controller().route(app, id);
        if (arguments.has("json")) {
            context.printJson(route);
            return;
        }
        Table table = new Table();
        RouteDetails.of(route).forEach((label, value) -> table.row(label + ":", value));
        if (route.autoTls()) {
            CertificateDetails.of(context.controller().routeCertificate(app, id))
                    .forEach((label, value) -> table.row(label + ":", value));
        }
        table.print(context.console());
    }

    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= LARGEST_PORT) {
                return port;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new CliException("\"" + text + "\" is no port number");
    }

    private static void printListening(Context context, Arguments arguments, Route route) {
        String line = route.formattedId() + " listening on port " + route.port().orElse(0);
        print(context, arguments, route, line);
    }

    private static void print(Context context, Arguments arguments, Route route, String line) {
        if (arguments.has("json")) {
            context.printJson(route);
        } else {
            context.console().print(line);
        }
    }

    private static void update(Context context, String app, Arguments arguments) {
        String id = arguments.value(0);
        String type = requireType(id);
        Optional<String> service = arguments.option("service");
        if (type.equals(Route.TCP)) {
            updateTcp(context, app, arguments);
            return;
        }
        Optional<Certificates> tls = Certificates.of(context, arguments);
        if (tls.isPresent() && arguments.has("auto-tls")) {
            throw new CliException("--auto-tls gets a certificate, and --tls-cert gives one: choose one of them");
        }
        Route route = context.controller().route(app, id);
        RoutePolicy policy =
                policyOptions(context, arguments).change(route.policy().orElse(RoutePolicy.NONE));
        boolean autoTls = tls.isEmpty() && isWanted("auto-tls", arguments, route.autoTls());
        Route changed = changed(route, service, arguments)
                .tls(
                        tls.map(Certificates::certificate).or(() -> autoTls ? Optional.empty() : route.tlsCert()),
                        tls.map(Certificates::key).or(() -> autoTls ? Optional.empty() : route.tlsKey()))
                .autoTls(autoTls)
                .sticky(isWanted("sticky", arguments, route.sticky()))
                .disableKeepAlives(
                        !arguments.has("keep-alive") && (arguments.has("no-keep-alive") || route.disableKeepAlives()))
                .backendProtocol(protocol(arguments).or(route::backendProtocol))
                .weights(weights(arguments, route.weights()))
                .policy(Optional.of(policy).filter(some -> !some.equals(RoutePolicy.NONE)))
                .build();
        Route updated = context.controller().updateRoute(app, changed);
        warnOfCertificate(context, tls, updated);
        print(context, arguments, updated, "updated " + updated.formattedId());
    }

    /** What routes of both types have. */
    private static Route.Builder changed(Route route, Optional<String> service, Arguments arguments) {
        return route.toBuilder()
                .service(service.orElse(route.service()))
                .leader(isWanted("leader", arguments, route.leader()))
                .drainBackends(isWanted("drain", arguments, route.drainBackends()));
    }

    private static boolean isWanted(String flag, Arguments arguments, boolean before) {
        return !arguments.has("no-" + flag) && (arguments.has(flag) || before);
    }

    private static void updateTcp(Context context, String app, Arguments arguments) {
        String id = arguments.value(0);
        Optional<String> service = arguments.option("service").filter(name -> !name.isEmpty());
        arguments.options().keySet().stream()
                .filter(option -> !OF_TCP.contains(option) && !TAKEN_BACK_OF_TCP.contains(option))
                .findFirst()
                .ifPresent(option -> {
                    throw new CliException("--" + option + " is for http routes only");
                });
        boolean changesMore =
                Stream.of("leader", "no-leader", "drain", "no-drain").anyMatch(arguments::has);
        if (service.isEmpty() && !changesMore) {
            throw new CliException("No service name given");
        }
        Route route = context.controller().route(app, id);
        if (Optional.of(route.service()).equals(service) && !changesMore) {
            throw new CliException("Service already set");
        }
        Route changed = changed(route, service, arguments).build();
        printListening(context, arguments, context.controller().updateRoute(app, changed));
    }

    private static void remove(Context context, String app, Arguments arguments) {
        String id = arguments.value(0);
        requireType(id);
        Optional<Route> removed =
                arguments.has("json") ? Optional.of(context.controller().route(app, id)) : Optional.empty();
        context.controller().deleteRoute(app, id);
        removed.ifPresentOrElse(context::printJson, () -> context.console().print("Route " + id + " removed."));
    }

    private static String requireType(String id) {
        int slash = id.indexOf('/');
        String type = slash < 0 ? id : id.substring(0, slash);
        if (slash < 0 || !type.equals(Route.HTTP) && !type.equals(Route.TCP)) {
            throw new CliException("Route type " + type + " not supported.");
        }
        return type;
    }
}
