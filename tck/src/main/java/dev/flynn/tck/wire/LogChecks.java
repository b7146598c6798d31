package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FORWARD;
import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** The log of an app: section 6.2. */
final class LogChecks {

    private static final int LINES = 5;

    private LogChecks() {}

    /** An app with lines 1 to 5 of a one-off job in its log, and one of a job of type web that goes on. */
    private record Logged(JsonNode app, String oneOff, String web) {

        String path() {
            return Lab.appPath(app) + "/log";
        }

        /** The messages of the one-off job that a query finds. */
        List<String> messages(Lab lab, String query) {
            return parse(lab.get(path() + query).ok()).stream()
                    .map(line -> line.path("msg").asText())
                    .toList();
        }
    }

    /** One for all that only read. */
    private static Logged read(Lab lab) {
        return lab.shared("a log", Logged.class, () -> logged(lab));
    }

    private static Logged logged(Lab lab) {
        lab.needJobs();
        JsonNode app = lab.newApp();
        JsonNode release = lab.newRelease(Map.of("web", Shell.saysAndWaits("from-web")));
        lab.put(app, release, Map.of("web", 1));
        String web = Lab.id(lab.awaitUp(app, release, "web", 1).get(0));
        Logged first = new Logged(app, "", web);
        lab.await("a line of the job of type web", () -> linesOf(lab, first, web, 1));
        Map<String, Object> job =
                JobRunChecks.job(lab, "for i in 1 2 3 4 5; do echo line-$i; done; echo err >&2; exit 0");
        String oneOff = Lab.id(lab.post(Lab.appPath(app) + "/jobs", job).prepared("a job"));
        lab.await("the lines of the one-off job", () -> linesOf(lab, first, oneOff, LINES + 1));
        return new Logged(app, oneOff, web);
    }

    private static Optional<List<JsonNode>> linesOf(Lab lab, Logged logged, String job, int count) {
        List<JsonNode> lines = Stream.of(lab.get(logged.path()).text().split("\n"))
                .map(Json::readLeniently)
                .filter(line -> line.path("job_id").asText().equals(job))
                .toList();
        return lines.size() >= count ? Optional.of(lines) : Optional.empty();
    }

    private static List<JsonNode> parse(Answer answer) {
        return answer.text().lines().map(Json::readLeniently).toList();
    }

    static void declare(Catalogue catalogue) {
        declarePlain(catalogue);
        declareWindows(catalogue);
        declareStream(catalogue);
    }

    private static void declarePlain(Catalogue catalogue) {
        catalogue
                .endpoint("log/plain", "§6.2", "GET /apps/:a/log")
                .check("answers-200", "200, text/plain; no lines, no body", lab -> {
                    Answer answer = lab.get(Lab.appPath(lab.newApp()) + "/log").ok();
                    String type = answer.response().contentType();
                    Expect.that(type.startsWith("text/plain"), "expected text/plain, was %s", type);
                    Expect.same("body", "", answer.text());
                })
                .check("messages", "§4.15", "a JSON object in each line, the oldest first", lab -> {
                    Logged logged = read(lab);
                    List<JsonNode> lines = parse(lab.get(logged.path() + "?job_id=" + logged.oneOff())
                            .ok());
                    JsonNode first = lines.get(0);
                    Expect.text(first, "job_id", logged.oneOff());
                    Expect.text(first, "host_id", logged.oneOff().split("-", 2)[0]);
                    Expect.text(first, "source", "app");
                    Expect.absent(first, "process_type");
                    Expect.that(
                            Times.of(first, "timestamp").toEpochMilli() > 0,
                            "no timestamp: %s",
                            first.path("timestamp"));
                    Expect.same(
                            "messages of stdout",
                            IntStream.rangeClosed(1, LINES)
                                    .mapToObj(i -> "line-" + i)
                                    .toList(),
                            lines.stream()
                                    .filter(line -> line.path("stream").asText().equals("stdout"))
                                    .map(line -> line.path("msg").asText())
                                    .toList());
                    Expect.same(
                            "messages of stderr",
                            List.of("err"),
                            lines.stream()
                                    .filter(line -> line.path("stream").asText().equals("stderr"))
                                    .map(line -> line.path("msg").asText())
                                    .toList());
                })
                .check("process-type", "process_type chooses; empty, it means one-off jobs", lab -> {
                    Logged logged = read(lab);
                    Expect.same("messages of web", List.of("from-web"), logged.messages(lab, "?process_type=web"));
                    List<String> oneOff = logged.messages(lab, "?process_type=");
                    Expect.that(
                            oneOff.contains("line-1") && !oneOff.contains("from-web"),
                            "expected the lines of the one-off job alone, had %s",
                            oneOff);
                    Expect.same(
                            "messages of a type that is none", List.of(), logged.messages(lab, "?process_type=none"));
                })
                .check("lines", "lines=n gives the newest n", lab -> {
                    Logged logged = read(lab);
                    List<String> all = logged.messages(lab, "?process_type=");
                    Expect.same(
                            "the newest two",
                            all.subList(all.size() - 2, all.size()),
                            logged.messages(lab, "?process_type=&lines=2"));
                })
                .check("too-many-lines", "lines has to be 10000 at most, else 400", lab -> {
                    lab.get(Lab.appPath(lab.app()) + "/log?lines=10000").ok();
                    JsonNode unused =
                            lab.get(Lab.appPath(lab.app()) + "/log?lines=10001").error(400, "validation_error");
                })
                .from(FULL)
                .check(
                        "no-number",
                        "lines that are no number: 500",
                        lab -> lab.get(Lab.appPath(lab.app()) + "/log?lines=many")
                                .is(500))
                .check(
                        "negative",
                        "a negative number is ignored",
                        lab -> lab.get(Lab.appPath(lab.app()) + "/log?lines=-5").ok());
    }

