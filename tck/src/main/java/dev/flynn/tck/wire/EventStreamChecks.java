package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/** The stream of events: sections 3 and 6.10. */
final class EventStreamChecks {

    private static final int CONCURRENT = 40;
    private static final int STREAMS = 4;

    private EventStreamChecks() {}

    private static JsonNode app(Lab lab) {
        return lab.newApp(Map.of("meta", Map.of("flynn-system-app", "true")));
    }

    private static void update(Lab lab, JsonNode app) {
        lab.post(Lab.appPath(app), Map.of()).prepared("an event");
    }

    private static JsonNode next(Lab lab, LiveStream stream) {
        SseItem item = stream.item(lab.patience()).orElseThrow(() -> new ContractBroken("no event came"));
        Expect.that(!item.isError(), "expected an event, was the error \"%s\"", item.data());
        return item.json();
    }

    private static List<Long> ids(Lab lab, LiveStream stream, int count) {
        return LongStream.range(0, count)
                .mapToObj(i -> next(lab, stream).path("id").asLong())
                .toList();
    }

    /** Ids of an app's events, the oldest first. */
    private static List<Long> listed(Lab lab, JsonNode app) {
        return lab.events("count=1000&app_id=" + Lab.id(app)).stream()
                .map(event -> event.path("id").asLong())
                .sorted()
                .toList();
    }

    /** An app with so many events. */
    private static JsonNode appWithEvents(Lab lab, int count) {
        JsonNode app = app(lab);
        for (int i = 1; i < count; i++) {
            update(lab, app);
        }
        lab.await(
                "%d events".formatted(count),
                () -> Optional.of(listed(lab, app)).filter(ids -> ids.size() == count));
        return app;
    }

    static void declare(Catalogue catalogue) {
        declareFraming(catalogue);
        declareHistory(catalogue);
        declareContinuity(catalogue);
    }

    private static void declareFraming(Catalogue catalogue) {
        catalogue
                .endpoint("events/stream", "§6.10", "GET /events (Accept: text/event-stream)")
                .check(
                        "opens",
                        "§3",
                        "200 and text/event-stream, at once",
                        lab -> lab.stream("/events?object_id=" + Lab.uuid()).isEventStream())
                .check(
                        "without-accept",
                        "also without an Accept header (surprise 6)",
                        lab -> lab.open(lab.request("GET", "/events?object_id=" + Lab.uuid()))
                                .isEventStream())
                .check("live", "what happens from now on", lab -> {
                    JsonNode app = app(lab);
                    LiveStream stream =
                            lab.stream("/events?app_id=" + Lab.id(app)).isEventStream();
                    update(lab, app);
                    JsonNode event = next(lab, stream);
                    Expect.text(event, "object_type", "app");
                    Expect.text(event, "object_id", Lab.id(app));
                })
                .check(
                        "framing",
                        "§3",
                        "an item is one line \"data: \" and an empty line; no id:, no event: (surprise 8)",
                        lab -> {
                            JsonNode app = appWithEvents(lab, 2);
                            LiveStream stream = lab.stream("/events?past=true&app_id=" + Lab.id(app))
                                    .isEventStream();
                            for (int i = 0; i < 2; i++) {
                                SseItem item = stream.item(lab.patience())
                                        .orElseThrow(() -> new ContractBroken("no event came"));
                                Expect.that(
                                        item.fields().size() == 1
                                                && item.fields().get(0).startsWith("data: {"),
                                        "an item has to be one line \"data: \" with JSON, was %s",
                                        item.fields());
                                Expect.that(item.json().isObject(), "no JSON object: %s", item.data());
                            }
                            String text = new String(stream.raw(), StandardCharsets.UTF_8);
                            Expect.that(
                                    text.matches("(?s)data: [^\n]*\n\ndata: [^\n]*\n\n"),
                                    "two items have to be two lines with an empty one after each, was \"%s\"",
                                    text.replace("\n", "\\n").replace("\r", "\\r"));
                        })
                .check("unknown-app", "an unknown app is 404 with an empty body", lab -> {
                    LiveStream stream = lab.stream("/events?app_id=tck-" + Lab.uuid());
                    Expect.same("status", 404, stream.status());
                    stream.whole(lab.patience()).notFound();
                })
                .check("filters", "object_types and object_id choose", lab -> {
                    JsonNode app = app(lab);
                    LiveStream scales = lab.stream("/events?object_types=scale&app_id=" + Lab.id(app));
                    LiveStream object = lab.stream("/events?object_id=" + Lab.id(app));
                    scales.prepared();
                    object.prepared();
                    update(lab, app);
                    lab.put(app, lab.release(), Map.of("web", 0));
                    Expect.text(next(lab, scales), "object_type", "scale");
                    Expect.text(next(lab, object), "object_type", "app");
                })
                .from(FULL)
                .slowCheck(
                        "keep-alive",
                        "§3",
                        "after 30 s of silence a colon and one newline, without an empty line (surprise 7)",
                        lab -> KeepAlive.check(lab.stream("/events?object_id=" + Lab.uuid())))
                .check("all-apps", "without app_id also what belongs to no app", lab -> {
                    LiveStream stream = lab.stream("/events?object_types=release");
                    stream.prepared();
                    JsonNode release = lab.newRelease(Map.of());
                    JsonNode event = next(lab, stream);
                    while (!event.path("object_id").asText().equals(Lab.id(release))) {
                        event = next(lab, stream);
                    }
                })
                .check("malformed", "a count or Last-Event-Id that is no integer is 400, or an item error", lab -> {
                    LiveStream count = lab.stream("/events?past=true&count=many");
                    refused(lab, count);
                    LiveStream last = lab.open(lab.request("GET", "/events?object_id=" + Lab.uuid())
                            .with("Accept", "text/event-stream")
                            .with("Last-Event-Id", "many"));
                    refused(lab, last);
                });
    }

