package dev.flynn.tck.wire;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What a check works with: requests with the key, and things to look at. What something is prepared with may be wrong itself,
 * which is for other checks to say: as long as it can be used, it is.
 */
final class Lab {

    private static final Duration PAUSE = Duration.ofMillis(100);

    private final Bench bench;
    private final WireClient client;
    private final List<Exchange> exchanges = new ArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    Lab(Bench bench) {
        this.bench = bench;
        this.client = new WireClient(bench.target(), this::add);
    }

    private synchronized void add(Exchange exchange) {
        exchanges.add(exchange);
    }

    synchronized List<Exchange> exchanges() {
        return List.copyOf(exchanges);
    }

    Settings settings() {
        return bench.settings();
    }

    String key() {
        return bench.target().key();
    }

    // ---- requests

    Request request(String method, String path) {
        return client.authorized(Request.of(method, path));
    }

    Answer send(Request request) {
        return bench.request(() -> client.send(request));
    }

    Answer get(String path) {
        return send(request("GET", path));
    }

    Answer post(String path, Object body) {
        return send(request("POST", path).body(Json.write(body)));
    }

    Answer put(String path, Object body) {
        return send(request("PUT", path).body(Json.write(body)));
    }

    Answer delete(String path) {
        return send(request("DELETE", path));
    }

    LiveStream open(Request request) {
        LiveStream stream = bench.request(() -> client.open(request));
        open.add(stream);
        return stream;
    }

    LiveStream stream(String path) {
        return open(request("GET", path).with("Accept", "text/event-stream"));
    }

    Attachment attach(String app, Map<String, ?> job) {
        Request request = request("POST", "/apps/" + app + "/jobs").body(Json.write(job));
        Attachment attachment = bench.request(() -> client.attach(request));
        open.add(attachment);
        return attachment;
    }

    /** Closes what a check left open. */
    void close() {
        for (AutoCloseable each : open) {
            try {
                each.close();
            } catch (Exception e) {
                // nobody uses it any more
            }
        }
    }

    // ---- waiting

    Duration patience() {
        return settings().patience();
    }

    /** Looks again and again until something is there. */
    <T> T await(String what, Supplier<Optional<T>> look) {
        long deadline = System.nanoTime() + patience().toNanos();
        while (true) {
            Optional<T> found = look.get();
            if (found.isPresent()) {
                return found.get();
            }
            if (System.nanoTime() > deadline) {
                throw new ContractBroken(
                        "%s: not within %d s".formatted(what, patience().toSeconds()));
            }
            pause();
        }
    }

