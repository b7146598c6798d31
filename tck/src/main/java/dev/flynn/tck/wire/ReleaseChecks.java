package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FORWARD;
import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Releases: section 6.3. */
final class ReleaseChecks {

    private static final Map<String, Object> MEMORY = limit(1073741824L);
    private static final Map<String, Object> FILES = limit(10000L);

    private ReleaseChecks() {}

    private static Map<String, Object> limit(long limit) {
        return Map.of("request", limit, "limit", limit);
    }

    static void declare(Catalogue catalogue) {
        declareCreate(catalogue);
        declareDefaults(catalogue);
        declareForward(catalogue);
        catalogue
                .endpoint("releases/list", "§6.3", "GET /releases")
                .check("newest-first", "all releases, the newest first", lab -> {
                    String first = Lab.id(lab.newRelease(Map.of()));
                    String second = Lab.id(lab.newRelease(Map.of()));
                    Lists.newestFirst(lab.get("/releases").list(), "id", first, second);
                });
        catalogue
                .endpoint("releases/get", "§6.3", "GET /releases/:r")
                .check("whole", "all that was answered to its creation", lab -> {
                    JsonNode made = lab.newRelease(
                            Map.of("web", Shell.waits()), Map.of("env", Map.of("A", "b"), "meta", Map.of("c", "d")));
                    JsonNode found = lab.get("/releases/" + Lab.id(made)).object();
                    Expect.alike(found, made, "id", "artifact", "env", "meta", "processes", "created_at");
                })
                .check("unknown", "§2.3", "404 with an empty body, also where the id is none", lab -> {
                    lab.get("/releases/" + Lab.uuid()).notFound();
                    lab.get("/releases/no-id").notFound();
                });
    }

    private static Answer post(Lab lab, Map<String, ?> more) {
        Map<String, Object> body = new HashMap<>(Map.of("artifact", lab.artifact()));
        body.putAll(more);
        Answer answer = lab.post("/releases", body);
        String id = Json.readLeniently(answer.text()).path("id").asText();
        if (answer.status() < 300) {
            lab.releaseRemains(id);
        }
        return answer;
    }