    private static void refused(Lab lab, LiveStream stream) {
        if (stream.status() == 200) {
            SseItem item = stream.item(lab.patience()).orElseThrow(() -> new ContractBroken("no item error came"));
            Expect.that(item.isError(), "expected an item error, was %s", item.fields());
            stream.readFor(Duration.ofSeconds(5));
            Expect.that(stream.hasEnded(), "the stream has to end after an error");
        } else {
            JsonNode unused = stream.whole(lab.patience()).invalid();
        }
    }

    private static void declareHistory(Catalogue catalogue) {
        catalogue
                .endpoint("events/stream", "§6.10", "GET /events (Accept: text/event-stream)")
                .check("past", "past=true begins with what happened, the oldest first (surprise 10)", lab -> {
                    JsonNode app = appWithEvents(lab, 4);
                    LiveStream stream = lab.stream("/events?past=true&app_id=" + Lab.id(app))
                            .isEventStream();
                    Expect.same("ids", listed(lab, app), ids(lab, stream, 4));
                })
                .check("past-count", "count limits it to the newest", lab -> {
                    JsonNode app = appWithEvents(lab, 4);
                    LiveStream stream = lab.stream("/events?past=true&count=2&app_id=" + Lab.id(app))
                            .isEventStream();
                    Expect.same("ids", listed(lab, app).subList(2, 4), ids(lab, stream, 2));
                })
                .check("last-event-id", "Last-Event-Id: n begins after n", lab -> {
                    JsonNode app = appWithEvents(lab, 4);
                    List<Long> all = listed(lab, app);
                    LiveStream stream = lab.open(resume(lab, app, all.get(1))).isEventStream();
                    Expect.same("ids", all.subList(2, 4), ids(lab, stream, 2));
                })
                .check("last-event-id-zero", "§3", "Last-Event-Id: 0 begins now", lab -> {
                    JsonNode app = appWithEvents(lab, 3);
                    LiveStream stream = lab.open(resume(lab, app, 0)).isEventStream();
                    update(lab, app);
                    long id = next(lab, stream).path("id").asLong();
                    Expect.same("id of the first event", listed(lab, app).get(3), id);
                })
                .from(FULL)
                .check("count-without-past", "count alone limits nothing (surprise 9)", lab -> {
                    JsonNode app = app(lab);
                    LiveStream stream =
                            lab.stream("/events?count=1&app_id=" + Lab.id(app)).isEventStream();
                    update(lab, app);
                    update(lab, app);
                    update(lab, app);
                    List<Long> unused = ids(lab, stream, 3);
                })
                .check("last-event-id-and-count", "with count only the newest of those after n", lab -> {
                    JsonNode app = appWithEvents(lab, 5);
                    List<Long> all = listed(lab, app);
                    LiveStream stream = lab.open(lab.request("GET", "/events?count=2&app_id=" + Lab.id(app))
                                    .with("Accept", "text/event-stream")
                                    .with("Last-Event-Id", String.valueOf(all.get(0))))
                            .isEventStream();
                    Expect.same("ids", all.subList(3, 5), ids(lab, stream, 2));
                });
    }

