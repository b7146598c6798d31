package dev.flynn.cli;

import dev.flynn.api.route.Route;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code flynn route}: the names and ports that lead to an app. */
final class RouteCommand implements Command {

    private static final int LARGEST_PORT = 65_535;

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(
                        Option.value('s', "service"),
                        Option.value('c', "tls-cert"),
                        Option.value('k', "tls-key"),
                        Option.flag("sticky"),
                        Option.flag("no-sticky"),
                        Option.flag("leader"),
                        Option.flag("no-leader"),
                        Option.value('p', "port"),
                        Option.flag("json")),
                Form.of("", 0, 0, "json"),
                Form.of("add http", 1, 1, "service", "tls-cert", "tls-key", "sticky", "leader", "json"),
                Form.of("add tcp", 0, 0, "service", "port", "leader", "json"),
                Form.of(
                        "update",
                        1,
                        1,
                        "service",
                        "tls-cert",
                        "tls-key",
                        "sticky",
                        "no-sticky",
                        "leader",
                        "no-leader",
                        "json"),
                Form.of("remove", 1, 1));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        switch (arguments.form()) {
            case "add http" -> addHttp(context, app, arguments);
            case "add tcp" -> addTcp(context, app, arguments);
            case "update" -> update(context, app, arguments);
            case "remove" -> remove(context, app, arguments.value(0));
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
                String scheme = route.tlsCert().isPresent() ? "https:" : "http:";
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
        Map<String, Object> fields = new HashMap<>();
        fields.put("type", Route.HTTP);
        fields.put("service", arguments.option("service").orElse(app + "-web"));
        String domain = arguments.value(0);
        int slash = domain.indexOf('/');
        fields.put("domain", slash < 0 ? domain : domain.substring(0, slash));
        if (slash >= 0) {
            fields.put("path", domain.substring(slash));
        }
        if (arguments.has("sticky")) {
            fields.put("sticky", true);
        }
        if (arguments.has("leader")) {
            fields.put("leader", true);
        }
        Certificates.of(context, arguments).ifPresent(tls -> {
            fields.put("tls_cert", tls.certificate());
            fields.put("tls_key", tls.key());
        });
        Route route = context.controller().createRoute(app, fields);
        print(context, arguments, route, route.formattedId());
    }

    private static void addTcp(Context context, String app, Arguments arguments) {
        Map<String, Object> fields = new HashMap<>();
        fields.put("type", Route.TCP);
        fields.put("service", arguments.option("service").orElse(app + "-web"));
        arguments.option("port").ifPresent(port -> fields.put("port", port(port)));
        if (arguments.has("leader")) {
            fields.put("leader", true);
        }
        Route route = context.controller().createRoute(app, fields);
        printListening(context, arguments, route);
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
        Route route = context.controller().route(app, id);
        boolean sticky = isWanted("sticky", arguments, route.sticky());
        boolean leader = isWanted("leader", arguments, route.leader());
        Route changed = changed(route, service.orElse(route.service()), tls, sticky, leader);
        Route updated = context.controller().updateRoute(app, changed);
        print(context, arguments, updated, "updated " + updated.formattedId());
    }

    private static boolean isWanted(String flag, Arguments arguments, boolean before) {
        return !arguments.has("no-" + flag) && (arguments.has(flag) || before);
    }

    private static void updateTcp(Context context, String app, Arguments arguments) {
        String id = arguments.value(0);
        String service = arguments.option("service").orElse("");
        boolean changesLeader = arguments.has("leader") || arguments.has("no-leader");
        if (service.isEmpty() && !changesLeader) {
            throw new CliException("No service name given");
        }
        Route route = context.controller().route(app, id);
        if (route.service().equals(service) && !changesLeader) {
            throw new CliException("Service already set");
        }
        Route changed = changed(
                route,
                service.isEmpty() ? route.service() : service,
                Optional.empty(),
                route.sticky(),
                isWanted("leader", arguments, route.leader()));
        printListening(context, arguments, context.controller().updateRoute(app, changed));
    }

    /** A certificate that is there stays unless another one is given. */
    private static Route changed(
            Route route, String service, Optional<Certificates> tls, boolean sticky, boolean leader) {
        return route.toBuilder()
                .service(service)
                .tls(
                        tls.map(Certificates::certificate).or(route::tlsCert),
                        tls.map(Certificates::key).or(route::tlsKey))
                .sticky(sticky)
                .leader(leader)
                .build();
    }

    private static void remove(Context context, String app, String id) {
        requireType(id);
        context.controller().deleteRoute(app, id);
        context.console().print("Route " + id + " removed.");
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
