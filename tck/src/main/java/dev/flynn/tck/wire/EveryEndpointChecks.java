package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What section 1 and 2 say of all endpoints, asked of each: keys, bodies that are none, apps that are not there. */
final class EveryEndpointChecks {

    /**
     * @param path with {@code :a}, {@code :r}, {@code :p} and {@code :route} for an app, a release, a provider and an app's route
     *     that are there, {@code :uuid} for anything
     * @param body one that would do, with {@code :release} for a release
     */
    private record Every(String id, String call, String method, String path, Optional<String> body) {}

    private static final Profile CORE = Profile.CORE;
    private static final String RELEASE = ":release";

    private EveryEndpointChecks() {}

    private static Every reads(String id, String method, String path) {
        return new Every(id, call(method, path), method, path, Optional.empty());
    }

    private static Every takes(String id, String method, String path, Object body) {
        return new Every(id, call(method, path), method, path, Optional.of(Json.write(body)));
    }

    private static String call(String method, String path) {
        return method + " " + path.replace("/:route", "/:type/:id").replace(":uuid", ":id");
    }

    private static List<Every> all() {
        Map<String, Object> release = Map.of("id", RELEASE);
        return List.of(
                takes("apps/create", "POST", "/apps", Map.of()),
                reads("apps/list", "GET", "/apps"),
                reads("apps/get", "GET", "/apps/:a"),
                takes("apps/update", "POST", "/apps/:a", Map.of()),
                takes("apps/update-meta", "POST", "/apps/:a/meta", Map.of()),
                reads("apps/delete", "DELETE", "/apps/:a"),
                takes("apps/set-release", "PUT", "/apps/:a/release", release),
                reads("apps/get-release", "GET", "/apps/:a/release"),
                reads("apps/releases", "GET", "/apps/:a/releases"),
                takes("releases/create", "POST", "/releases", Map.of()),
                reads("releases/list", "GET", "/releases"),
                reads("releases/get", "GET", "/releases/:r"),
                takes("artifacts/create", "POST", "/artifacts", Map.of()),
                reads("artifacts/list", "GET", "/artifacts"),
                reads("artifacts/get", "GET", "/artifacts/:uuid"),
                takes("formations/put", "PUT", "/apps/:a/formations/:r", Map.of()),
                reads("formations/get", "GET", "/apps/:a/formations/:r"),
                reads("formations/delete", "DELETE", "/apps/:a/formations/:r"),
                reads("formations/of-an-app", "GET", "/apps/:a/formations"),
                new Every(
                        "formations/active",
                        "GET /formations?active=true",
                        "GET",
                        "/formations?active=true",
                        Optional.empty()),
                takes("jobs/run", "POST", "/apps/:a/jobs", Map.of("release", RELEASE, "cmd", List.of("true"))),
                reads("jobs/list", "GET", "/apps/:a/jobs"),
                reads("jobs/get", "GET", "/apps/:a/jobs/:uuid"),
                takes("jobs/put", "PUT", "/apps/:a/jobs/:uuid", Map.of("id", "tck-1", "state", "up")),
                reads("jobs/delete", "DELETE", "/apps/:a/jobs/:uuid"),
                new Every("log/plain", "GET /apps/:a/log", "GET", "/apps/:a/log", Optional.empty()),
                takes("deployments/create", "POST", "/apps/:a/deploy", release),
                reads("deployments/list", "GET", "/apps/:a/deployments"),
                reads("deployments/get", "GET", "/deployments/:uuid"),
                takes("providers/create", "POST", "/providers", Map.of()),
                reads("providers/list", "GET", "/providers"),
                reads("providers/get", "GET", "/providers/:uuid"),
                reads("resources/of-an-app", "GET", "/apps/:a/resources"),
                takes(
                        "routes/create",
                        "POST",
                        "/apps/:a/routes",
                        Map.of("type", "http", "domain", "x.example", "service", "x")),
                reads("routes/list", "GET", "/apps/:a/routes"),
                reads("routes/get", "GET", "/apps/:a/routes/http/:uuid"),
                takes("routes/update", "PUT", "/apps/:a/routes/:route", Map.of("service", "x")),
                reads("routes/delete", "DELETE", "/apps/:a/routes/http/:uuid"),
                reads("events/get", "GET", "/events/:uuid"),
                reads("cluster/status", "GET", "/.well-known/status"),
                reads("cluster/backup", "GET", "/backup"),
                takes("cluster/domain", "PUT", "/domain", Map.of()));
    }