    private static void declareCreate(Catalogue catalogue) {
        catalogue
                .endpoint("releases/create", "§6.3", "POST /releases")
                .check(
                        "answers-200",
                        "a creation is answered 200",
                        lab -> post(lab, Map.of()).ok())
                .check("fields", "§4.2", "id, artifact and created_at are there, and what was given", lab -> {
                    JsonNode release = post(
                                    lab,
                                    Map.of(
                                            "env",
                                            Map.of("LOG_LEVEL", "info"),
                                            "meta",
                                            Map.of("team", "billing"),
                                            "processes",
                                            Map.of("web", Map.of("cmd", List.of("./serve"), "env", Map.of("X", "y")))))
                            .object();
                    String unused = Expect.uuid(release, "id");
                    String time = Expect.time(release, "created_at");
                    Expect.that(!time.isEmpty(), "created_at is empty");
                    Expect.text(release, "artifact", lab.artifact());
                    Expect.value(release, "env", Map.of("LOG_LEVEL", "info"));
                    Expect.value(release, "meta", Map.of("team", "billing"));
                    JsonNode web = release.path("processes").path("web");
                    Expect.value(web, "cmd", List.of("./serve"));
                    Expect.value(web, "env", Map.of("X", "y"));
                })
                .check("ports", "§4.4", "ports, services and checks are kept", lab -> {
                    Map<String, Object> check = Map.of("type", "http", "path", "/healthz", "interval", 3_000_000_000L);
                    Map<String, Object> port = Map.of(
                            "port",
                            0,
                            "proto",
                            "tcp",
                            "service",
                            Map.of("name", "tck-web", "create", true, "check", check));
                    JsonNode release = post(lab, Map.of("processes", Map.of("web", Map.of("ports", List.of(port)))))
                            .object();
                    JsonNode kept =
                            release.path("processes").path("web").path("ports").path(0);
                    Expect.value(kept, "port", 0);
                    Expect.text(kept, "proto", "tcp");
                    Expect.text(kept.path("service"), "name", "tck-web");
                    Expect.value(kept.path("service"), "create", true);
                    Expect.text(kept.path("service").path("check"), "type", "http");
                    Expect.text(kept.path("service").path("check"), "path", "/healthz");
                    Expect.value(kept.path("service").path("check"), "interval", 3_000_000_000L);
                })
                .check("no-artifact", "§4.2", "a release may be without an artifact", lab -> {
                    JsonNode release = lab.post("/releases", Map.of("env", Map.of("A", "b")))
                            .object();
                    lab.releaseRemains(Lab.id(release));
                    Expect.absent(release, "artifact", "meta", "processes");
                })
                .from(FULL)
                .check(
                        "unknown-artifact",
                        "an unknown artifact is 500, to be tried again",
                        lab -> Expect.value(
                                lab.post("/releases", Map.of("artifact", Lab.uuid()))
                                        .unknownError(),
                                "retry",
                                true))
                .check("own-id", "§4.2", "the client may say the id, once", lab -> {
                    String id = Lab.uuid();
                    Expect.text(post(lab, Map.of("id", id)).object(), "id", id);
                    JsonNode unused = lab.post("/releases", Map.of("id", id)).unknownError();
                })
                .check("flags", "§4.3", "what else a process type may say is kept", lab -> {
                    Map<String, Object> type = Map.of(
                            "entrypoint",
                            List.of("/bin/sh"),
                            "data",
                            true,
                            "omni",
                            true,
                            "host_network",
                            true,
                            "service",
                            "tck",
                            "resurrect",
                            true);
                    JsonNode kept = post(lab, Map.of("processes", Map.of("a", type)))
                            .object()
                            .path("processes")
                            .path("a");
                    type.forEach((key, value) -> Expect.value(kept, key, value));
                })
                .check(
                        "check-status",
                        "§4.4",
                        "the expected status of a check may be status or status.omitempty",
                        lab -> {
                            for (String key : List.of("status", "status.omitempty")) {
                                Map<String, Object> check = Map.of("type", "http", key, 204);
                                Map<String, Object> port = Map.of(
                                        "port", 0, "proto", "tcp", "service", Map.of("name", "tck", "check", check));
                                JsonNode kept = post(
                                                lab, Map.of("processes", Map.of("web", Map.of("ports", List.of(port)))))
                                        .object()
                                        .path("processes")
                                        .path("web")
                                        .path("ports")
                                        .path(0)
                                        .path("service")
                                        .path("check");
                                int status = kept.path("status")
                                        .asInt(kept.path("status.omitempty").asInt());
                                Expect.same("status of the check given as " + key, 204, status);
                            }
                        })
                .check("wrong-types", "§2.4", "a value of the wrong type is 400", lab -> {
                    JsonNode env =
                            lab.post("/releases", Map.of("env", List.of("A=b"))).syntaxError();
                    Expect.object(env);
                    JsonNode types =
                            lab.post("/releases", Map.of("processes", "web")).syntaxError();
                    Expect.object(types);
                })
                .check("event", "§7.2", "an event release", lab -> {
                    JsonNode release = lab.newRelease(Map.of());
                    JsonNode event = lab.awaitEvent(
                            "object_types=release&object_id=" + Lab.id(release), "an event release", any -> true);
                    Expect.text(event.path("data"), "id", Lab.id(release));
                    Expect.absent(event, "app");
                });
    }

