package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FORWARD;
import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Map;

/** Routes: section 6.9. */
final class RouteChecks {

    private RouteChecks() {}

    /** An app without a default route. */
    private static JsonNode bareApp(Lab lab) {
        return lab.newApp(Map.of("meta", Map.of("flynn-system-app", "true")));
    }

    private static String path(JsonNode app) {
        return Lab.appPath(app) + "/routes";
    }

    private static String path(JsonNode app, JsonNode route) {
        return "%s/%s/%s".formatted(path(app), route.path("type").asText(), Lab.id(route));
    }

    private static String domain() {
        return "tck-" + Lab.uuid() + ".example.com";
    }

    private static Map<String, Object> http(String domain) {
        return Map.of("type", "http", "domain", domain, "service", "tck-web");
    }

    private static Map<String, Object> with(Map<String, Object> route, String key, Object value) {
        Map<String, Object> copy = new HashMap<>(route);
        copy.put(key, value);
        return copy;
    }

    static void declare(Catalogue catalogue) {
        declareCreate(catalogue);
        declareRefusals(catalogue);
        declareTcp(catalogue);
        declareReads(catalogue);
        declareUpdate(catalogue);
        declareDelete(catalogue);
    }

    private static void declareCreate(Catalogue catalogue) {
        catalogue
                .endpoint("routes/create", "§6.9", "POST /apps/:a/routes")
                .check("answers-200", "200, with all fields", lab -> {
                    JsonNode app = bareApp(lab);
                    String domain = domain();
                    JsonNode route = lab.post(path(app), http(domain)).object();
                    Expect.text(route, "type", "http");
                    String unused = Expect.uuid(route, "id");
                    Expect.text(route, "parent_ref", "controller/apps/" + Lab.id(app));
                    Expect.text(route, "service", "tck-web");
                    Expect.text(route, "domain", domain);
                    Expect.text(route, "path", "/");
                    String created = Expect.time(route, "created_at");
                    String updated = Expect.time(route, "updated_at");
                    Expect.that(!created.isEmpty() && !updated.isEmpty(), "the times are empty");
                    Expect.absent(route, "port", "sticky", "tls_cert", "tls_key");
                })
                .check("id-without-type", "§4.12", "the id is without its type (surprise 32)", lab -> {
                    JsonNode route =
                            lab.post(path(bareApp(lab)), http(domain())).object();
                    Expect.that(!Expect.text(route, "id").contains("/"), "the id has a slash: %s", route.path("id"));
                })
                .from(FULL)
                .check("parent-is-forced", "parent_ref is the app's, whatever the request says", lab -> {
                    JsonNode app = bareApp(lab);
                    Expect.text(
                            lab.post(path(app), with(http(domain()), "parent_ref", "tck/other"))
                                    .object(),
                            "parent_ref",
                            "controller/apps/" + Lab.id(app));
                })
                .check(
                        "sticky",
                        "sticky is kept",
                        lab -> Expect.value(
                                lab.post(path(bareApp(lab)), with(http(domain()), "sticky", true))
                                        .object(),
                                "sticky",
                                true))
                .check("paths", "§4.12", "a path gets its last slash, below a route of the domain's root", lab -> {
                    JsonNode app = bareApp(lab);
                    Map<String, Object> root = http(domain());
                    lab.post(path(app), root).prepared("a route of the root");
                    Expect.text(lab.post(path(app), with(root, "path", "/deep")).object(), "path", "/deep/");
                })
                .check(
                        "zero-times",
                        "§4.12",
                        "times of zero in the request are fine",
                        lab -> lab.post(path(bareApp(lab)), with(http(domain()), "created_at", Times.NONE))
                                .ok())
                .check("event", "§7.2", "an event route", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode route = lab.post(path(app), http(domain())).prepared("a route");
                    JsonNode event = lab.awaitEvent(app, "route", any -> true);
                    Expect.text(event, "object_id", Lab.id(route));
                    Expect.value(event.path("data"), "domain", route.path("domain"));
                })
                .from(FORWARD)
                .check("leader", "§13.1", "leader is always there", lab -> {
                    Expect.value(lab.post(path(bareApp(lab)), http(domain())).object(), "leader", false);
                    Expect.value(
                            lab.post(path(bareApp(lab)), with(http(domain()), "leader", true))
                                    .object(),
                            "leader",
                            true);
                });
    }

    private static void declareRefusals(Catalogue catalogue) {
        catalogue
                .endpoint("routes/create", "§6.9", "POST /apps/:a/routes")
                .check("duplicate", "a domain that is taken is 409 conflict, with the route", lab -> {
                    Map<String, Object> route = http(domain());
                    lab.post(path(bareApp(lab)), route).prepared("a route");
                    Answer answer = lab.post(path(bareApp(lab)), route);
                    JsonNode error = answer.message(answer.error(409, "conflict"), "Duplicate route");
                    Expect.value(
                            error.path("detail"), "domain", Json.tree(route).path("domain"));
                })
                .check("bad-type", "a type that is none is 400", lab -> {
                    JsonNode unused = lab.post(path(bareApp(lab)), with(http(domain()), "type", "udp"))
                            .invalid();
                })
                .from(FULL)
                .check("path-without-root", "a path of a domain without a root is 400, with the route", lab -> {
                    Answer answer = lab.post(path(bareApp(lab)), with(http(domain()), "path", "/deep/"));
                    JsonNode error = answer.message(answer.invalid(), "Invalid route");
                    Expect.text(error.path("detail"), "path", "/deep/");
                })
                .check("bad-path", "a path that does not begin with a slash is 400", lab -> {
                    Answer answer = lab.post(path(bareApp(lab)), with(http(domain()), "path", "deep/"));
                    JsonNode unused = answer.message(answer.invalid(), "Invalid route");
                });
    }

    private static void declareTcp(Catalogue catalogue) {
        Map<String, Object> tcp = Map.of("type", "tcp", "service", "tck-db");
        catalogue
                .endpoint("routes/create", "§6.9", "POST /apps/:a/routes")
                .check("tcp", "§4.12", "a TCP route without a port gets one from 3000 to 3500", lab -> {
                    JsonNode route = lab.post(path(bareApp(lab)), tcp).object();
                    int port = route.path("port").asInt();
                    Expect.that(
                            port >= 3000 && port <= 3500,
                            "\"port\" has to be 3000 to 3500, was %s",
                            route.path("port"));
                    Expect.text(route, "type", "tcp");
                    Expect.absent(route, "domain", "path");
                })
                .from(FULL)
                .check("tcp-port-taken", "§4.12", "a port that is taken is 409 conflict", lab -> {
                    JsonNode route = lab.post(path(bareApp(lab)), tcp).prepared("a TCP route");
                    Answer answer = lab.post(
                            path(bareApp(lab)),
                            with(tcp, "port", route.path("port").asInt()));
                    JsonNode unused = answer.message(answer.error(409, "conflict"), "Duplicate route");
                });
    }

    private static void declareReads(Catalogue catalogue) {
        catalogue
                .endpoint("routes/list", "§6.9", "GET /apps/:a/routes")
                .check("newest-first", "routes of both types, the newest first", lab -> {
                    JsonNode app = bareApp(lab);
                    String first = Lab.id(lab.post(path(app), Map.of("type", "tcp", "service", "tck"))
                            .prepared("a TCP route"));
                    String second = Lab.id(lab.post(path(app), http(domain())).prepared("a route"));
                    JsonNode list = lab.get(path(app)).list();
                    Expect.same("count", 2, list.size());
                    Lists.newestFirst(list, "id", first, second);
                })
                .check(
                        "none",
                        "§1.6",
                        "[] of an app without any",
                        lab -> Expect.same(
                                "body", "[]", lab.get(path(bareApp(lab))).ok().text()));
        catalogue
                .endpoint("routes/get", "§6.9", "GET /apps/:a/routes/:type/:id")
                .check("whole", "all that was answered to its creation", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode made = lab.post(path(app), http(domain())).prepared("a route");
                    JsonNode found = lab.get(path(app, made)).object();
                    Expect.alike(found, made, "type", "id", "parent_ref", "service", "domain", "path", "created_at");
                })
                .check("unknown", "§2.3", "404 with an empty body, also for a route of another app", lab -> {
                    JsonNode route =
                            lab.post(path(bareApp(lab)), http(domain())).prepared("a route");
                    lab.get(path(lab.app()) + "/http/" + Lab.uuid()).notFound();
                    lab.get(path(lab.app(), route)).notFound();
                });
    }

    private static void declareUpdate(Catalogue catalogue) {
        catalogue
                .endpoint("routes/update", "§6.9", "PUT /apps/:a/routes/:type/:id")
                .check("service", "the service changes", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode route = lab.post(path(app), http(domain())).prepared("a route");
                    JsonNode updated = lab.put(path(app, route), Json.with(route, "service", "tck-other"))
                            .object();
                    Expect.text(updated, "service", "tck-other");
                    Expect.value(updated, "id", route.path("id"));
                    Expect.value(lab.get(path(app, route)).prepared("the route"), "service", Json.tree("tck-other"));
                })
                .check("other-domain", "another domain is 404 (surprise 31)", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode route = lab.post(path(app), http(domain())).prepared("a route");
                    lab.put(path(app, route), Json.with(route, "domain", domain()))
                            .notFound();
                })
                .from(FULL)
                .check("omitted", "what may be left out and is, is cleared", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode route = lab.post(path(app), with(http(domain()), "sticky", true))
                            .prepared("a route");
                    Expect.absent(
                            lab.put(
                                            path(app, route),
                                            Map.of(
                                                    "type",
                                                    "http",
                                                    "id",
                                                    route.path("id"),
                                                    "domain",
                                                    route.path("domain"),
                                                    "service",
                                                    "tck-web"))
                                    .object(),
                            "sticky");
                })
                .check("path-names-it", "type and id are those of the path (rule)", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode one = lab.post(path(app), http(domain())).prepared("a route");
                    JsonNode other = lab.post(path(app), http(domain())).prepared("another");
                    Expect.value(
                            lab.put(path(app, one), Json.with(one, "id", Lab.id(other)))
                                    .object(),
                            "id",
                            one.path("id"));
                })
                .check("of-another-app", "a route of another app is 404 (rule)", lab -> {
                    JsonNode route =
                            lab.post(path(bareApp(lab)), http(domain())).prepared("a route");
                    lab.put(path(lab.app(), route), Json.with(route, "service", "tck-stolen"))
                            .notFound();
                })
                .check("event", "§7.2", "an event route", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode route = lab.post(path(app), http(domain())).prepared("a route");
                    lab.put(path(app, route), Json.with(route, "service", "tck-other"))
                            .prepared("an update");
                    JsonNode unused = lab.awaitEvent(
                            app,
                            "route",
                            event -> event.path("data").path("service").asText().equals("tck-other"));
                });
    }

    private static void declareDelete(Catalogue catalogue) {
        catalogue
                .endpoint("routes/delete", "§6.9", "DELETE /apps/:a/routes/:type/:id")
                .check("answers-200", "200 with an empty body; then it is not there", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode route = lab.post(path(app), http(domain())).prepared("a route");
                    lab.delete(path(app, route)).ok().empty();
                    Expect.same(
                            "status of the route",
                            404,
                            lab.get(path(app, route)).status());
                })
                .check("unknown", "§2.3", "404 with an empty body, also for a route of another app", lab -> {
                    JsonNode route =
                            lab.post(path(bareApp(lab)), http(domain())).prepared("a route");
                    lab.delete(path(lab.app()) + "/http/" + Lab.uuid()).notFound();
                    lab.delete(path(lab.app(), route)).notFound();
                })
                .from(FULL)
                .check("dependents", "the root of a domain with other paths is 400", lab -> {
                    JsonNode app = bareApp(lab);
                    Map<String, Object> root = http(domain());
                    JsonNode route = lab.post(path(app), root).prepared("a route");
                    lab.post(path(app), with(root, "path", "/deep/")).prepared("a route below it");
                    Answer answer = lab.delete(path(app, route));
                    JsonNode unused = answer.message(answer.invalid(), "Route has dependent routes");
                })
                .check("event", "§7.2", "an event route_deletion", lab -> {
                    JsonNode app = bareApp(lab);
                    JsonNode route = lab.post(path(app), http(domain())).prepared("a route");
                    lab.delete(path(app, route));
                    JsonNode event = lab.awaitEvent(app, "route_deletion", any -> true);
                    Expect.text(event, "object_id", Lab.id(route));
                });
    }
}