    static void declare(Catalogue catalogue) {
        for (Every every : all()) {
            Catalogue.Group group =
                    catalogue.groupOf(every.id()).orElseGet(() -> catalogue.endpoint(every.id(), "§5", every.call()));
            group.from(CORE)
                    .check(
                            "needs-the-key",
                            "§1.3",
                            "without the key: 401 with an empty body",
                            lab -> lab.send(withBody(
                                            lab, Request.of(every.method(), path(lab, every.path())), every.body()))
                                    .is(401)
                                    .empty()
                                    .withoutHeader("WWW-Authenticate"));
            if (every.path().startsWith("/apps/:a")) {
                group.from(CORE)
                        .check(
                                "unknown-app",
                                "§2.3",
                                "an unknown app is 404 with an empty body, by name or id",
                                lab -> {
                                    for (String app : List.of("tck-" + Lab.uuid(), Lab.uuid())) {
                                        lab.send(withBody(
                                                        lab,
                                                        lab.request(
                                                                every.method(),
                                                                path(
                                                                        lab,
                                                                        every.path()
                                                                                .replace(":a", app))),
                                                        every.body()))
                                                .notFound();
                                    }
                                });
            }
            if (every.body().isPresent()) {
                bodies(group, every);
            }
        }
    }

    private static void bodies(Catalogue.Group group, Every every) {
        group.from(CORE)
                .check("malformed-json", "§2.4", "malformed JSON is 400 syntax_error", lab -> {
                    var unused = lab.send(lab.request(every.method(), path(lab, every.path()))
                                    .body("{\"a\":"))
                            .syntaxError();
                })
                .from(FULL)
                .check("wrong-json-type", "§2.4", "JSON of the wrong type is 400 syntax_error", lab -> {
                    for (String body : List.of("[1]", "\"text\"")) {
                        var unused = lab.send(lab.request(every.method(), path(lab, every.path()))
                                        .body(body))
                                .syntaxError();
                    }
                })
                .check("empty-body", "§2.4", "an empty body is 500 unknown_error", lab -> {
                    var unused = lab.send(lab.request(every.method(), path(lab, every.path())))
                            .unknownError();
                });
    }

    private static Request withBody(Lab lab, Request request, Optional<String> body) {
        return body.map(text -> request.body(text.contains(RELEASE) ? text.replace(RELEASE, lab.releaseId()) : text))
                .orElse(request);
    }

    private static String path(Lab lab, String template) {
        String path = template.replace(":uuid", Lab.uuid());
        if (path.contains(":route")) {
            path = path.replace(":route", path.contains(":a") ? route(lab) : "http/" + Lab.uuid());
        }
        if (path.contains(":r")) {
            path = path.replace(":r", lab.releaseId());
        }
        return path.contains(":a") ? path.replace(":a", Lab.id(lab.app())) : path;
    }

    private static String route(Lab lab) {
        return lab.shared(
                "a route",
                String.class,
                () -> "http/"
                        + Lab.id(lab.post(
                                        Lab.appPath(lab.app()) + "/routes",
                                        Map.of(
                                                "type",
                                                "http",
                                                "domain",
                                                "tck-" + Lab.uuid() + ".example.com",
                                                "service",
                                                "tck"))
                                .prepared("a route")));
    }
}