    private static void declareDefaults(Catalogue catalogue) {
        catalogue
                .endpoint("releases/create", "§6.3", "POST /releases")
                .check("default-limits", "§4.5", "a process type gets 1 GiB of memory and 10,000 files", lab -> {
                    JsonNode resources = resources(lab, Map.of("cmd", List.of("a")));
                    Expect.value(resources, "memory", MEMORY);
                    Expect.value(resources, "max_fd", FILES);
                })
                .from(FULL)
                .check(
                        "request-becomes-limit",
                        "§4.5",
                        "a missing request becomes the limit",
                        lab -> Expect.value(
                                resources(lab, Map.of("resources", Map.of("memory", Map.of("limit", 268435456)))),
                                "memory",
                                limit(268435456L)))
                .check(
                        "given-request",
                        "§4.5",
                        "a given request is kept",
                        lab -> Expect.value(
                                resources(
                                        lab,
                                        Map.of(
                                                "resources",
                                                Map.of("memory", Map.of("request", 134217728, "limit", 268435456)))),
                                "memory",
                                Map.of("request", 134217728, "limit", 268435456)))
                .check("other-limits", "§4.5", "max_procs has no default", lab -> {
                    Expect.absent(resources(lab, Map.of("cmd", List.of("a"))), "max_procs");
                    Expect.value(
                            resources(lab, Map.of("resources", Map.of("max_procs", Map.of("limit", 64)))),
                            "max_procs",
                            limit(64L));
                });
    }

    private static JsonNode resources(Lab lab, Map<String, ?> type) {
        return post(lab, Map.of("processes", Map.of("web", type)))
                .object()
                .path("processes")
                .path("web")
                .path("resources");
    }

    private static void declareForward(Catalogue catalogue) {
        catalogue
                .endpoint("releases/create", "§6.3", "POST /releases")
                .from(FORWARD)
                .check("artifacts", "§13.1", "artifacts may be a list; both forms are told", lab -> {
                    JsonNode release = lab.post("/releases", Map.of("artifacts", List.of(lab.artifact())))
                            .object();
                    lab.releaseRemains(Lab.id(release));
                    Expect.text(release, "artifact", lab.artifact());
                    Expect.value(release, "artifacts", List.of(lab.artifact()));
                    Expect.value(post(lab, Map.of()).object(), "artifacts", List.of(lab.artifact()));
                })
                .check(
                        "app-id",
                        "§13.1",
                        "app_id is kept",
                        lab -> Expect.value(
                                post(lab, Map.of("app_id", Lab.id(lab.app()))).object(), "app_id", Lab.id(lab.app())))
                .check(
                        "args",
                        "§13.1",
                        "args are entrypoint and command",
                        lab -> Expect.value(
                                post(
                                                lab,
                                                Map.of(
                                                        "processes",
                                                        Map.of(
                                                                "web",
                                                                Map.of("args", List.of("/bin/sh", "-c", "exit 0")))))
                                        .object()
                                        .path("processes")
                                        .path("web"),
                                "args",
                                List.of("/bin/sh", "-c", "exit 0")))
                .check(
                        "volumes",
                        "§13.1",
                        "a volume at /data is data",
                        lab -> Expect.value(
                                post(
                                                lab,
                                                Map.of(
                                                        "processes",
                                                        Map.of(
                                                                "db",
                                                                Map.of("volumes", List.of(Map.of("path", "/data"))))))
                                        .object()
                                        .path("processes")
                                        .path("db"),
                                "data",
                                true));
        catalogue
                .endpoint("releases/delete", "§13.3", "DELETE /apps/:a/releases/:r")
                .from(FORWARD)
                .check("current", "the current release cannot be deleted: 400", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode release = lab.newRelease(Map.of());
                    lab.put(Lab.appPath(app) + "/release", Map.of("id", Lab.id(release)))
                            .prepared("its release");
                    JsonNode unused = lab.delete(Lab.appPath(app) + "/releases/" + Lab.id(release))
                            .invalid();
                })
                .check("event", "another is, with an event release_deletion", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode release = lab.newRelease(Map.of(), Map.of("app_id", Lab.id(app)));
                    lab.put(app, release, Map.of());
                    lab.delete(Lab.appPath(app) + "/releases/" + Lab.id(release))
                            .ok();
                    JsonNode event = lab.awaitEvent(
                            "object_types=release_deletion&object_id=" + Lab.id(release),
                            "an event release_deletion",
                            any -> true);
                    Expect.text(event.path("data").path("release_deletion"), "release", Lab.id(release));
                    lab.get("/releases/" + Lab.id(release)).is(404);
                });
    }
}
