package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Providers and resources: section 6.8. */
final class ProviderChecks {

    private ProviderChecks() {}

    /** A provider of the cluster that is this program. */
    private record Provided(ProviderStub stub, JsonNode provider) {

        String path() {
            return "/providers/" + Lab.id(provider) + "/resources";
        }
    }

    private static Provided provided(Lab lab) {
        return lab.shared("a provider", Provided.class, () -> {
            try {
                // serves until the program ends
                var stub = new ProviderStub(lab.settings().callbackHost());
                String name = "tck-" + Lab.uuid();
                JsonNode provider = lab.post("/providers", Map.of("name", name, "url", stub.url()))
                        .prepared("a provider");
                lab.providerRemains(name);
                return new Provided(stub, provider);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** The path of a resource of no app that the provider did not have to provision. */
    static String registered(Lab lab) {
        Provided provided = provided(lab);
        String id = Lab.uuid();
        lab.put(provided.path() + "/" + id, Map.of("external_id", "/tck/" + id, "env", Map.of()))
                .prepared("a resource");
        lab.deleteAtTheEnd(Lab.id(provided.provider()), id);
        return provided.path() + "/" + id;
    }

    private static Answer provision(Lab lab, Provided provided, Map<String, ?> request) {
        int before = provided.stub().calls().size();
        Answer answer = lab.post(provided.path(), request);
        if (answer.status() < 300) {
            lab.deleteAtTheEnd(
                    Lab.id(provided.provider()),
                    Json.readLeniently(answer.text()).path("id").asText());
        } else if (provided.stub().calls().size() == before) {
            throw new Inapplicable(
                    "the cluster did not reach this program at %s, see --callback-host; it answered %d %s"
                            .formatted(provided.stub().url(), answer.status(), answer.text()));
        }
        return answer;
    }

    static void declare(Catalogue catalogue) {
        declareProviders(catalogue);
        declareProvision(catalogue);
        declareReads(catalogue);
        declarePut(catalogue);
        declareDelete(catalogue);
    }

    private static void declareProviders(Catalogue catalogue) {
        catalogue
                .endpoint("providers/create", "§6.8", "POST /providers")
                .from(FULL)
                .check("answers-200", "200, with all fields, and an event provider", lab -> {
                    String name = "tck-" + Lab.uuid();
                    String url = "http://" + name + ".discoverd/databases";
                    JsonNode provider = lab.post("/providers", Map.of("name", name, "url", url))
                            .object();
                    lab.providerRemains(name);
                    String id = Expect.uuid(provider, "id");
                    Expect.text(provider, "name", name);
                    Expect.text(provider, "url", url);
                    String created = Expect.time(provider, "created_at");
                    String updated = Expect.time(provider, "updated_at");
                    Expect.that(!created.isEmpty() && !updated.isEmpty(), "the times are empty");
                    JsonNode event =
                            lab.awaitEvent("object_types=provider&object_id=" + id, "an event provider", any -> true);
                    Expect.text(event.path("data"), "name", name);
                    Expect.absent(event, "app");
                })
                .check("blank", "without a name or url: 400 validation_error, or 500", lab -> {
                    refused(lab.post("/providers", Map.of("url", "http://tck.example.com")), 400, "validation_error");
                    refused(lab.post("/providers", Map.of("name", "tck-" + Lab.uuid())), 400, "validation_error");
                })
                .check("duplicate", "a name or url that is taken: 409 object_exists, or 500", lab -> {
                    JsonNode taken = provided(lab).provider();
                    refused(
                            lab.post(
                                    "/providers",
                                    Map.of("name", taken.path("name"), "url", "http://tck.example.com/" + Lab.uuid())),
                            409,
                            "object_exists");
                    refused(
                            lab.post("/providers", Map.of("name", "tck-" + Lab.uuid(), "url", taken.path("url"))),
                            409,
                            "object_exists");
                })
                .check("bad-url", "a url that is none: 400", lab -> {
                    JsonNode unused = lab.post("/providers", Map.of("name", "tck-" + Lab.uuid(), "url", "no url"))
                            .invalid();
                });
        catalogue
                .endpoint("providers/list", "§6.8", "GET /providers")
                .from(FULL)
                .check("newest-first", "§5", "all providers, the newest first", lab -> {
                    JsonNode known = provided(lab).provider();
                    List<String> times = Lists.values(lab.get("/providers").list(), "created_at");
                    Expect.value(
                            Lists.find(lab.get("/providers").list(), "id", Lab.id(known)), "url", known.path("url"));
                    List<String> sorted = times.stream()
                            .sorted(Comparator.comparing((String time) -> Times.of(time))
                                    .reversed())
                            .toList();
                    Expect.same("order of created_at", sorted, times);
                });
        catalogue
                .endpoint("providers/get", "§6.8", "GET /providers/:p")
                .from(FULL)
                .check("by-id-and-name", "by its id and by its name", lab -> {
                    JsonNode known = provided(lab).provider();
                    for (String key : List.of("id", "name")) {
                        JsonNode found = lab.get("/providers/" + known.path(key).asText())
                                .object();
                        Expect.value(found, "id", known.path("id"));
                        Expect.value(found, "url", known.path("url"));
                    }
                })
                .check("unknown", "§2.3", "404 with an empty body", lab -> {
                    lab.get("/providers/" + Lab.uuid()).notFound();
                    lab.get("/providers/tck-" + Lab.uuid()).notFound();
                });
    }

    /** As the rule has it, or as it was in 2015. */
    private static void refused(Answer answer, int status, String code) {
        if (answer.status() == 500) {
            JsonNode unused = answer.unknownError();
        } else {
            JsonNode unused = answer.error(status, code);
        }
    }

    private static void declareProvision(Catalogue catalogue) {
        catalogue
                .endpoint("resources/provision", "§6.8", "POST /providers/:p/resources")
                .from(FULL)
                .check("answers-200", "200, with what the provider gave", lab -> {
                    Provided provided = provided(lab);
                    JsonNode app = lab.newApp();
                    JsonNode resource = provision(
                                    lab, provided, Map.of("apps", List.of(app.path("name")), "config", Map.of()))
                            .object();
                    String unused = Expect.uuid(resource, "id");
                    String time = Expect.time(resource, "created_at");
                    Expect.that(!time.isEmpty(), "created_at is empty");
                    Expect.value(resource, "provider", provided.provider().path("id"));
                    String external = Expect.text(resource, "external_id");
                    Expect.value(resource, "env", Map.of("TCK_ID", external, "TCK_HOST", "tck.example.com"));
                    Expect.value(resource, "apps", List.of(Lab.id(app)));
                })
                .check("config", "the provider gets the config, {} where it is null", lab -> {
                    Provided provided = provided(lab);
                    String mark = Lab.uuid();
                    provision(lab, provided, Map.of("config", Map.of("mark", mark)))
                            .ok();
                    Expect.that(
                            provided.stub().calls().stream()
                                    .anyMatch(call -> Json.readLeniently(call.body())
                                            .path("mark")
                                            .asText()
                                            .equals(mark)),
                            "the provider was not given the config");
                    Map<String, Object> none = new HashMap<>();
                    none.put("config", null);
                    provision(lab, provided, none).ok();
                    Expect.that(
                            provided.stub().calls().stream()
                                    .filter(call -> call.method().equals("POST"))
                                    .noneMatch(call ->
                                            call.body().isBlank() || call.body().equals("null")),
                            "a config of null has to be {} for the provider, was %s",
                            provided.stub().calls());
                })
                .check("event", "§7.2", "an event resource for each app", lab -> {
                    Provided provided = provided(lab);
                    JsonNode one = lab.newApp();
                    JsonNode other = lab.newApp();
                    JsonNode resource = provision(
                                    lab, provided, Map.of("apps", List.of(Lab.id(one), other.path("name"))))
                            .prepared("a resource");
                    for (JsonNode app : List.of(one, other)) {
                        JsonNode event = lab.awaitEvent(app, "resource", any -> true);
                        Expect.text(event, "object_id", Lab.id(resource));
                    }
                })
                .check("release-stays", "the app's release is not touched (surprise 33)", lab -> {
                    JsonNode app = lab.newApp();
                    provision(lab, provided(lab), Map.of("apps", List.of(Lab.id(app))))
                            .prepared("a resource");
                    Expect.same(
                            "status of the app's release",
                            404,
                            lab.get(Lab.appPath(app) + "/release").status());
                })
                .check(
                        "unknown-provider",
                        "§2.3",
                        "404 with an empty body",
                        lab -> lab.post("/providers/" + Lab.uuid() + "/resources", Map.of("config", Map.of()))
                                .notFound())
                .check("provider-fails", "a provider that refuses: 500", lab -> {
                    try (var stub = new ProviderStub(lab.settings().callbackHost())) {
                        String name = "tck-" + Lab.uuid();
                        JsonNode provider = lab.post("/providers", Map.of("name", name, "url", stub.url()))
                                .prepared("a provider");
                        lab.providerRemains(name);
                        stub.broken(true);
                        Answer answer =
                                lab.post("/providers/" + Lab.id(provider) + "/resources", Map.of("config", Map.of()));
                        JsonNode unused = answer.unknownError();
                    }
                });
    }

    private static void declareReads(Catalogue catalogue) {
        catalogue
                .endpoint("resources/list", "§6.8", "GET /providers/:p/resources")
                .from(FULL)
                .check("newest-first", "§5", "the provider's resources, the newest first", lab -> {
                    Provided provided = provided(lab);
                    String first = Lab.id(provision(lab, provided, Map.of()).prepared("a resource"));
                    String second = Lab.id(provision(lab, provided, Map.of()).prepared("another"));
                    Lists.newestFirst(lab.get(provided.path()).list(), "id", first, second);
                });
        catalogue
                .endpoint("resources/get", "§6.8", "GET /providers/:p/resources/:id")
                .from(FULL)
                .check("whole", "all that was answered to its creation", lab -> {
                    Provided provided = provided(lab);
                    JsonNode made = provision(lab, provided, Map.of("apps", List.of(Lab.id(lab.newApp()))))
                            .prepared("a resource");
                    JsonNode found =
                            lab.get(provided.path() + "/" + Lab.id(made)).object();
                    Expect.alike(found, made, "id", "provider", "external_id", "env", "apps", "created_at");
                })
                .check(
                        "unknown",
                        "§2.3",
                        "404 with an empty body",
                        lab -> lab.get(provided(lab).path() + "/" + Lab.uuid()).notFound());
        catalogue
                .endpoint("resources/of-an-app", "§6.8", "GET /apps/:a/resources")
                .from(FULL)
                .check(
                        "none",
                        "§1.6",
                        "[] of a new app",
                        lab -> Expect.same(
                                "body",
                                "[]",
                                lab.get(Lab.appPath(lab.newApp()) + "/resources")
                                        .ok()
                                        .text()))
                .check("newest-first", "§5", "the app's resources, the newest first", lab -> {
                    Provided provided = provided(lab);
                    JsonNode app = lab.newApp();
                    Map<String, Object> request = Map.of("apps", List.of(Lab.id(app)));
                    String first = Lab.id(provision(lab, provided, request).prepared("a resource"));
                    String second = Lab.id(provision(lab, provided, request).prepared("another"));
                    JsonNode list = lab.get(Lab.appPath(app) + "/resources").list();
                    Expect.same("count", 2, list.size());
                    Lists.newestFirst(list, "id", first, second);
                });
    }

    private static void declarePut(Catalogue catalogue) {
        catalogue
                .endpoint("resources/put", "§6.8", "PUT /providers/:p/resources/:id")
                .from(FULL)
                .check("registers", "a resource that is there already is registered under the id of the path", lab -> {
                    Provided provided = provided(lab);
                    JsonNode app = lab.newApp();
                    String id = Lab.uuid();
                    JsonNode resource = lab.put(
                                    provided.path() + "/" + id,
                                    Map.of(
                                            "id", Lab.uuid(),
                                            "provider", Lab.uuid(),
                                            "external_id", "/tck/" + id,
                                            "env", Map.of("A", "b"),
                                            "apps", List.of(Lab.id(app))))
                            .object();
                    lab.deleteAtTheEnd(Lab.id(provided.provider()), id);
                    Expect.text(resource, "id", id);
                    Expect.value(resource, "provider", provided.provider().path("id"));
                    Expect.text(resource, "external_id", "/tck/" + id);
                    Expect.value(resource, "env", Map.of("A", "b"));
                    JsonNode event = lab.awaitEvent(app, "resource", any -> true);
                    Expect.text(event, "object_id", id);
                })
                .check("twice", "once more: 500, to be tried again", lab -> {
                    Provided provided = provided(lab);
                    String id = Lab.uuid();
                    Map<String, Object> body = Map.of("external_id", "/tck/" + id, "env", Map.of());
                    lab.put(provided.path() + "/" + id, body).prepared("a resource");
                    lab.deleteAtTheEnd(Lab.id(provided.provider()), id);
                    Expect.value(lab.put(provided.path() + "/" + id, body).unknownError(), "retry", true);
                })
                .check(
                        "unknown-provider",
                        "§2.3",
                        "404 with an empty body",
                        lab -> lab.put(
                                        "/providers/" + Lab.uuid() + "/resources/" + Lab.uuid(),
                                        Map.of("external_id", "/tck"))
                                .notFound());
    }

    private static void declareDelete(Catalogue catalogue) {
        catalogue
                .endpoint("resources/delete", "§6.8", "DELETE /providers/:p/resources/:id")
                .from(FULL)
                .check("answers-the-resource", "200 with the resource that was (surprise 46)", lab -> {
                    Provided provided = provided(lab);
                    JsonNode app = lab.newApp();
                    JsonNode made = provision(lab, provided, Map.of("apps", List.of(Lab.id(app))))
                            .prepared("a resource");
                    JsonNode deleted =
                            lab.delete(provided.path() + "/" + Lab.id(made)).object();
                    Expect.value(deleted, "id", made.path("id"));
                    Expect.value(deleted, "external_id", made.path("external_id"));
                    String external = made.path("external_id").asText();
                    Expect.that(
                            provided.stub().calls().stream()
                                    .anyMatch(call -> call.method().equals("DELETE")
                                            && call.query().equals("id=" + external)),
                            "the provider has to be asked to delete %s, was asked %s",
                            external,
                            provided.stub().calls());
                    Expect.same(
                            "status of the resource",
                            404,
                            lab.get(provided.path() + "/" + Lab.id(made)).status());
                    Expect.same(
                            "count of the app's resources",
                            0,
                            lab.get(Lab.appPath(app) + "/resources")
                                    .preparedList("resources")
                                    .size());
                })
                .check("event", "§7.2", "an event resource_deletion for each app", lab -> {
                    Provided provided = provided(lab);
                    JsonNode app = lab.newApp();
                    JsonNode made = provision(lab, provided, Map.of("apps", List.of(Lab.id(app))))
                            .prepared("a resource");
                    lab.delete(provided.path() + "/" + Lab.id(made));
                    JsonNode event = lab.awaitEvent(app, "resource_deletion", any -> true);
                    Expect.text(event, "object_id", Lab.id(made));
                })
                .check(
                        "unknown",
                        "§2.3",
                        "404 with an empty body",
                        lab -> lab.delete(provided(lab).path() + "/" + Lab.uuid())
                                .notFound());
    }
}
