package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FORWARD;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/** Endpoints that came by 2021: section 13. */
final class ForwardChecks {

    private ForwardChecks() {}

    static void declare(Catalogue catalogue) {
        declareScale(catalogue);
        declareWhole(catalogue);
        declareCollection(catalogue);
        declareSinks(catalogue);
        catalogue
                .endpoint("formations/put", "§6.4", "PUT /apps/:a/formations/:r")
                .from(FORWARD)
                .check("tags", "§13.1", "tags are kept", lab -> {
                    JsonNode app = lab.newApp();
                    Map<String, Object> tags = Map.of("web", Map.of("disk", "ssd"));
                    String path = Lab.appPath(app) + "/formations/" + lab.releaseId();
                    Expect.value(
                            lab.put(path, Map.of("processes", Map.of("web", 0), "tags", tags))
                                    .object(),
                            "tags",
                            tags);
                    Expect.value(lab.get(path).prepared("the formation"), "tags", tags);
                });
        catalogue
                .endpoint("jobs/get", "§6.5", "GET /apps/:a/jobs/:id")
                .from(FORWARD)
                .check("further-fields", "§13.1", "uuid, host_id and args are told as well", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String id = Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    JsonNode job = lab.get(Lab.appPath(app) + "/jobs/" + id).object();
                    Expect.text(job, "uuid", id.substring(id.indexOf('-') + 1));
                    Expect.text(job, "host_id", id.substring(0, id.indexOf('-')));
                });
    }

    /** Clients of 2021 use these for a few commands only, and can do without. */
    private static Answer ifThere(Answer answer) {
        if (answer.status() == 404 && answer.text().startsWith("404 page not found")) {
            throw new Inapplicable("the cluster does not have this endpoint of 2021");
        }
        return answer;
    }

    private static void declareScale(Catalogue catalogue) {
        catalogue
                .endpoint("scale/put", "§13.3", "PUT /apps/:a/scale/:r")
                .from(FORWARD)
                .check("answers-the-request", "a request with what was and what will be", lab -> {
                    JsonNode app = lab.newApp();
                    JsonNode scale = lab.put(
                                    Lab.appPath(app) + "/scale/" + lab.releaseId(),
                                    Map.of("processes", Map.of("web", 0)))
                            .object();
                    String unused = Expect.uuid(scale, "id");
                    Expect.text(scale, "app", Lab.id(app));
                    Expect.text(scale, "release", lab.releaseId());
                    Expect.that(
                            Expect.text(scale, "state").matches("pending|complete"),
                            "\"state\" has to be pending or complete, was %s",
                            scale.path("state"));
                })
                .check("completes", "an event scale_request tells that the jobs are there", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    JsonNode scale = lab.put(
                                    Lab.appPath(app) + "/scale/" + lab.releaseId(),
                                    Map.of("processes", Map.of("web", 1)))
                            .object();
                    Expect.value(scale, "new_processes", Map.of("web", 1));
                    JsonNode event = lab.awaitEvent(
                            app,
                            "scale_request",
                            found -> found.path("data").path("state").asText().equals("complete"));
                    Expect.text(event, "object_id", Lab.id(scale));
                    lab.awaitUp(app, lab.release(), "web", 1);
                })
                .check(
                        "unknown-release",
                        "§2.3",
                        "404 with an empty body",
                        lab -> lab.put(Lab.appPath(lab.app()) + "/scale/" + Lab.uuid(), Map.of("processes", Map.of()))
                                .notFound());
    }

    private static void declareWhole(Catalogue catalogue) {
        catalogue
                .endpoint("jobs/active", "§13.3", "GET /active-jobs")
                .from(FORWARD)
                .check("of-all-apps", "the jobs of all apps that are not down", lab -> {
                    lab.needJobs();
                    JsonNode app = lab.newApp();
                    lab.put(app, lab.release(), Map.of("web", 1));
                    String id = Lab.id(lab.awaitUp(app, lab.release(), "web", 1).get(0));
                    JsonNode list = lab.get("/active-jobs").list();
                    Expect.text(Lists.find(list, "id", id), "app", Lab.id(app));
                    Expect.that(!Lists.values(list, "state").contains("down"), "a job that is down is in the list");
                });
        catalogue
                .endpoint("routes/all", "§13.3", "GET /routes")
                .from(FORWARD)
                .check("of-all-apps", "the routes of all apps", lab -> {
                    JsonNode route = lab.post(
                                    Lab.appPath(lab.newApp()) + "/routes",
                                    Map.of(
                                            "type",
                                            "http",
                                            "domain",
                                            "tck-" + Lab.uuid() + ".example.com",
                                            "service",
                                            "tck"))
                            .prepared("a route");
                    Expect.alike(
                            Lists.find(lab.get("/routes").list(), "id", Lab.id(route)),
                            route,
                            "domain",
                            "parent_ref",
                            "service");
                });
        catalogue
                .endpoint("resources/all", "§13.3", "GET /resources")
                .from(FORWARD)
                .check("answers-200", "a list", lab -> {
                    JsonNode unused = lab.get("/resources").list();
                });
        catalogue
                .endpoint("volumes/list", "§13.3", "GET /volumes")
                .from(FORWARD)
                .check("answers-200", "a list", lab -> {
                    JsonNode unused = ifThere(lab.get("/volumes")).list();
                });
    }

    private static void declareCollection(Catalogue catalogue) {
        catalogue
                .endpoint("apps/gc", "§13.3", "POST /apps/:a/gc")
                .from(FORWARD)
                .check("event", "200, and an event app_garbage_collection when it is done", lab -> {
                    JsonNode app = lab.newApp();
                    lab.send(lab.request("POST", Lab.appPath(app) + "/gc")).ok();
                    JsonNode event = lab.awaitEvent(app, "app_garbage_collection", any -> true);
                    Expect.text(event.path("data").path("app_garbage_collection"), "app_id", Lab.id(app));
                });
    }

    private static void declareSinks(Catalogue catalogue) {
        catalogue
                .endpoint("sinks", "§13.3", "POST, GET, DELETE /sinks")
                .from(FORWARD)
                .check("live", "a sink is made, got, listed and deleted, with events", lab -> {
                    JsonNode sink = ifThere(lab.post(
                                    "/sinks",
                                    Map.of("kind", "syslog", "config", Map.of("url", "syslog://tck.example.com:514"))))
                            .object();
                    String path = "/sinks/" + Lab.id(sink);
                    lab.deleteAtTheEndByPath(path);
                    Expect.text(sink, "kind", "syslog");
                    Expect.text(lab.get(path).object(), "id", Lab.id(sink));
                    JsonNode unused = Lists.find(lab.get("/sinks").list(), "id", Lab.id(sink));
                    String query = "object_id=" + Lab.id(sink) + "&object_types=";
                    lab.awaitEvent(query + "sink", "an event sink", any -> true);
                    lab.delete(path).ok();
                    lab.get(path).notFound();
                    lab.awaitEvent(query + "sink_deletion", "an event sink_deletion", any -> true);
                });
        catalogue
                .endpoint("resources/link", "§13.3", "PUT, DELETE /providers/:p/resources/:id/apps/:a")
                .from(FORWARD)
                .check("links", "a resource is linked to an app and unlinked, with an event", lab -> {
                    JsonNode app = lab.newApp();
                    String resource = ProviderChecks.registered(lab);
                    String path = resource + "/apps/" + Lab.id(app);
                    Expect.value(lab.send(lab.request("PUT", path)).object(), "apps", List.of(Lab.id(app)));
                    JsonNode unlinked = lab.delete(path).object();
                    Expect.that(
                            unlinked.path("apps").isEmpty(), "\"apps\" has to be empty, was %s", unlinked.path("apps"));
                    lab.awaitEvent(app, "resource_app_deletion", any -> true);
                });
    }
}
