package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Jobs as records: section 6.5. */
final class JobRecordChecks {

    private JobRecordChecks() {}

    /** A job of a host that is none. */
    private static String jobId() {
        return "tck" + Lab.uuid().substring(0, 8) + "-" + Lab.uuid();
    }

    private static Map<String, Object> job(Lab lab, String id, String state) {
        return Map.of("id", id, "release", lab.releaseId(), "type", "web", "state", state);
    }

    private static String path(JsonNode app, String id) {
        return Lab.appPath(app) + "/jobs/" + id;
    }

    static void declare(Catalogue catalogue) {
        catalogue
                .endpoint("jobs/list", "§6.5", "GET /apps/:a/jobs")
                .check(
                        "none",
                        "§1.6",
                        "[] of a new app",
                        lab -> Expect.same(
                                "body",
                                "[]",
                                lab.get(Lab.appPath(lab.newApp()) + "/jobs")
                                        .ok()
                                        .text()))
                .check("running", "§4.8", "the jobs that run", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp(Map.of("meta", Map.of("team", "billing")));
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String id = Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    JsonNode job =
                            Lists.find(lab.get(Lab.appPath(app) + "/jobs").list(), "id", id);
                    whole(lab, app, job);
                    Expect.text(job, "state", "up");
                    Expect.absent(job, "exit_status", "host_error");
                })
                .from(FULL)
                .check("ended", "jobs that ended stay in it, the newest first", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String first =
                            Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    lab.put(app, lab.release(), Map.of());
                    lab.awaitJob(app, first, job -> job.path("state").asText().equals("down"));
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String second =
                            Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    Lists.newestFirst(lab.get(Lab.appPath(app) + "/jobs").list(), "id", first, second);
                });
        catalogue
                .endpoint("jobs/get", "§6.5", "GET /apps/:a/jobs/:id")
                .check("unknown", "§2.3", "404 with an empty body", lab -> {
                    lab.get(path(lab.app(), jobId())).notFound();
                    lab.get(path(lab.app(), "no-job")).notFound();
                })
                .check("running", "§4.8", "a job that runs", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String id = Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    whole(lab, app, lab.get(path(app, id)).object());
                })
                .from(FULL)
                .check("of-another-app", "the app of the path only has to exist", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String id = Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    Expect.text(lab.get(path(lab.app(), id)).object(), "id", id);
                    lab.get("/apps/" + Lab.uuid() + "/jobs/" + id).notFound();
                });
        declarePut(catalogue);
        declareDelete(catalogue);
    }

    private static void whole(Lab lab, JsonNode app, JsonNode job) {
        String id = Expect.text(job, "id");
        Expect.that(
                id.matches("[^-]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
                "a job's id has to be HOST-UUID without a dash in HOST, was %s (surprise 19)",
                id);
        Expect.text(job, "app", Lab.id(app));
        Expect.text(job, "release", lab.releaseId());
        Expect.text(job, "type", "web");
        String created = Expect.time(job, "created_at");
        String updated = Expect.time(job, "updated_at");
        Expect.that(!created.isEmpty() && !updated.isEmpty(), "the times are empty");
        if (!app.path("meta").isEmpty()) {
            Expect.value(job, "meta", app.path("meta"));
        }
    }

    private static void declarePut(Catalogue catalogue) {
        catalogue
                .endpoint("jobs/put", "§6.5", "PUT /apps/:a/jobs/:id")
                .from(FULL)
                .check("records", "a job is recorded, with the app of the path", lab -> {
                    JsonNode app = lab.newApp();
                    String id = jobId();
                    Map<String, Object> body = new HashMap<>(job(lab, id, "starting"));
                    body.put("app", Lab.uuid());
                    JsonNode answered = lab.put(path(app, id), body).object();
                    Expect.text(answered, "id", id);
                    Expect.text(answered, "app", Lab.id(app));
                    Expect.text(answered, "state", "starting");
                    Expect.same("status of the job", 200, lab.get(path(app, id)).status());
                })
                .check("body-wins", "the id of the body counts, not the path's (surprise 30)", lab -> {
                    JsonNode app = lab.newApp();
                    String id = jobId();
                    Expect.text(
                            lab.put(path(app, jobId()), job(lab, id, "starting"))
                                    .object(),
                            "id",
                            id);
                    Expect.same("status of the job", 200, lab.get(path(app, id)).status());
                })
                .check("changes", "of a job that is known only state, exit_status and host_error change", lab -> {
                    JsonNode app = lab.newApp();
                    String id = jobId();
                    lab.put(path(app, id), job(lab, id, "starting")).prepared("a job");
                    Map<String, Object> body = new HashMap<>(job(lab, id, "down"));
                    body.put("type", "worker");
                    body.put("exit_status", 3);
                    body.put("host_error", "tck");
                    JsonNode answered = lab.put(path(app, id), body).object();
                    Expect.text(answered, "state", "down");
                    Expect.value(answered, "exit_status", 3);
                    Expect.text(answered, "host_error", "tck");
                    Expect.text(lab.get(path(app, id)).prepared("the job"), "type", "web");
                })
                .check("forwards-only", "a state before the one that is known is 400, field state", lab -> {
                    JsonNode app = lab.newApp();
                    String id = jobId();
                    lab.put(path(app, id), job(lab, id, "up")).prepared("a job");
                    JsonNode unused =
                            lab.put(path(app, id), job(lab, id, "starting")).invalid("state");
                    lab.put(path(app, id), job(lab, id, "up")).ok();
                    lab.put(path(app, id), job(lab, id, "down")).ok();
                })
                .check("old-states", "crashed and failed come after down", lab -> {
                    JsonNode app = lab.newApp();
                    String id = jobId();
                    for (String state : List.of("down", "crashed", "failed")) {
                        Expect.text(lab.put(path(app, id), job(lab, id, state)).object(), "state", state);
                    }
                })
                .check("unknown-state", "a state that is none is 400, field state", lab -> {
                    String id = jobId();
                    JsonNode unused = lab.put(path(lab.app(), id), job(lab, id, "dancing"))
                            .invalid("state");
                })
                .check("event", "§7.2", "one event for each state of a job", lab -> {
                    JsonNode app = lab.newApp();
                    String id = jobId();
                    for (String state : List.of("starting", "up", "up", "down", "down")) {
                        lab.put(path(app, id), job(lab, id, state)).prepared("a job");
                    }
                    String query = "object_types=job&object_id=" + id;
                    JsonNode last = lab.awaitEvent(
                            query,
                            "an event of state down",
                            event -> event.path("data").path("state").asText().equals("down"));
                    Expect.text(last, "app", Lab.id(app));
                    Expect.same(
                            "states of the events, the newest first",
                            List.of("down", "up", "starting"),
                            lab.events(query).stream()
                                    .map(event ->
                                            event.path("data").path("state").asText())
                                    .toList());
                });
    }

    private static void declareDelete(Catalogue catalogue) {
        catalogue
                .endpoint("jobs/delete", "§6.5", "DELETE /apps/:a/jobs/:id")
                .check("stops", "200 with an empty body, and the job is down", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    Map<String, Object> body = new HashMap<>(Shell.waits());
                    body.put("release", lab.releaseId());
                    String id =
                            Lab.id(lab.post(Lab.appPath(app) + "/jobs", body).prepared("a job"));
                    lab.awaitJob(app, id, job -> job.path("state").asText().equals("up"));
                    lab.delete(path(app, id)).ok().empty();
                    lab.awaitJob(app, id, job -> job.path("state").asText().equals("down"));
                })
                .from(FULL)
                .check("unknown", "no such job: 500, or 404 as of 2021", lab -> {
                    for (String id : List.of(jobId(), "nojob")) {
                        Answer answer = lab.delete(path(lab.app(), id));
                        if (answer.status() == 404) {
                            answer.notFound();
                        } else {
                            JsonNode unused = answer.unknownError();
                        }
                    }
                });
    }
}
