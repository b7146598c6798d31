package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Apps: section 6.1, and their deletion, section 9.1. */
final class AppChecks {

    private static final String NAME_PATTERN = "name String must match the pattern: \"^[a-z\\d]+(-[a-z\\d]+)*$\".";

    private AppChecks() {}

    static void declare(Catalogue catalogue) {
        declareCreate(catalogue);
        declareList(catalogue);
        declareGet(catalogue);
        declareUpdate(catalogue);
        declareDelete(catalogue);
        declareRelease(catalogue);
    }

    private static void declareCreate(Catalogue catalogue) {
        catalogue
                .endpoint("apps/create", "§6.1", "POST /apps")
                .check(
                        "answers-200",
                        "a creation is answered 200, not 201 (surprise 1)",
                        lab -> lab.post("/apps", Map.of("name", lab.name())).ok())
                .check("fields", "§4.1", "id, name, meta, strategy, deploy_timeout and times are there", lab -> {
                    String name = lab.name();
                    JsonNode app = lab.post("/apps", Map.of("name", name, "meta", Map.of("team", "billing")))
                            .object();
                    String unused = Expect.uuid(app, "id");
                    Expect.text(app, "name", name);
                    Expect.value(app, "meta", Map.of("team", "billing"));
                    Expect.text(app, "strategy", "all-at-once");
                    int timeout = app.path("deploy_timeout").asInt();
                    Expect.that(
                            timeout == 30 || timeout == 120,
                            "\"deploy_timeout\" has to be 30, or 120 as of 2021, was %s",
                            Expect.shown(app.path("deploy_timeout")));
                    String created = Expect.time(app, "created_at");
                    String updated = Expect.time(app, "updated_at");
                    Expect.same("updated_at of a new app", created, updated);
                })
                .check(
                        "empty-meta",
                        "§4.1",
                        "meta is there when it is empty",
                        lab -> Expect.emptyObject(
                                lab.post("/apps", Map.of("name", lab.name())).object(), "meta"))
                .check(
                        "no-release",
                        "§4.1",
                        "release is left out where there is none",
                        lab -> Expect.absent(
                                lab.post("/apps", Map.of("name", lab.name())).object(), "release"))
                .check("generated-name", "an app without a name gets one", lab -> {
                    JsonNode app = lab.post("/apps", lab.nameless()).object();
                    String name = Expect.text(app, "name");
                    Expect.that(
                            name.matches("[a-z\\d]+(-[a-z\\d]+)*") && name.length() <= 100,
                            "a generated name has to be a valid one, was \"%s\"",
                            name);
                })
                .check("name-taken", "409 object_exists, and whose name it is", lab -> {
                    String name = lab.newApp().path("name").asText();
                    Answer answer = lab.post("/apps", Map.of("name", name));
                    JsonNode unused = answer.message(
                            answer.error(409, "object_exists"), "application \"%s\" already exists".formatted(name));
                })
                .check(
                        "bad-names",
                        "§2.2",
                        "a name of other than lower-case words joined by dashes is 400, field name",
                        lab -> {
                            for (String name :
                                    List.of("Tck-upper", "-tck", "tck-", "tck--x", "tck_x", "tck.x", "tck x")) {
                                JsonNode unused =
                                        lab.post("/apps", Map.of("name", name)).invalid("name");
                            }
                        })
                .from(FULL)
                .check("bad-name-message", "§2.1", "with the message of the documentation", lab -> {
                    Answer answer = lab.post("/apps", Map.of("name", "Tck"));
                    JsonNode unused = answer.message(answer.invalid("name"), NAME_PATTERN);
                })
                .check("long-names", "§4.1", "a name has at most 100 characters", lab -> {
                    JsonNode unused =
                            lab.post("/apps", Map.of("name", "t".repeat(101))).invalid("name");
                })
                .check("longest-name", "§4.1", "and may have as many", lab -> {
                    String name = (lab.name() + "-" + "x".repeat(100)).substring(0, 100);
                    lab.deleteAtTheEnd(name);
                    Expect.text(lab.post("/apps", Map.of("name", name)).object(), "name", name);
                })
                .check("names-differ", "two generated names differ", lab -> {
                    JsonNode one = lab.post("/apps", lab.nameless()).object();
                    JsonNode other = lab.post("/apps", Json.with(lab.nameless(), "name", ""))
                            .object();
                    Expect.that(!one.path("name").equals(other.path("name")), "both are named %s", one.path("name"));
                })
                .check("own-id", "§4.1", "the client may say the id", lab -> {
                    String id = Lab.uuid();
                    Expect.text(
                            lab.post("/apps", Map.of("name", lab.name(), "id", id))
                                    .object(),
                            "id",
                            id);
                })
                .check("null-meta", "§4.1", "meta null is as if it was not given", lab -> {
                    Map<String, Object> body = new HashMap<>();
                    body.put("name", lab.name());
                    body.put("meta", null);
                    Expect.emptyObject(lab.post("/apps", body).object(), "meta");
                })
                .check("bad-meta", "§2.2", "meta has strings for values", lab -> {
                    Answer answer = lab.post("/apps", Map.of("name", lab.name(), "meta", Map.of("a", List.of(1))));
                    answer.is(400);
                    String code = answer.json().path("code").asText();
                    Expect.that(
                            code.equals("validation_error") || code.equals("syntax_error"),
                            "\"code\" has to be validation_error or syntax_error, was %s",
                            code);
                })
                .check("given-settings", "strategy and deploy_timeout are taken", lab -> {
                    JsonNode app = lab.post(
                                    "/apps", Map.of("name", lab.name(), "strategy", "one-by-one", "deploy_timeout", 45))
                            .object();
                    Expect.text(app, "strategy", "one-by-one");
                    Expect.value(app, "deploy_timeout", 45);
                })
                .check("release-is-not-stored", "a release in the request is not stored (surprise 36)", lab -> {
                    JsonNode app = lab.newApp(Map.of("release", lab.releaseId()));
                    Expect.same(
                            "status of its release",
                            404,
                            lab.get(Lab.appPath(app) + "/release").status());
                })
                .check("protected", "§4.1", "protected is kept and told (rule)", lab -> {
                    JsonNode app = lab.post("/apps", Map.of("name", lab.name(), "protected", true))
                            .object();
                    Expect.value(app, "protected", true);
                    // deletable again
                    lab.post(Lab.appPath(app), Map.of("protected", false)).ok();
                })
                .check(
                        "unknown-keys",
                        "unknown keys are ignored (surprise 37)",
                        lab -> lab.post("/apps", Map.of("name", lab.name(), "tck_unknown", Map.of("a", 1)))
                                .ok())
                .check("event", "§7.2", "an event app with the app in it", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode event = lab.awaitEvent(app, "app", any -> true);
                    Expect.text(event, "object_id", Lab.id(app));
                    Expect.text(event, "app", Lab.id(app));
                    Expect.text(event.path("data"), "id", Lab.id(app));
                    Expect.value(event.path("data"), "name", app.path("name"));
                })
                .check(
                        "default-route",
                        "§11.6",
                        "a default route to the service NAME-web, if the cluster has a domain",
                        lab -> {
                            JsonNode app = lab.newApp();
                            JsonNode routes =
                                    lab.get(Lab.appPath(app) + "/routes").preparedList("routes");
                            if (routes.isEmpty()) {
                                throw new Inapplicable("the cluster has no domain for default routes");
                            }
                            String name = app.path("name").asText();
                            Expect.same("count of routes", 1, routes.size());
                            Expect.text(routes.get(0), "type", "http");
                            Expect.text(routes.get(0), "service", name + "-web");
                            Expect.that(
                                    routes.get(0).path("domain").asText().startsWith(name + "."),
                                    "the domain has to begin with %s., was %s",
                                    name,
                                    routes.get(0).path("domain"));
                            Expect.absent(routes.get(0), "tls_cert");
                        })
                .check("system-app", "§11.6", "a system app has none", lab -> {
                    JsonNode app = lab.newApp(Map.of("meta", Map.of("flynn-system-app", "true")));
                    Expect.same(
                            "count of routes",
                            0,
                            lab.get(Lab.appPath(app) + "/routes")
                                    .preparedList("routes")
                                    .size());
                });
    }

    private static void declareList(Catalogue catalogue) {
        catalogue
                .endpoint("apps/list", "§6.1", "GET /apps")
                .check("newest-first", "all apps, the newest first", lab -> {
                    String first = Lab.id(lab.newApp());
                    String second = Lab.id(lab.newApp());
                    Lists.newestFirst(lab.get("/apps").list(), "id", first, second);
                })
                .check("fields", "§4.1", "whole apps", lab -> {
                    JsonNode made = lab.newApp(Map.of("meta", Map.of("a", "b")));
                    JsonNode found = Lists.find(lab.get("/apps").list(), "id", Lab.id(made));
                    Expect.alike(found, made, "name", "meta", "strategy", "deploy_timeout", "created_at");
                });
    }

    private static void declareGet(Catalogue catalogue) {
        catalogue
                .endpoint("apps/get", "§6.1", "GET /apps/:a")
                .check(
                        "by-name",
                        "by its name",
                        lab -> Expect.text(
                                lab.get("/apps/" + lab.app().path("name").asText())
                                        .object(),
                                "id",
                                Lab.id(lab.app())))
                .check(
                        "by-id",
                        "by its id",
                        lab -> Expect.value(
                                lab.get(Lab.appPath(lab.app())).object(),
                                "name",
                                lab.app().path("name")))
                .check("fields", "§4.1", "all that was answered to its creation", lab -> {
                    JsonNode made = lab.newApp(Map.of("meta", Map.of("a", "b")));
                    JsonNode found = lab.get(Lab.appPath(made)).object();
                    Expect.alike(found, made, "id", "name", "meta", "strategy", "deploy_timeout", "created_at");
                    Expect.absent(found, "release");
                })
                .check("unknown", "§2.3", "404 with an empty body (surprise 2)", lab -> {
                    lab.get("/apps/tck-" + Lab.uuid()).notFound();
                    lab.get("/apps/" + Lab.uuid()).notFound();
                })
                .from(FULL)
                .check("release", "§4.1", "release is there once the app has one", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(Lab.appPath(app) + "/release", Map.of("id", lab.releaseId()))
                            .prepared("an app with a release");
                    Expect.text(lab.get(Lab.appPath(app)).object(), "release", lab.releaseId());
                });
    }

    private static void declareUpdate(Catalogue catalogue) {
        declareUpdate(catalogue, "apps/update", "POST /apps/:a", "");
        declareUpdate(catalogue, "apps/update-meta", "POST /apps/:a/meta", "/meta");
    }

    private static void declareUpdate(Catalogue catalogue, String id, String call, String rest) {
        catalogue
                .endpoint(id, "§6.1", call)
                .check("replaces-meta", "meta is replaced as a whole", lab -> {
                    JsonNode app = lab.newApp(Map.of("meta", Map.of("a", "1", "b", "2")));
                    JsonNode updated = lab.post(Lab.appPath(app) + rest, Map.of("meta", Map.of("c", "3")))
                            .object();
                    Expect.text(updated, "id", Lab.id(app));
                    Expect.value(updated, "meta", Map.of("c", "3"));
                    Expect.value(lab.get(Lab.appPath(app)).prepared("the app"), "meta", Map.of("c", "3"));
                })
                .check("clears-meta", "{} clears it", lab -> {
                    JsonNode app = lab.newApp(Map.of("meta", Map.of("a", "1")));
                    Expect.emptyObject(
                            lab.post(Lab.appPath(app) + rest, Map.of("meta", Map.of()))
                                    .object(),
                            "meta");
                })
                .check("null-leaves-meta", "null leaves it", lab -> {
                    JsonNode app = lab.newApp(Map.of("meta", Map.of("a", "1")));
                    Map<String, Object> body = new HashMap<>();
                    body.put("meta", null);
                    Expect.value(lab.post(Lab.appPath(app) + rest, body).object(), "meta", Map.of("a", "1"));
                })
                .check("changes-the-strategy", "strategy changes", lab -> {
                    JsonNode app = lab.newApp(Map.of("meta", Map.of("a", "1")));
                    JsonNode updated = lab.post(Lab.appPath(app) + rest, Map.of("strategy", "one-by-one"))
                            .object();
                    Expect.text(updated, "strategy", "one-by-one");
                    Expect.value(updated, "meta", Map.of("a", "1"));
                })
                .from(FULL)
                .check("unknown-keys", "§1.5", "a key that no app has is 400, here alone (surprise 37)", lab -> {
                    JsonNode unused = lab.post(Lab.appPath(lab.app()) + rest, Map.of("tck_unknown", 1))
                            .invalid();
                })
                .check("known-keys", "other keys of an app are taken and ignored", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode updated = lab.post(
                                    Lab.appPath(app) + rest,
                                    Map.of("name", "tck-other", "release", lab.releaseId(), "id", Lab.uuid()))
                            .object();
                    Expect.value(updated, "name", app.path("name"));
                    Expect.text(updated, "id", Lab.id(app));
                    Expect.absent(updated, "release");
                })
                .check(
                        "deploy-timeout",
                        "deploy_timeout changes (rule)",
                        lab -> Expect.value(
                                lab.post(Lab.appPath(lab.newApp()) + rest, Map.of("deploy_timeout", 77))
                                        .object(),
                                "deploy_timeout",
                                77))
                .check("event", "§7.2", "an event app, also when nothing changed", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode first = lab.awaitEvent(app, "app", any -> true);
                    lab.post(Lab.appPath(app) + rest, Map.of()).prepared("an update");
                    JsonNode unused = lab.awaitEvent(
                            app,
                            "app",
                            event ->
                                    event.path("id").asLong() > first.path("id").asLong());
                });
    }

    private static void declareDelete(Catalogue catalogue) {
        catalogue
                .endpoint("apps/delete", "§9.1", "DELETE /apps/:a")
                .check(
                        "answers-200",
                        "200 with an empty body",
                        lab -> lab.delete(Lab.appPath(lab.newApp())).ok().empty())
                .check("event", "an event app_deletion tells that it is done, and by then the app is gone", lab -> {
                    JsonNode app = lab.newApp();
                    LiveStream stream =
                            lab.stream("/events?app_id=%s&object_types=app_deletion".formatted(Lab.id(app)));
                    stream.prepared();
                    lab.delete(Lab.appPath(app));
                    SseItem item =
                            stream.item(lab.patience()).orElseThrow(() -> new ContractBroken("no event app_deletion"));
                    JsonNode event = item.json();
                    Expect.text(event, "object_type", "app_deletion");
                    Expect.text(event, "object_id", Lab.id(app));
                    Expect.text(event, "app", Lab.id(app));
                    Expect.text(event.path("data"), "error", "");
                    Expect.text(event.path("data").path("app_deletion"), "app", Lab.id(app));
                    Expect.same(
                            "status of the app then",
                            404,
                            lab.get(Lab.appPath(app)).status());
                })
                .from(FULL)
                .check(
                        "deleted-objects",
                        "§4.17",
                        "deleted_routes and deleted_resources are there, lists or null",
                        lab -> {
                            JsonNode app = lab.newApp(Map.of("meta", Map.of("flynn-system-app", "true")));
                            JsonNode route = lab.post(
                                            Lab.appPath(app) + "/routes",
                                            Map.of(
                                                    "type",
                                                    "http",
                                                    "domain",
                                                    "tck-" + Lab.uuid() + ".example.com",
                                                    "service",
                                                    "tck"))
                                    .prepared("a route");
                            JsonNode deletion = deleted(lab, app).path("data").path("app_deletion");
                            Expect.same(
                                    "count of deleted_routes",
                                    1,
                                    deletion.path("deleted_routes").size());
                            Expect.value(deletion.path("deleted_routes").get(0), "id", route.path("id"));
                            JsonNode resources = deletion.path("deleted_resources");
                            Expect.that(
                                    resources.isNull() || resources.isArray() && resources.isEmpty(),
                                    "\"deleted_resources\" has to be null or [], was %s",
                                    Expect.shown(resources));
                        })
                .check(
                        "route-deletion",
                        "its routes are deleted, also those that others depend on, with events",
                        lab -> {
                            JsonNode app = lab.newApp(Map.of("meta", Map.of("flynn-system-app", "true")));
                            String domain = "tck-" + Lab.uuid() + ".example.com";
                            for (String path : List.of("/", "/deep/", "/deep/deeper/")) {
                                lab.post(
                                                Lab.appPath(app) + "/routes",
                                                Map.of(
                                                        "type", "http", "domain", domain, "service", "tck", "path",
                                                        path))
                                        .prepared("a route");
                            }
                            JsonNode unused = deleted(lab, app);
                            Expect.same(
                                    "count of route_deletion",
                                    3,
                                    deletions(lab, app).size());
                        })
                .check("no-scale", "§7.2", "there is no event scale for the formations that go", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Collections.emptyMap());
                    long before = newest(lab, app, "scale");
                    JsonNode unused = deleted(lab, app);
                    Expect.same("id of the newest event scale", before, newest(lab, app, "scale"));
                })
                .check("releases-stay", "its releases stay (surprise 45)", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Collections.emptyMap());
                    JsonNode unused = deleted(lab, app);
                    Expect.same(
                            "status of its release",
                            200,
                            lab.get("/releases/" + lab.releaseId()).status());
                })
                .check("name-is-free", "§6.1", "its name is free again", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode unused = deleted(lab, app);
                    Expect.value(
                            lab.post("/apps", Map.of("name", app.path("name").asText()))
                                    .prepared("an app of that name"),
                            "name",
                            app.path("name"));
                })
                .check("by-name", "by its name as well", lab -> {
                    JsonNode app = lab.newApp();
                    lab.delete("/apps/" + app.path("name").asText()).ok().empty();
                });
    }

    /** Deletes an app and waits for the event. The app's filter works by id when the app is gone, or not at all. */
    private static JsonNode deleted(Lab lab, JsonNode app) {
        lab.delete(Lab.appPath(app));
        return lab.awaitEvent(
                "object_types=app_deletion&object_id=" + Lab.id(app), "an event app_deletion", event -> true);
    }

    private static List<JsonNode> deletions(Lab lab, JsonNode app) {
        return lab.events("object_types=route_deletion&count=100").stream()
                .filter(event -> event.path("app").asText().equals(Lab.id(app)))
                .toList();
    }

    private static long newest(Lab lab, JsonNode app, String type) {
        return lab.events("object_types=" + type + "&count=500").stream()
                .filter(event -> event.path("app").asText().equals(Lab.id(app)))
                .mapToLong(event -> event.path("id").asLong())
                .max()
                .orElse(0);
    }

    private static void declareRelease(Catalogue catalogue) {
        catalogue
                .endpoint("apps/set-release", "§6.3", "PUT /apps/:a/release")
                .check("answers-the-release", "200 with the release", lab -> {
                    JsonNode release = lab.put(Lab.appPath(lab.newApp()) + "/release", Map.of("id", lab.releaseId()))
                            .object();
                    Expect.text(release, "id", lab.releaseId());
                    Expect.value(release, "processes", lab.release().path("processes"));
                })
                .check("unknown-release", "an unknown release is 400", lab -> {
                    String id = Lab.uuid();
                    Answer answer = lab.put(Lab.appPath(lab.app()) + "/release", Map.of("id", id));
                    JsonNode unused = answer.message(answer.invalid(), "could not find release with ID " + id);
                })
                .check("nothing-starts", "no formation is touched (surprise 12)", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(Lab.appPath(app) + "/release", Map.of("id", lab.releaseId()))
                            .ok();
                    Expect.same(
                            "count of formations",
                            0,
                            lab.get(Lab.appPath(app) + "/formations")
                                    .preparedList("formations")
                                    .size());
                })
                .from(FULL)
                .check("event", "§7.2", "an event app_release; the former release is in it", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode other = lab.newRelease(Map.of());
                    String path = Lab.appPath(app) + "/release";
                    lab.put(path, Map.of("id", lab.releaseId())).prepared("a release of the app");
                    JsonNode first = lab.awaitEvent(app, "app_release", any -> true);
                    Expect.text(first, "object_id", lab.releaseId());
                    Expect.text(first.path("data").path("release"), "id", lab.releaseId());
                    Expect.absent(first.path("data"), "prev_release");
                    lab.put(path, Map.of("id", Lab.id(other))).prepared("another");
                    JsonNode second = lab.awaitEvent(
                            app,
                            "app_release",
                            event -> event.path("object_id").asText().equals(Lab.id(other)));
                    Expect.text(second.path("data").path("prev_release"), "id", lab.releaseId());
                });
        catalogue
                .endpoint("apps/get-release", "§6.3", "GET /apps/:a/release")
                .check(
                        "none",
                        "§2.3",
                        "an app without a release: 404 with an empty body",
                        lab -> lab.get(Lab.appPath(lab.newApp()) + "/release").notFound())
                .check("current", "the whole release", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(Lab.appPath(app) + "/release", Map.of("id", lab.releaseId()))
                            .prepared("its release");
                    JsonNode release = lab.get(Lab.appPath(app) + "/release").object();
                    Expect.alike(release, lab.release(), "id", "artifact", "processes", "created_at");
                });
        catalogue
                .endpoint("apps/releases", "§6.3", "GET /apps/:a/releases")
                .check(
                        "none",
                        "§1.6",
                        "[] of a new app",
                        lab -> Expect.same(
                                "body",
                                "[]",
                                lab.get(Lab.appPath(lab.newApp()) + "/releases")
                                        .ok()
                                        .text()))
                .check("scaled", "releases with a formation, the newest first, also deleted formations", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode first = lab.newRelease(Map.of());
                    JsonNode second = lab.newRelease(Map.of());
                    lab.put(app, first, Map.of());
                    lab.put(app, second, Map.of());
                    lab.delete(Lab.appPath(app) + "/formations/" + Lab.id(first));
                    JsonNode list = lab.get(Lab.appPath(app) + "/releases").list();
                    Lists.newestFirst(list, "id", Lab.id(first), Lab.id(second));
                })
                .from(FULL)
                .check("current", "the current release is among them (rule)", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(Lab.appPath(app) + "/release", Map.of("id", lab.releaseId()))
                            .prepared("its release");
                    JsonNode unused =
                            Lists.find(lab.get(Lab.appPath(app) + "/releases").list(), "id", lab.releaseId());
                });
    }
}
