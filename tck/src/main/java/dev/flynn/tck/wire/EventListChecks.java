package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Events, listed and got: section 6.10. */
final class EventListChecks {

    private static final int UPDATES = 5;

    private EventListChecks() {}

    /** An app with an event app for its creation and five for updates. */
    private static JsonNode busyApp(Lab lab) {
        return lab.shared("an app with events", JsonNode.class, () -> {
            JsonNode app = lab.newApp(Map.of("meta", Map.of("flynn-system-app", "true")));
            for (int i = 1; i <= UPDATES; i++) {
                lab.post(Lab.appPath(app), Map.of("meta", Map.of("n", String.valueOf(i))))
                        .prepared("an update");
            }
            lab.put(app, lab.release(), Map.of("web", 0));
            lab.await(
                    "its events",
                    () -> Optional.of(lab.events("app_id=" + Lab.id(app)))
                            .filter(events -> events.size() == UPDATES + 2));
            return app;
        });
    }

    private static Answer ask(Lab lab, String query) {
        return lab.send(lab.request("GET", "/events?" + query).with("Accept", "application/json"));
    }

    private static List<Long> ids(JsonNode list) {
        return Json.stream(list).map(event -> event.path("id").asLong()).toList();
    }

    static void declare(Catalogue catalogue) {
        declareList(catalogue);
        declareWindows(catalogue);
        declareGet(catalogue);
    }

    private static void declareList(Catalogue catalogue) {
        catalogue
                .endpoint("events/list", "§6.10", "GET /events (Accept: application/json)")
                .check("newest-first", "the highest id first (surprise 10)", lab -> {
                    List<Long> ids =
                            ids(ask(lab, "app_id=" + Lab.id(busyApp(lab))).list());
                    Expect.same("count", UPDATES + 2, ids.size());
                    Expect.same(
                            "order",
                            ids.stream().sorted(Comparator.reverseOrder()).toList(),
                            ids);
                })
                .check("fields", "§4.13", "an integer id, app, object_type, object_id, data and created_at", lab -> {
                    JsonNode app = busyApp(lab);
                    JsonNode event = ask(lab, "object_types=app&app_id=" + Lab.id(app))
                            .list()
                            .get(0);
                    Expect.that(
                            event.path("id").isIntegralNumber(),
                            "\"id\" has to be an integer, was %s",
                            event.path("id"));
                    Expect.text(event, "app", Lab.id(app));
                    Expect.text(event, "object_type", "app");
                    Expect.text(event, "object_id", Lab.id(app));
                    Expect.value(event.path("data").path("meta"), "n", String.valueOf(UPDATES));
                    String time = Expect.time(event, "created_at");
                    Expect.that(!time.isEmpty(), "created_at is empty");
                })
                .check("app-by-name", "app_id may be a name", lab -> {
                    JsonNode app = busyApp(lab);
                    Expect.same(
                            "count",
                            UPDATES + 2,
                            ask(lab, "app_id=" + app.path("name").asText())
                                    .list()
                                    .size());
                })
                .check(
                        "unknown-app",
                        "an unknown app is 404 with an empty body",
                        lab -> ask(lab, "app_id=tck-" + Lab.uuid()).notFound())
                .check("types", "object_types chooses, several are separated by commas", lab -> {
                    String app = "app_id=" + Lab.id(busyApp(lab));
                    Expect.same(
                            "scale",
                            1,
                            ask(lab, app + "&object_types=scale").list().size());
                    Expect.same(
                            "app,scale",
                            UPDATES + 2,
                            ask(lab, app + "&object_types=app,scale").list().size());
                    Expect.same(
                            "a type that is none",
                            0,
                            ask(lab, app + "&object_types=tck").list().size());
                })
                .check("object-id", "object_id chooses", lab -> {
                    JsonNode app = busyApp(lab);
                    Expect.same(
                            "of the formation",
                            1,
                            ask(lab, "object_id=%s:%s".formatted(Lab.id(app), lab.releaseId()))
                                    .list()
                                    .size());
                    Expect.same(
                            "of nothing",
                            "[]",
                            ask(lab, "object_id=" + Lab.uuid()).ok().text());
                })
                .from(FULL)
                .check("exact-accept", "a list only for exactly application/json (surprise 6)", lab -> {
                    for (String accept : List.of("*/*", "application/json, text/plain", "application/json;q=1")) {
                        LiveStream stream = lab.open(lab.request("GET", "/events?object_id=" + Lab.uuid())
                                .with("Accept", accept));
                        Expect.that(
                                stream.contentType().startsWith("text/event-stream"),
                                "Accept: %s has to open a stream, was answered %d %s",
                                accept,
                                stream.status(),
                                stream.contentType());
                    }
                })
                .check("snapshot", "§7.1", "what an event says does not change with its object", lab -> {
                    JsonNode app = busyApp(lab);
                    List<String> seen = Json.stream(ask(lab, "object_types=app&app_id=" + Lab.id(app))
                                    .list())
                            .map(event ->
                                    event.path("data").path("meta").path("n").asText())
                            .toList();
                    Expect.same("values, the newest first", List.of("5", "4", "3", "2", "1", ""), seen);
                });
    }

    private static void declareWindows(Catalogue catalogue) {
        catalogue
                .endpoint("events/list", "§6.10", "GET /events (Accept: application/json)")
                .check("count", "count gives the newest", lab -> {
                    String app = "app_id=" + Lab.id(busyApp(lab));
                    List<Long> all = ids(ask(lab, app).list());
                    Expect.same(
                            "the newest two",
                            all.subList(0, 2),
                            ids(ask(lab, app + "&count=2").list()));
                })
                .check("before", "before_id gives those before", lab -> {
                    String app = "app_id=" + Lab.id(busyApp(lab));
                    List<Long> all = ids(ask(lab, app).list());
                    Expect.same(
                            "before the third",
                            all.subList(3, all.size()),
                            ids(ask(lab, app + "&before_id=" + all.get(2)).list()));
                    Expect.same(
                            "the newest two before the third",
                            all.subList(3, 5),
                            ids(ask(lab, app + "&count=2&before_id=" + all.get(2))
                                    .list()));
                })
                .check("since", "since_id gives those after", lab -> {
                    String app = "app_id=" + Lab.id(busyApp(lab));
                    List<Long> all = ids(ask(lab, app).list());
                    Expect.same(
                            "since the third",
                            all.subList(0, 2),
                            ids(ask(lab, app + "&since_id=" + all.get(2)).list()));
                })
                .from(FULL)
                .check("no-integers", "what is no integer is 400, with the field", lab -> {
                    for (String field : List.of("before_id", "since_id", "count")) {
                        Answer answer = ask(lab, field + "=many");
                        JsonNode unused = answer.message(answer.invalid(field), field + " is invalid");
                    }
                });
    }

    private static void declareGet(Catalogue catalogue) {
        catalogue
                .endpoint("events/get", "§6.10", "GET /events/:id")
                .check("whole", "the event as it is in the list", lab -> {
                    JsonNode known = ask(lab, "app_id=" + Lab.id(busyApp(lab)))
                            .preparedList("events")
                            .get(0);
                    JsonNode found =
                            lab.get("/events/" + known.path("id").asText()).object();
                    Expect.alike(found, known, "id", "app", "object_type", "object_id", "data", "created_at");
                })
                .check(
                        "unknown",
                        "§2.3",
                        "404 with an empty body",
                        lab -> lab.get("/events/9007199254740991").notFound())
                .from(FULL)
                .check("no-integer", "§5", "an id that is no integer is 500", lab -> {
                    JsonNode unused = lab.get("/events/first").unknownError();
                });
    }
}