    void pause() {
        try {
            Thread.sleep(PAUSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Blocked("interrupted");
        }
    }

    // ---- names

    static String uuid() {
        return UUID.randomUUID().toString();
    }

    /** A name that nobody else has, of an app that is deleted at the end, if there will be one. */
    String name() {
        String name = "tck-" + uuid().substring(0, 13);
        bench.leftovers().app(name);
        return name;
    }

    /** A request for an app whose name the cluster chooses; it is found again by its meta. */
    JsonNode nameless() {
        return Json.tree(Map.of("meta", Map.of(Leftovers.MARK, bench.leftovers().run())));
    }

    void deleteAtTheEnd(String app) {
        bench.leftovers().app(app);
    }

    void deleteAtTheEnd(String provider, String resource) {
        bench.leftovers().resource(provider, resource);
    }

    void deleteAtTheEndByPath(String path) {
        bench.leftovers().object(path);
    }

    void remains(String artifactId) {
        bench.leftovers().artifact(artifactId);
    }

    void providerRemains(String name) {
        bench.leftovers().provider(name);
    }

    void releaseRemains(String id) {
        bench.leftovers().release(id);
    }

    // ---- things to look at

    JsonNode newApp() {
        return newApp(Map.of());
    }

    JsonNode newApp(Map<String, ?> more) {
        Map<String, Object> body = new HashMap<>(more);
        body.put("name", name());
        return post("/apps", body).prepared("an app");
    }

    /** What the first check that needs it makes, for all of them. */
    <T> T shared(String what, Class<T> type, Supplier<T> maker) {
        return bench.shared(what, type, maker);
    }

    /** An app that no check changes. */
    JsonNode app() {
        return bench.shared("an app", JsonNode.class, this::newApp);
    }

    /** The artifact whose image jobs are run of, or would be. */
    String artifact() {
        return bench.shared("an artifact", String.class, () -> {
            JsonNode artifact = post(
                            "/artifacts",
                            Map.of(
                                    "type",
                                    settings().artifactType(),
                                    "uri",
                                    settings().artifactUri()))
                    .prepared("an artifact");
            return artifact.path("id").asText();
        });
    }

    JsonNode newRelease(Map<String, ?> processes) {
        return newRelease(processes, Map.of());
    }

    JsonNode newRelease(Map<String, ?> processes, Map<String, ?> more) {
        Map<String, Object> body = new HashMap<>(Map.of("artifact", artifact(), "processes", processes));
        body.putAll(more);
        JsonNode release = post("/releases", body).prepared("a release");
        releaseRemains(release.path("id").asText());
        return release;
    }

    /** A release of two types that wait to be stopped. */
    JsonNode release() {
        return bench.shared(
                "a release", JsonNode.class, () -> newRelease(Map.of("web", Shell.waits(), "worker", Shell.waits())));
    }

    String releaseId() {
        return release().path("id").asText();
    }

    JsonNode put(JsonNode app, JsonNode release, Map<String, Integer> processes) {
        return put("/apps/%s/formations/%s".formatted(id(app), id(release)), Map.of("processes", processes))
                .prepared("a formation");
    }

    static String id(JsonNode object) {
        return object.path("id").asText();
    }

    static String appPath(JsonNode app) {
        return "/apps/" + id(app);
    }

    // ---- events

    /** Events of the list, the newest first. */
    List<JsonNode> events(String query) {
        Answer answer = send(request("GET", "/events?" + query).with("Accept", "application/json"));
        return Json.stream(answer.preparedList("events")).toList();
    }

    JsonNode awaitEvent(JsonNode app, String type, Predicate<JsonNode> wanted) {
        return awaitEvent("app_id=" + id(app) + "&object_types=" + type, "an event " + type, wanted);
    }

    JsonNode awaitEvent(String query, String what, Predicate<JsonNode> wanted) {
        return await(what, () -> events(query).stream().filter(wanted).findFirst());
    }

    /** Nothing happens that is not there when a later event is. */
    void noEvent(String query, String what, Predicate<JsonNode> unwanted) {
        events(query).stream().filter(unwanted).findFirst().ifPresent(event -> {
            throw new ContractBroken("there must be no event %s, was %s".formatted(what, event));
        });
    }

    // ---- jobs

    /** Goes on where jobs can be run. */
    void needJobs() {
        if (!settings().jobs()) {
            throw new Inapplicable("jobs may not be started");
        }
        boolean unused = bench.shared("a job that runs", Boolean.class, this::runAJob);
    }

    private boolean runAJob() {
        JsonNode app = newApp();
        Map<String, Object> body = new HashMap<>(Shell.runs("exit 7"));
        body.put("release", releaseId());
        Answer answer = post(appPath(app) + "/jobs", body);
        if (answer.status() >= 300) {
            throw new Inapplicable("no job starts of %s %s: %d %s"
                    .formatted(settings().artifactType(), settings().artifactUri(), answer.status(), answer.text()));
        }
        String id = id(answer.prepared("a job"));
        try {
            JsonNode job =
                    awaitJob(app, id, found -> found.path("state").asText().equals("down"));
            if (job.path("exit_status").asInt(-1) != 7) {
                throw new Inapplicable("no job runs of %s %s: \"exit 7\" became %s"
                        .formatted(settings().artifactType(), settings().artifactUri(), job));
            }
            return true;
        } catch (ContractBroken e) {
            throw new Inapplicable("no job runs of %s %s: %s"
                    .formatted(settings().artifactType(), settings().artifactUri(), e.getMessage()));
        }
    }

    List<JsonNode> jobs(JsonNode app) {
        return Json.stream(get(appPath(app) + "/jobs").preparedList("the jobs")).toList();
    }

    JsonNode awaitJob(JsonNode app, String id, Predicate<JsonNode> wanted) {
        return await(
                "job " + id,
                () -> jobs(app).stream()
                        .filter(job -> id(job).equals(id))
                        .filter(wanted)
                        .findFirst());
    }

    /** Waits until so many jobs of a type of a release are up, and nothing of it is about to. */
    List<JsonNode> awaitUp(JsonNode app, JsonNode release, String type, int count) {
        return await("%d jobs of type %s up".formatted(count, type), () -> {
            List<JsonNode> live = jobs(app).stream()
                    .filter(job -> job.path("release").asText().equals(id(release)))
                    .filter(job -> job.path("type").asText().equals(type))
                    .filter(job -> !job.path("state").asText().equals("down"))
                    .toList();
            boolean up =
                    live.stream().allMatch(job -> job.path("state").asText().equals("up"));
            return live.size() == count && up ? Optional.of(live) : Optional.empty();
        });
    }
}