    private static void declareWindows(Catalogue catalogue) {
        catalogue
                .endpoint("log/plain", "§6.2", "GET /apps/:a/log")
                .from(FULL)
                .check("zero-lines", "lines=0 gives all of it (surprise 41)", lab -> {
                    Logged logged = read(lab);
                    Expect.same("lines", logged.messages(lab, ""), logged.messages(lab, "?lines=0"));
                })
                .check("follow-without-history", "following begins with nothing that was before (surprise 41)", lab -> {
                    Logged logged = logged(lab);
                    for (String query : List.of("?follow=true", "?follow=true&lines=0")) {
                        LiveStream stream = lab.open(lab.request("GET", logged.path() + query));
                        Expect.same("status", 200, stream.status());
                        say(lab, logged, "news");
                        Expect.same("first message", "news", message(lab, stream));
                        stream.close();
                    }
                })
                .check("follow-with-history", "lines=n gives the newest n first", lab -> {
                    Logged logged = logged(lab);
                    List<String> all = logged.messages(lab, "");
                    LiveStream stream = lab.open(lab.request("GET", logged.path() + "?follow=true&lines=1"));
                    Expect.same("first message", all.get(all.size() - 1), message(lab, stream));
                    say(lab, logged, "news");
                    Expect.same("second message", "news", message(lab, stream));
                })
                .from(FORWARD)
                .check("stream-types", "§13.1", "stream_types chooses", lab -> {
                    Logged logged = logged(lab);
                    Expect.same("messages of stderr", List.of("err"), logged.messages(lab, "?stream_types=stderr"));
                });
    }

    private static void say(Lab lab, Logged logged, String text) {
        lab.post(Lab.appPath(logged.app()) + "/jobs", JobRunChecks.job(lab, "echo " + text))
                .prepared("a job");
    }

    private static String message(Lab lab, LiveStream stream) {
        String line = stream.line(lab.patience()).orElseThrow(() -> new ContractBroken("no line came"));
        return Json.readLeniently(line).path("msg").asText();
    }

    private static void declareStream(Catalogue catalogue) {
        catalogue
                .endpoint("log/stream", "§6.2", "GET /apps/:a/log (Accept: text/event-stream)")
                .check("messages", "messages in an envelope, then its end", lab -> {
                    Logged logged = read(lab);
                    LiveStream stream = lab.stream(logged.path() + "?job_id=" + logged.oneOff())
                            .isEventStream();
                    JsonNode first = item(lab, stream);
                    Expect.text(first, "event", "message");
                    Expect.text(first.path("data"), "job_id", logged.oneOff());
                    JsonNode last = first;
                    while (last.path("event").asText().equals("message")) {
                        last = item(lab, stream);
                    }
                    Expect.same("last item", "{\"event\":\"eof\"}", last.toString());
                    stream.readFor(Duration.ofSeconds(5));
                    Expect.that(stream.hasEnded(), "the stream has to end after its end");
                })
                .check("follow", "with follow new lines come, and no end", lab -> {
                    Logged logged = logged(lab);
                    LiveStream stream =
                            lab.stream(logged.path() + "?follow=true").isEventStream();
                    say(lab, logged, "news");
                    JsonNode first = item(lab, stream);
                    Expect.text(first, "event", "message");
                    Expect.text(first.path("data"), "msg", "news");
                    Expect.that(!stream.hasEnded(), "the stream must not end");
                })
                .from(FULL)
                .slowCheck(
                        "keep-alive",
                        "§3",
                        "after 30 s of silence a colon and one newline, without an empty line (surprise 7)",
                        lab -> KeepAlive.check(lab.stream(Lab.appPath(lab.newApp()) + "/log?follow=true")));
    }

    private static JsonNode item(Lab lab, LiveStream stream) {
        return stream.item(lab.patience()).map(SseItem::json).orElseThrow(() -> new ContractBroken("no item came"));
    }
}
