package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FORWARD;
import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One-off jobs: section 6.6, without the frames of attached ones. */
final class JobRunChecks {

    private JobRunChecks() {}

    static Map<String, Object> job(Lab lab, String line) {
        return job(lab, line, Map.of());
    }

    static Map<String, Object> job(Lab lab, String line, Map<String, ?> more) {
        Map<String, Object> body = new HashMap<>(Shell.runs(line));
        body.put("release", lab.releaseId());
        body.putAll(more);
        return body;
    }

    private static String path(JsonNode app) {
        return Lab.appPath(app) + "/jobs";
    }

    static void declare(Catalogue catalogue) {
        declareRun(catalogue);
        declareEnvironment(catalogue);
    }

    private static void declareRun(Catalogue catalogue) {
        catalogue
                .endpoint("jobs/run", "§6.6", "POST /apps/:a/jobs")
                .check("answers-200", "200 with id, release and cmd", lab -> {
                    lab.needJobs();
                    JsonNode job =
                            lab.post(path(lab.newApp()), job(lab, "exit 0")).object();
                    Expect.that(
                            Expect.text(job, "id").matches("[^-]+-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
                            "a job's id has to be HOST-UUID, was %s",
                            job.path("id"));
                    Expect.text(job, "release", lab.releaseId());
                    Expect.value(job, "cmd", List.of("exit 0"));
                })
                .check("recorded", "§10.2", "it is in the list later: no type, down, with its exit status", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    String id = Lab.id(lab.post(path(app), job(lab, "exit 9")).prepared("a job"));
                    JsonNode job = lab.awaitJob(
                            app, id, any -> any.path("state").asText().equals("down"));
                    Expect.absent(job, "type");
                    Expect.value(job, "exit_status", 9);
                    Expect.text(job, "release", lab.releaseId());
                })
                .check("success-is-down-too", "§4.8", "an exit status of 0 is there as well (surprise 20)", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    String id = Lab.id(lab.post(path(app), job(lab, "exit 0")).prepared("a job"));
                    Expect.value(
                            lab.awaitJob(
                                    app, id, any -> any.path("state").asText().equals("down")),
                            "exit_status",
                            0);
                })
                .check(
                        "unknown-release",
                        "an unknown release is 404 with an empty body",
                        lab -> lab.post(path(lab.app()), Map.of("release", Lab.uuid(), "cmd", List.of("true")))
                                .notFound())
                .check("no-release", "§4.9", "without a release: 400", lab -> {
                    JsonNode unused = lab.post(path(lab.app()), Map.of("cmd", List.of("true")))
                            .invalid();
                })
                .check("no-artifact", "a release without an artifact is 404 with an empty body", lab -> {
                    JsonNode release = lab.post("/releases", Map.of("env", Map.of("A", "b")))
                            .prepared("a release");
                    lab.releaseRemains(Lab.id(release));
                    lab.post(path(lab.app()), Map.of("release", Lab.id(release), "cmd", List.of("true")))
                            .notFound();
                })
                .from(FULL)
                .check("only-these-keys", "and no more than id, release and cmd; 2021 has args as well", lab -> {
                    lab.needJobs();
                    JsonNode job =
                            lab.post(path(lab.newApp()), job(lab, "exit 0")).object();
                    Expect.absent(job, "type", "exit_status", "host_error");
                })
                .check("meta", "§10.7", "the request's meta is the job's", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    String id = Lab.id(lab.post(path(app), job(lab, "exit 0", Map.of("meta", Map.of("tck", "yes"))))
                            .prepared("a job"));
                    JsonNode job = lab.awaitJob(
                            app, id, any -> any.path("state").asText().equals("down"));
                    Expect.text(job.path("meta"), "tck", "yes");
                    Expect.absent(job.path("meta"), "flynn-controller.app", "flynn-controller.release");
                })
                .check("events", "§7.2", "events tell its states, each once", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    String id = Lab.id(lab.post(path(app), job(lab, "exit 0")).prepared("a job"));
                    String query = "object_types=job&object_id=" + id;
                    JsonNode last = lab.awaitEvent(
                            query,
                            "an event of state down",
                            event -> event.path("data").path("state").asText().equals("down"));
                    Expect.text(last, "app", Lab.id(app));
                    List<String> states = lab.events(query).stream()
                            .map(event -> event.path("data").path("state").asText())
                            .toList();
                    Expect.same("distinct states", states.stream().distinct().toList(), states);
                })
                .from(FORWARD)
                .check("args", "§13.1", "args may say entrypoint and command", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    String id = Lab.id(lab.post(
                                    path(app),
                                    Map.of("release", lab.releaseId(), "args", List.of("/bin/sh", "-c", "exit 4")))
                            .object());
                    Expect.value(
                            lab.awaitJob(
                                    app, id, any -> any.path("state").asText().equals("down")),
                            "exit_status",
                            4);
                });
    }

    private static void declareEnvironment(Catalogue catalogue) {
        catalogue
                .endpoint("jobs/run", "§6.6", "POST /apps/:a/jobs")
                .check("environment", "app, release and job are in its environment", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    String line =
                            "test \"$FLYNN_APP_ID\" = %s && test \"$FLYNN_RELEASE_ID\" = %s && test -n \"$FLYNN_JOB_ID\""
                                    .formatted(Lab.id(app), lab.releaseId());
                    succeeds(lab, app, job(lab, line));
                })
                .from(FULL)
                .check("release-env", "the release's env only where release_env says so", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    JsonNode release =
                            lab.newRelease(Map.of(), Map.of("env", Map.of("TCK_A", "release", "TCK_B", "release")));
                    succeeds(lab, app, job(lab, "test -z \"$TCK_A\"", Map.of("release", Lab.id(release))));
                    succeeds(
                            lab,
                            app,
                            job(
                                    lab,
                                    "test $TCK_A$TCK_B = releasejob",
                                    Map.of(
                                            "release",
                                            Lab.id(release),
                                            "release_env",
                                            true,
                                            "env",
                                            Map.of("TCK_B", "job"))));
                })
                .check("type-env", "the env of a process type is never used (surprise 26)", lab -> {
                    lab.needJobs();
                    JsonNode release = lab.newRelease(Map.of("web", Map.of("env", Map.of("TCK_A", "type"))));
                    succeeds(
                            lab,
                            lab.newApp(),
                            job(lab, "test -z \"$TCK_A\"", Map.of("release", Lab.id(release), "release_env", true)));
                })
                .check("overrides", "the request's env may override what the platform says (surprise 26)", lab -> {
                    lab.needJobs();
                    succeeds(
                            lab,
                            lab.newApp(),
                            job(lab, "test \"$FLYNN_JOB_ID\" = mine", Map.of("env", Map.of("FLYNN_JOB_ID", "mine"))));
                })
                .check("process-type", "FLYNN_PROCESS_TYPE is empty and FLYNN_APP_NAME is not set", lab -> {
                    lab.needJobs();
                    succeeds(
                            lab,
                            lab.newApp(),
                            job(
                                    lab,
                                    "test \"${FLYNN_PROCESS_TYPE-unset}\" = '' && test \"${FLYNN_APP_NAME-unset}\" = unset"));
                });
    }

    private static void succeeds(Lab lab, JsonNode app, Map<String, ?> body) {
        String id = Lab.id(lab.post(path(app), body).prepared("a job"));
        JsonNode job = lab.awaitJob(app, id, any -> any.path("state").asText().equals("down"));
        Expect.that(
                job.path("exit_status").asInt(-1) == 0,
                "in the job it has to hold that %s: %s",
                Json.tree(body).path("cmd"),
                job);
    }
}
