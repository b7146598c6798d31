package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;

/** Artifacts: section 6.3. */
final class ArtifactChecks {

    private ArtifactChecks() {}

    private static Map<String, Object> fresh() {
        return Map.of("type", "docker", "uri", "https://registry.example.net?name=tck/" + Lab.uuid() + "&id=1");
    }

    private static Answer post(Lab lab, Map<String, ?> body) {
        Answer answer = lab.post("/artifacts", body);
        if (answer.status() < 300) {
            lab.remains(Json.readLeniently(answer.text()).path("id").asText());
        }
        return answer;
    }

    static void declare(Catalogue catalogue) {
        catalogue
                .endpoint("artifacts/create", "§6.3", "POST /artifacts")
                .check("answers-200", "a creation is answered 200, with all fields", lab -> {
                    Map<String, Object> body = fresh();
                    JsonNode artifact = post(lab, body).object();
                    String id = Expect.uuid(artifact, "id");
                    String time = Expect.time(artifact, "created_at");
                    Expect.that(!id.isEmpty() && !time.isEmpty(), "id and created_at are empty");
                    Expect.value(artifact, "type", Json.tree(body).path("type"));
                    Expect.value(artifact, "uri", Json.tree(body).path("uri"));
                })
                .check("existing", "the same once more is answered with the old one (surprise 34)", lab -> {
                    Map<String, Object> body = fresh();
                    JsonNode first = post(lab, body).prepared("an artifact");
                    JsonNode second = post(
                                    lab,
                                    Map.of(
                                            "type",
                                            Json.tree(body).path("type"),
                                            "uri",
                                            Json.tree(body).path("uri"),
                                            "id",
                                            Lab.uuid()))
                            .object();
                    Expect.value(second, "id", first.path("id"));
                    Expect.value(second, "created_at", first.path("created_at"));
                })
                .check("no-type", "§4.6", "without a type: 400", lab -> {
                    JsonNode unused = lab.post("/artifacts", Map.of("uri", "https://registry.example.net"))
                            .invalid();
                })
                .check("no-uri", "§4.6", "without a uri: 400", lab -> {
                    JsonNode unused =
                            lab.post("/artifacts", Map.of("type", "docker")).invalid();
                })
                .from(FULL)
                .check("bad-uri", "§4.6", "a uri that is none: 400", lab -> {
                    for (String uri : List.of("no uri", "registry.example.net/a")) {
                        JsonNode unused = lab.post("/artifacts", Map.of("type", "docker", "uri", uri))
                                .invalid();
                    }
                })
                .check(
                        "path",
                        "§4.6",
                        "a uri may be a path",
                        lab -> post(lab, Map.of("type", "docker", "uri", "/tck/" + Lab.uuid()))
                                .ok())
                .check("event", "§7.2", "an event artifact for a new one, none for an old one", lab -> {
                    Map<String, Object> body = fresh();
                    JsonNode artifact = post(lab, body).prepared("an artifact");
                    String query = "object_types=artifact&object_id=" + Lab.id(artifact);
                    JsonNode event = lab.awaitEvent(query, "an event artifact", any -> true);
                    Expect.absent(event, "app");
                    Expect.value(event.path("data"), "uri", Json.tree(body).path("uri"));
                    post(lab, body).prepared("the artifact again");
                    // an event of something that was made later is there, so that of the artifact would be
                    JsonNode later = lab.awaitEvent(lab.newApp(), "app", any -> true);
                    Expect.that(later.path("id").asLong() > 0, "the later event has no id");
                    Expect.same("count of events", 1, lab.events(query).size());
                });
        catalogue
                .endpoint("artifacts/list", "§6.3", "GET /artifacts")
                .check("newest-first", "all artifacts, the newest first", lab -> {
                    String first = Lab.id(post(lab, fresh()).prepared("an artifact"));
                    String second = Lab.id(post(lab, fresh()).prepared("another"));
                    Lists.newestFirst(lab.get("/artifacts").list(), "id", first, second);
                });
        catalogue
                .endpoint("artifacts/get", "§6.3", "GET /artifacts/:id")
                .check("whole", "all that was answered to its creation", lab -> {
                    JsonNode made = post(lab, fresh()).prepared("an artifact");
                    JsonNode found = lab.get("/artifacts/" + Lab.id(made)).object();
                    Expect.alike(found, made, "id", "type", "uri", "created_at");
                })
                .check("unknown", "§2.3", "404 with an empty body, also where the id is none", lab -> {
                    lab.get("/artifacts/" + Lab.uuid()).notFound();
                    lab.get("/artifacts/no-id").notFound();
                });
    }
}
