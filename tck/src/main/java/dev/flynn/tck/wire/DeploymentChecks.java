package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Deployments: sections 6.7 and 8. */
final class DeploymentChecks {

    private DeploymentChecks() {}

    private static String deploy(JsonNode app) {
        return Lab.appPath(app) + "/deploy";
    }

    private static Map<String, Object> of(JsonNode release) {
        return Map.of("id", Lab.id(release));
    }

    static void declare(Catalogue catalogue) {
        declareIdle(catalogue);
        declareRunning(catalogue);
        declareFailing(catalogue);
        declareSequences(catalogue);
        declareReads(catalogue);
    }

    // ---- nothing runs

    private static void declareIdle(Catalogue catalogue) {
        catalogue
                .endpoint("deployments/create", "§6.7", "POST /apps/:a/deploy")
                .check("first", "the first release of an app is set at once: complete, with finished_at", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode deployment =
                            lab.post(deploy(app), of(lab.release())).object();
                    String id = Expect.uuid(deployment, "id");
                    String created = Expect.time(deployment, "created_at");
                    String finished = Expect.time(deployment, "finished_at");
                    Expect.that(!id.isEmpty() && !created.isEmpty() && !finished.isEmpty(), "something is empty");
                    Expect.text(deployment, "app", Lab.id(app));
                    Expect.text(deployment, "new_release", lab.releaseId());
                    Expect.text(deployment, "strategy", "all-at-once");
                    Expect.text(deployment, "status", "complete");
                    Expect.absent(deployment, "old_release", "processes");
                    Expect.same(
                            "the app's release",
                            lab.releaseId(),
                            Lab.id(lab.get(Lab.appPath(app) + "/release").prepared("the app's release")));
                })
                .check("nothing-runs", "where nothing runs nothing is started (surprise 13)", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode other = lab.newRelease(Map.of("web", Shell.waits()));
                    lab.post(deploy(app), of(lab.release())).prepared("a release of the app");
                    lab.put(app, lab.release(), Map.of("web", 0));
                    JsonNode deployment = lab.post(deploy(app), of(other)).object();
                    Expect.text(deployment, "status", "complete");
                    Expect.text(deployment, "old_release", lab.releaseId());
                    Expect.same(
                            "status of a formation of the new release",
                            404,
                            lab.get(Lab.appPath(app) + "/formations/" + Lab.id(other))
                                    .status());
                })
                .check("unknown-release", "an unknown release is 400", lab -> {
                    String id = Lab.uuid();
                    Answer answer = lab.post(deploy(lab.app()), Map.of("id", id));
                    JsonNode unused = answer.message(answer.invalid(), "could not find release with ID " + id);
                })
                .from(FULL)
                .check("events-of-the-first", "§8.5", "one event deployment, complete, and one app_release", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode deployment =
                            lab.post(deploy(app), of(lab.release())).prepared("a deployment");
                    JsonNode event = lab.awaitEvent(app, "deployment", any -> true);
                    Expect.text(event, "object_id", Lab.id(deployment));
                    Expect.text(event.path("data"), "deployment", Lab.id(deployment));
                    Expect.text(event.path("data"), "app", Lab.id(app));
                    Expect.text(event.path("data"), "release", lab.releaseId());
                    Expect.text(event.path("data"), "status", "complete");
                    lab.awaitEvent(app, "app_release", any -> true);
                    Expect.same(
                            "events",
                            1,
                            lab.events("object_types=deployment&app_id=" + Lab.id(app))
                                    .size());
                });
    }

    // ---- jobs run

    /** An app that runs jobs of a release. */
    private record Running(JsonNode app, JsonNode old, JsonNode fresh, long before) {}

    private static Running running(Lab lab, String strategy, JsonNode fresh, Map<String, Integer> processes) {
        lab.needJobs();
        JsonNode app = lab.newApp(Map.of("strategy", strategy));
        lab.post(deploy(app), of(lab.release())).prepared("a release of the app");
        lab.put(app, lab.release(), processes);
        processes.forEach((type, count) -> lab.awaitUp(app, lab.release(), type, count));
        long before = lab.events("app_id=" + Lab.id(app) + "&count=1").stream()
                .mapToLong(event -> event.path("id").asLong())
                .max()
                .orElse(0);
        return new Running(app, lab.release(), fresh, before);
    }

    private static JsonNode finished(Lab lab, JsonNode app, JsonNode deployment) {
        return lab.awaitEvent(
                "object_types=deployment&app_id=" + Lab.id(app) + "&object_id=" + Lab.id(deployment),
                "the end of the deployment",
                event -> event.path("data").path("status").asText().matches("complete|failed"));
    }

    private static void declareRunning(Catalogue catalogue) {
        catalogue
                .endpoint("deployments/create", "§6.7", "POST /apps/:a/deploy")
                .check(
                        "pending",
                        "where jobs run: pending, with the processes of the old formation (surprise 16)",
                        lab -> {
                            Running running = running(lab, "all-at-once", lab.newRelease(types()), Map.of("web", 1));
                            JsonNode deployment = lab.post(deploy(running.app()), of(running.fresh()))
                                    .object();
                            Expect.text(deployment, "status", "pending");
                            Expect.text(deployment, "old_release", Lab.id(running.old()));
                            Expect.text(deployment, "new_release", Lab.id(running.fresh()));
                            Expect.value(deployment, "processes", Map.of("web", 1));
                            Expect.absent(deployment, "finished_at");
                            JsonNode unused = finished(lab, running.app(), deployment);
                        })
                .check("moves", "§8.3", "then the new release runs as many jobs, and the old one none", lab -> {
                    for (String strategy : List.of("all-at-once", "one-by-one")) {
                        Running running =
                                running(lab, strategy, lab.newRelease(types()), Map.of("web", 1, "worker", 1));
                        JsonNode app = running.app();
                        JsonNode deployment =
                                lab.post(deploy(app), of(running.fresh())).prepared("a deployment");
                        Expect.text(finished(lab, app, deployment).path("data"), "status", "complete");
                        Expect.same(
                                "the app's release",
                                Lab.id(running.fresh()),
                                Lab.id(lab.get(Lab.appPath(app) + "/release").prepared("the app's release")));
                        lab.awaitUp(app, running.fresh(), "web", 1);
                        lab.awaitUp(app, running.fresh(), "worker", 1);
                        lab.awaitUp(app, running.old(), "web", 0);
                        lab.awaitUp(app, running.old(), "worker", 0);
                        Answer formation = lab.get(Lab.appPath(app) + "/formations/" + Lab.id(running.old()));
                        Expect.that(
                                formation.status() == 404
                                        || Json.stream(formation
                                                        .prepared("the old formation")
                                                        .path("processes"))
                                                .allMatch(count -> count.asInt() == 0),
                                "the old formation has to be gone or empty, was %s",
                                formation.text());
                    }
                })
                .from(FULL)
                .check("one-at-a-time", "another deployment meanwhile is 400, without a field", lab -> {
                    JsonNode slow = lab.newRelease(Map.of("web", failing("tck-" + Lab.uuid(), "sleep 4; exit 1")));
                    Running running = running(lab, "all-at-once", slow, Map.of("web", 1));
                    JsonNode deployment =
                            lab.post(deploy(running.app()), of(slow)).prepared("a deployment");
                    Answer answer = lab.post(deploy(running.app()), of(running.old()));
                    JsonNode error = answer.message(
                            answer.invalid(), "Cannot create deploy, there is already one in progress for this app.");
                    Expect.absent(error, "detail");
                    JsonNode unused = finished(lab, running.app(), deployment);
                })
                .check("dropped-types", "§8.3", "a type that the new release does not have is stopped (rule)", lab -> {
                    JsonNode fresh = lab.newRelease(Map.of("web", Shell.waits()));
                    Running running = running(lab, "one-by-one", fresh, Map.of("web", 1, "worker", 1));
                    JsonNode deployment =
                            lab.post(deploy(running.app()), of(fresh)).prepared("a deployment");
                    Expect.text(finished(lab, running.app(), deployment).path("data"), "status", "complete");
                    lab.awaitUp(running.app(), running.old(), "worker", 0);
                });
    }

    private static Map<String, Object> types() {
        return Map.of("web", Shell.waits(), "worker", Shell.waits());
    }

    /** A type that is up when its service says so, which it never does. */
    private static Map<String, Object> failing(String service, String line) {
        Map<String, Object> type = new HashMap<>(Shell.runs(line));
        type.put("service", service);
        type.put(
                "ports",
                List.of(Map.of(
                        "port",
                        0,
                        "proto",
                        "tcp",
                        "service",
                        Map.of("name", service, "create", true, "check", Map.of("type", "tcp")))));
        return type;
    }

    private static void declareFailing(Catalogue catalogue) {
        catalogue
                .endpoint("deployments/create", "§6.7", "POST /apps/:a/deploy")
                .from(FULL)
                .check("rollback", "§8.3", "a job that ends instead of coming up fails it; all is as it was", lab -> {
                    for (String strategy : List.of("all-at-once", "one-by-one")) {
                        JsonNode broken = lab.newRelease(Map.of("web", failing("tck-" + Lab.uuid(), "exit 1")));
                        Running running = running(lab, strategy, broken, Map.of("web", 1));
                        JsonNode app = running.app();
                        JsonNode deployment = lab.post(deploy(app), of(broken)).prepared("a deployment");
                        JsonNode end = finished(lab, app, deployment).path("data");
                        Expect.text(end, "status", "failed");
                        Expect.that(
                                Expect.text(end, "error")
                                        .contains("web process type failed to start, got down job event"),
                                "\"error\" has to say that web failed to start, was %s",
                                end.path("error"));
                        Expect.same(
                                "the app's release",
                                Lab.id(running.old()),
                                Lab.id(lab.get(Lab.appPath(app) + "/release").prepared("the app's release")));
                        lab.awaitUp(app, running.old(), "web", 1);
                        Expect.value(
                                lab.get(Lab.appPath(app) + "/formations/" + Lab.id(running.old()))
                                        .prepared("the old formation"),
                                "processes",
                                Map.of("web", 1));
                        lab.await(
                                "the end of the new formation",
                                () -> lab.get(Lab.appPath(app) + "/formations/" + Lab.id(broken))
                                                        .status()
                                                == 404
                                        ? Optional.of(true)
                                        : Optional.empty());
                        JsonNode found =
                                lab.get("/deployments/" + Lab.id(deployment)).prepared("the deployment");
                        Expect.text(found, "status", "failed");
                    }
                });
    }

    // ---- §8.5

    private static List<String> told(Lab lab, Running running) {
        List<JsonNode> events =
                new ArrayList<>(lab.events("app_id=%s&since_id=%d&count=200&object_types=deployment,scale,app_release"
                        .formatted(Lab.id(running.app()), running.before())));
        events.sort(Comparator.comparingLong(event -> event.path("id").asLong()));
        return events.stream().map(event -> told(running, event)).toList();
    }

    private static String told(Running running, JsonNode event) {
        JsonNode data = event.path("data");
        String release = data.path("release").isTextual() ? data.path("release").asText() : "";
        String which = release.equals(Lab.id(running.old())) ? "old" : "new";
        return switch (event.path("object_type").asText()) {
            case "scale" ->
                "scale %s %s"
                        .formatted(
                                which,
                                data.path("processes").isNull()
                                        ? "null"
                                        : data.path("processes").path("web").asInt());
            case "deployment" ->
                ("deployment " + data.path("status").asText() + " "
                                + data.path("job_type").asText() + " "
                                + data.path("job_state").asText() + (data.has("job_state") ? " " + which : ""))
                        .strip();
            default -> event.path("object_type").asText();
        };
    }

    private static void declareSequences(Catalogue catalogue) {
        catalogue
                .endpoint("deployments/create", "§6.7", "POST /apps/:a/deploy")
                .from(FULL)
                .check("sequence-one-by-one", "§8.5", "the events of a deployment one by one, in their order", lab -> {
                    Running running = running(lab, "one-by-one", lab.newRelease(types()), Map.of("web", 1));
                    JsonNode deployment =
                            lab.post(deploy(running.app()), of(running.fresh())).prepared("a deployment");
                    JsonNode unused = finished(lab, running.app(), deployment);
                    Expect.same(
                            "events",
                            List.of(
                                    "deployment pending",
                                    "scale new 1",
                                    "deployment running web starting new",
                                    "deployment running web up new",
                                    "scale old 0",
                                    "deployment running web stopping old",
                                    "deployment running web down old",
                                    "scale old null",
                                    "app_release",
                                    "deployment complete"),
                            told(lab, running));
                })
                .check(
                        "sequence-all-at-once",
                        "§8.5",
                        "all at once, what starts and stops is told before it is scaled",
                        lab -> {
                            Running running = running(lab, "all-at-once", lab.newRelease(types()), Map.of("web", 2));
                            JsonNode deployment = lab.post(deploy(running.app()), of(running.fresh()))
                                    .prepared("a deployment");
                            JsonNode unused = finished(lab, running.app(), deployment);
                            List<String> told = told(lab, running).stream()
                                    .map(line -> line.equals("scale old null") ? "scale old 0" : line)
                                    .toList();
                            Expect.same(
                                    "events",
                                    List.of(
                                            "deployment pending",
                                            "deployment running web starting new",
                                            "deployment running web starting new",
                                            "scale new 2",
                                            "deployment running web up new",
                                            "deployment running web up new",
                                            "deployment running web stopping old",
                                            "deployment running web stopping old",
                                            "scale old 0",
                                            "deployment running web down old",
                                            "deployment running web down old",
                                            "app_release",
                                            "deployment complete"),
                                    told);
                        });
    }

    // ---- what was created

    private static void declareReads(Catalogue catalogue) {
        catalogue
                .endpoint("deployments/list", "§6.7", "GET /apps/:a/deployments")
                .check(
                        "none",
                        "§1.6",
                        "[] of a new app",
                        lab -> Expect.same(
                                "body",
                                "[]",
                                lab.get(Lab.appPath(lab.newApp()) + "/deployments")
                                        .ok()
                                        .text()))
                .check("newest-first", "§5", "the app's deployments, the newest first", lab -> {
                    JsonNode app = lab.newApp();
                    String first =
                            Lab.id(lab.post(deploy(app), of(lab.release())).prepared("a deployment"));
                    String second = Lab.id(
                            lab.post(deploy(app), of(lab.newRelease(Map.of()))).prepared("another"));
                    JsonNode list = lab.get(Lab.appPath(app) + "/deployments").list();
                    Expect.same("count", 2, list.size());
                    Lists.newestFirst(list, "id", first, second);
                });
        catalogue
                .endpoint("deployments/get", "§6.7", "GET /deployments/:id")
                .check("whole", "§4.10", "all that was answered to its creation", lab -> {
                    JsonNode made =
                            lab.post(deploy(lab.newApp()), of(lab.release())).prepared("a deployment");
                    JsonNode found = lab.get("/deployments/" + Lab.id(made)).object();
                    Expect.alike(
                            found, made, "id", "app", "new_release", "strategy", "status", "created_at", "finished_at");
                })
                .check("unknown", "§2.3", "404 with an empty body, also where the id is none", lab -> {
                    lab.get("/deployments/" + Lab.uuid()).notFound();
                    lab.get("/deployments/no-id").notFound();
                });
    }
}