    private static Request resume(Lab lab, JsonNode app, long last) {
        return lab.request("GET", "/events?app_id=" + Lab.id(app))
                .with("Accept", "text/event-stream")
                .with("Last-Event-Id", String.valueOf(last));
    }

    private static void declareContinuity(Catalogue catalogue) {
        catalogue
                .endpoint("events/stream", "§6.10", "GET /events (Accept: text/event-stream)")
                .check(
                        "history-then-live",
                        "history goes over to what happens now: nothing is missed, nothing comes twice",
                        lab -> {
                            JsonNode app = app(lab);
                            var writer = new Thread(
                                    () -> {
                                        for (int i = 1; i < CONCURRENT; i++) {
                                            update(lab, app);
                                        }
                                    },
                                    "tck-writer");
                            writer.setDaemon(true);
                            writer.setUncaughtExceptionHandler((thread, failure) -> {});
                            writer.start();
                            List<LiveStream> streams = new ArrayList<>();
                            for (int i = 0; i < STREAMS; i++) {
                                lab.pause();
                                streams.add(lab.stream("/events?past=true&app_id=" + Lab.id(app))
                                        .isEventStream());
                            }
                            join(writer);
                            List<Long> all = listed(lab, app);
                            for (LiveStream stream : streams) {
                                Expect.same("ids", all, ids(lab, stream, all.size()));
                            }
                        })
                .check("resumed", "§3", "who comes back with Last-Event-Id has missed nothing", lab -> {
                    JsonNode app = app(lab);
                    LiveStream first = lab.stream("/events?past=true&app_id=" + Lab.id(app))
                            .isEventStream();
                    update(lab, app);
                    List<Long> seen = new ArrayList<>(ids(lab, first, 2));
                    first.close();
                    update(lab, app);
                    LiveStream second = lab.open(resume(lab, app, seen.get(1))).isEventStream();
                    update(lab, app);
                    seen.addAll(ids(lab, second, 2));
                    Expect.same("ids", listed(lab, app), seen);
                })
                .from(FULL)
                .check("stays-open", "§3", "a stream is kept open when there is no more (surprise 9)", lab -> {
                    JsonNode app = appWithEvents(lab, 2);
                    LiveStream stream = lab.stream("/events?past=true&count=1&app_id=" + Lab.id(app))
                            .isEventStream();
                    List<Long> unused = ids(lab, stream, 1);
                    stream.readFor(Duration.ofSeconds(2));
                    Expect.that(!stream.hasEnded(), "the stream ended");
                    update(lab, app);
                    List<Long> live = ids(lab, stream, 1);
                    Expect.same("id of the live event", listed(lab, app).get(2), live.get(0));
                });
    }

    private static void join(Thread writer) {
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Blocked("interrupted");
        }
    }
}
