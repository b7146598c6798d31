package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Formations: section 6.4. */
final class FormationChecks {

    private FormationChecks() {}

    static void declare(Catalogue catalogue) {
        declarePut(catalogue);
        declareEvents(catalogue);
        declareJobs(catalogue);
        declareGet(catalogue);
        declareDelete(catalogue);
        declareLists(catalogue);
    }

    private static String path(Lab lab, JsonNode app) {
        return Lab.appPath(app) + "/formations/" + lab.releaseId();
    }

    private static void declarePut(Catalogue catalogue) {
        catalogue
                .endpoint("formations/put", "§6.4", "PUT /apps/:a/formations/:r")
                .check("answers-200", "200 with the formation", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode formation = lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .object();
                    Expect.text(formation, "app", Lab.id(app));
                    Expect.text(formation, "release", lab.releaseId());
                    Expect.value(formation, "processes", Map.of("web", 1));
                    String created = Expect.time(formation, "created_at");
                    String updated = Expect.time(formation, "updated_at");
                    Expect.that(!created.isEmpty() && !updated.isEmpty(), "the times are empty");
                })
                .check("replaces", "what it says replaces all types (surprise 11)", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .prepared("a formation");
                    JsonNode formation = lab.put(path(lab, app), Map.of("processes", Map.of("worker", 1)))
                            .object();
                    Expect.same("types", Set.of("worker"), Set.copyOf(nonZero(formation)));
                })
                .check("nothing", "without processes everything stops (surprise 11)", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .prepared("a formation");
                    Expect.same(
                            "types",
                            List.of(),
                            nonZero(lab.put(path(lab, app), Map.of()).object()));
                    Map<String, Object> body = new HashMap<>();
                    body.put("processes", null);
                    Expect.same(
                            "types",
                            List.of(),
                            nonZero(lab.put(path(lab, app), body).object()));
                })
                .check("unknown-type", "a type that the release does not have is 400, without a field", lab -> {
                    Answer answer = lab.put(path(lab, lab.app()), Map.of("processes", Map.of("cron", 1)));
                    JsonNode error = answer.message(
                            answer.invalid(),
                            "Requested formation includes process types that do not exist in release. Invalid process types: [cron]");
                    Expect.absent(error, "detail");
                })
                .check("not-deployable", "a release without an artifact is 400", lab -> {
                    JsonNode release = lab.post("/releases", Map.of("processes", Map.of("web", Map.of())))
                            .prepared("a release without an artifact");
                    lab.releaseRemains(Lab.id(release));
                    Answer answer = lab.put(
                            Lab.appPath(lab.app()) + "/formations/" + Lab.id(release),
                            Map.of("processes", Map.of("web", 1)));
                    JsonNode unused = answer.message(answer.invalid(), "release is not deployable");
                })
                .check(
                        "unknown-release",
                        "§2.3",
                        "an unknown release is 404 with an empty body",
                        lab -> lab.put(Lab.appPath(lab.app()) + "/formations/" + Lab.uuid(), Map.of())
                                .notFound())
                .from(FULL)
                .check("order", "app and release are looked for before the body is read", lab -> {
                    lab.send(lab.request("PUT", "/apps/" + Lab.uuid() + "/formations/" + lab.releaseId())
                                    .body("{"))
                            .notFound();
                    lab.send(lab.request("PUT", Lab.appPath(lab.app()) + "/formations/" + Lab.uuid())
                                    .body("{"))
                            .notFound();
                })
                .check("negative", "§4.7", "a count below zero is 400 (rule)", lab -> {
                    JsonNode unused = lab.put(path(lab, lab.app()), Map.of("processes", Map.of("web", -1)))
                            .invalid();
                })
                .check("path-wins", "app and release of the body are ignored", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode formation = lab.put(
                                    path(lab, app),
                                    Map.of("app", Lab.uuid(), "release", Lab.uuid(), "processes", Map.of()))
                            .object();
                    Expect.text(formation, "app", Lab.id(app));
                    Expect.text(formation, "release", lab.releaseId());
                })
                .check("created-once", "created_at stays, updated_at does not go back", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode first = lab.put(path(lab, app), Map.of()).object();
                    JsonNode second = lab.put(path(lab, app), Map.of("processes", Map.of("web", 0)))
                            .object();
                    Expect.value(second, "created_at", first.path("created_at"));
                    Expect.that(
                            Times.of(second, "updated_at").compareTo(Times.of(first, "updated_at")) >= 0,
                            "updated_at went back from %s to %s",
                            first.path("updated_at"),
                            second.path("updated_at"));
                })
                .check("revives", "a deleted formation is revived", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of()).prepared("a formation");
                    lab.delete(path(lab, app));
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 0)))
                            .ok();
                    Expect.same(
                            "status of the formation",
                            200,
                            lab.get(path(lab, app)).status());
                });
    }

    private static List<String> nonZero(JsonNode formation) {
        JsonNode processes = formation.path("processes");
        return Json.keys(processes).stream()
                .filter(type -> processes.path(type).asInt() != 0)
                .toList();
    }

    private static void declareEvents(Catalogue catalogue) {
        catalogue
                .endpoint("formations/put", "§6.4", "PUT /apps/:a/formations/:r")
                .check("event", "§7.2", "an event scale with what was and what is", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .prepared("a formation");
                    JsonNode first = lab.awaitEvent(app, "scale", any -> true);
                    Expect.text(first, "object_id", Lab.id(app) + ":" + lab.releaseId());
                    Expect.text(first, "app", Lab.id(app));
                    Expect.text(first.path("data"), "release", lab.releaseId());
                    Expect.value(first.path("data"), "processes", Map.of("web", 1));
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 0)))
                            .prepared("a formation");
                    JsonNode second = lab.awaitEvent(
                            app,
                            "scale",
                            event ->
                                    event.path("id").asLong() > first.path("id").asLong());
                    Expect.value(second.path("data"), "prev_processes", Map.of("web", 1));
                })
                .from(FULL)
                .check("event-without-change", "§7.2", "also when nothing changed (surprise 18)", lab -> {
                    JsonNode app = lab.newApp();
                    for (int count = 1; count <= 2; count++) {
                        lab.put(path(lab, app), Map.of("processes", Map.of("web", 0)))
                                .prepared("a formation");
                        int expected = count;
                        lab.await(
                                "%d events scale".formatted(count),
                                () -> lab.events("object_types=scale&app_id=" + Lab.id(app))
                                                        .size()
                                                == expected
                                        ? Optional.of(expected)
                                        : Optional.empty());
                    }
                });
    }

    private static void declareJobs(Catalogue catalogue) {
        catalogue
                .endpoint("formations/put", "§6.4", "PUT /apps/:a/formations/:r")
                .check("jobs-start-and-stop", "§10.4", "jobs become as many as it says", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Map.of("web", 2, "worker", 1));
                    List<JsonNode> jobs = lab.awaitUp(app, lab.release(), "web", 2);
                    lab.awaitUp(app, lab.release(), "worker", 1);
                    Expect.that(
                            !jobs.get(0).path("id").equals(jobs.get(1).path("id")),
                            "two jobs have the id %s",
                            jobs.get(0));
                    lab.put(app, lab.release(), Map.of("web", 1));
                    lab.awaitUp(app, lab.release(), "web", 1);
                    lab.awaitUp(app, lab.release(), "worker", 0);
                })
                .from(FULL)
                .check("youngest-stops-first", "§10.4", "scaling down stops the youngest job (surprise 23)", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String oldest =
                            Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    lab.put(app, lab.release(), Map.of("web", 2));
                    lab.awaitUp(app, lab.release(), "web", 2);
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String left =
                            Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    Expect.same("the job that is left", oldest, left);
                })
                .check(
                        "restarts",
                        "§10.5",
                        "a job that ends with status 0 is replaced by another (surprise 21)",
                        lab -> {
                            lab.needJobs();
                            JsonNode app = lab.newApp();
                            JsonNode release = lab.newRelease(Map.of("web", Shell.runs("sleep 0.5; exit 0")));
                            lab.put(app, release, Map.of("web", 1));
                            List<JsonNode> jobs = lab.await("a second job", () -> {
                                List<JsonNode> all = lab.jobs(app);
                                return all.size() > 1 ? Optional.of(all) : Optional.empty();
                            });
                            lab.put(app, release, Map.of());
                            JsonNode first = jobs.get(jobs.size() - 1);
                            Expect.text(first, "state", "down");
                            Expect.value(first, "exit_status", 0);
                        });
    }

    private static void declareGet(Catalogue catalogue) {
        catalogue
                .endpoint("formations/get", "§6.4", "GET /apps/:a/formations/:r")
                .check("whole", "the formation as it was put", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode put = lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .prepared("a formation");
                    JsonNode found = lab.get(path(lab, app)).object();
                    Expect.alike(found, put, "app", "release", "processes", "created_at", "updated_at");
                })
                .check(
                        "unknown",
                        "§2.3",
                        "404 with an empty body",
                        lab -> lab.get(Lab.appPath(lab.app()) + "/formations/" + Lab.uuid())
                                .notFound())
                .check("expanded", "§4.7", "expand=true gives app, release and artifact as a whole", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .prepared("a formation");
                    JsonNode found = lab.get(path(lab, app) + "?expand=true").object();
                    expanded(lab, app, found);
                    Expect.value(found, "processes", Map.of("web", 1));
                })
                .from(FULL)
                .check("expanded-times", "§4.7", "with updated_at", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of()).prepared("a formation");
                    String unused =
                            Expect.text(lab.get(path(lab, app) + "?expand=true").object(), "updated_at");
                });
    }

    static void expanded(Lab lab, JsonNode app, JsonNode formation) {
        Expect.text(formation.path("app"), "id", Lab.id(app));
        Expect.value(formation.path("app"), "name", app.path("name"));
        Expect.text(formation.path("release"), "id", lab.releaseId());
        Expect.value(formation.path("release"), "processes", lab.release().path("processes"));
        Expect.text(formation.path("artifact"), "id", lab.artifact());
        Expect.text(formation.path("artifact"), "type", lab.settings().artifactType());
        Expect.text(formation.path("artifact"), "uri", lab.settings().artifactUri());
    }

    private static void declareDelete(Catalogue catalogue) {
        catalogue
                .endpoint("formations/delete", "§6.4", "DELETE /apps/:a/formations/:r")
                .check("answers-200", "200 with an empty body; then it is not there", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .prepared("a formation");
                    lab.delete(path(lab, app)).ok().empty();
                    Expect.same(
                            "status of the formation",
                            404,
                            lab.get(path(lab, app)).status());
                })
                .check(
                        "unknown",
                        "§2.3",
                        "404 with an empty body",
                        lab -> lab.delete(Lab.appPath(lab.app()) + "/formations/" + Lab.uuid())
                                .notFound())
                .check("event", "§7.2", "an event scale whose processes are null (surprise 18)", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .prepared("a formation");
                    lab.delete(path(lab, app));
                    JsonNode event = lab.awaitEvent(
                            app,
                            "scale",
                            found -> found.path("data").has("prev_processes")
                                    && !found.path("data").path("processes").isObject());
                    Expect.that(
                            event.path("data").path("processes").isNull(),
                            "\"processes\" has to be null, was %s",
                            Expect.shown(event.path("data").path("processes")));
                    Expect.value(event.path("data"), "prev_processes", Map.of("web", 1));
                });
    }

    private static void declareLists(Catalogue catalogue) {
        catalogue
                .endpoint("formations/of-an-app", "§6.4", "GET /apps/:a/formations")
                .check("newest-first", "the app's formations, the newest first", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode first = lab.newRelease(Map.of());
                    JsonNode second = lab.newRelease(Map.of());
                    lab.put(app, first, Map.of());
                    lab.put(app, second, Map.of());
                    JsonNode list = lab.get(Lab.appPath(app) + "/formations").list();
                    Expect.same("count", 2, list.size());
                    Lists.newestFirst(list, "release", Lab.id(first), Lab.id(second));
                })
                .check(
                        "none",
                        "§1.6",
                        "[] of a new app",
                        lab -> Expect.same(
                                "body",
                                "[]",
                                lab.get(Lab.appPath(lab.newApp()) + "/formations")
                                        .ok()
                                        .text()))
                .from(FULL)
                .check("without-deleted", "without deleted ones", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of()).prepared("a formation");
                    lab.delete(path(lab, app));
                    Expect.same(
                            "count",
                            0,
                            lab.get(Lab.appPath(app) + "/formations").list().size());
                });
        catalogue
                .endpoint("formations/active", "§6.4", "GET /formations?active=true")
                .check("active", "formations of all apps that ask for jobs, expanded", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 1)))
                            .prepared("a formation");
                    JsonNode found = of(lab.get("/formations?active=true").list(), app);
                    expanded(lab, app, found);
                    Expect.value(found, "processes", Map.of("web", 1));
                })
                .check("idle", "none whose counts are zero", lab -> {
                    JsonNode app = lab.newApp();
                    lab.put(path(lab, app), Map.of("processes", Map.of("web", 0)))
                            .prepared("a formation");
                    JsonNode list = lab.get("/formations?active=true").list();
                    Expect.that(
                            Json.stream(list)
                                    .noneMatch(each -> Lab.id(each.path("app")).equals(Lab.id(app))),
                            "the idle formation of app %s must not be in the list",
                            Lab.id(app));
                })
                .from(FULL)
                .check(
                        "neither",
                        "§5",
                        "without active and without a stream: 400",
                        lab -> lab.get("/formations").is(400))
                .check("newest-update-first", "§5", "the newest update first", lab -> {
                    List<String> times =
                            Lists.values(lab.get("/formations?active=true").list(), "updated_at");
                    List<String> sorted = times.stream()
                            .sorted(Comparator.comparing((String time) -> Times.of(time))
                                    .reversed())
                            .toList();
                    Expect.same("order of updated_at", sorted, times);
                });
    }

    private static JsonNode of(JsonNode list, JsonNode app) {
        return Json.stream(list)
                .filter(each -> Lab.id(each.path("app")).equals(Lab.id(app)))
                .findFirst()
                .orElseThrow(() ->
                        new ContractBroken("the formation of app %s has to be in the list".formatted(Lab.id(app))));
    }
}
