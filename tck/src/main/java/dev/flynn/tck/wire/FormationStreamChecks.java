package dev.flynn.tck.wire;

import static dev.flynn.tck.wire.Profile.FULL;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** The stream of formations: section 6.4. */
final class FormationStreamChecks {

    private static final String FUTURE = "2099-01-01T00:00:00Z";

    private FormationStreamChecks() {}

    static void declare(Catalogue catalogue) {
        catalogue
                .endpoint("formations/stream", "§6.4", "GET /formations (Accept: text/event-stream)")
                .check("backlog", "what changed since then, the newest first, then the end of the backlog", lab -> {
                    JsonNode first = scaled(lab, 1);
                    JsonNode second = scaled(lab, 1);
                    LiveStream stream =
                            lab.stream("/formations?since=" + since(lab, first)).isEventStream();
                    List<JsonNode> backlog = backlog(lab, stream);
                    List<String> apps = backlog.stream()
                            .map(each -> Lab.id(each.path("app")))
                            .toList();
                    Expect.that(
                            apps.contains(Lab.id(first)) && apps.contains(Lab.id(second)),
                            "the backlog has to have the formations of both apps, had %d others",
                            apps.size());
                    Expect.that(
                            apps.indexOf(Lab.id(second)) < apps.indexOf(Lab.id(first)),
                            "the newest update has to be first");
                    FormationChecks.expanded(lab, first, backlog.get(apps.indexOf(Lab.id(first))));
                })
                .check("end-of-backlog", "the end of the backlog comes also when there is none (surprise 44)", lab -> {
                    LiveStream stream =
                            lab.stream("/formations?since=" + FUTURE).isEventStream();
                    SseItem item = stream.item(lab.patience())
                            .orElseThrow(() -> new ContractBroken("the end of the backlog did not come"));
                    Expect.same("data", "{\"updated_at\":\"" + Times.NONE + "\"}", item.data());
                })
                .check("live", "each change after that", lab -> {
                    LiveStream stream =
                            lab.stream("/formations?since=" + FUTURE).isEventStream();
                    List<JsonNode> unused = backlog(lab, stream);
                    JsonNode app = scaled(lab, 1);
                    JsonNode item =
                            await(lab, stream, each -> Lab.id(each.path("app")).equals(Lab.id(app)));
                    FormationChecks.expanded(lab, app, item);
                    Expect.value(item, "processes", Map.of("web", 1));
                })
                .from(FULL)
                .check("deleted", "a deleted formation comes without processes", lab -> {
                    JsonNode app = scaled(lab, 1);
                    LiveStream stream =
                            lab.stream("/formations?since=" + FUTURE).isEventStream();
                    List<JsonNode> unused = backlog(lab, stream);
                    lab.delete(Lab.appPath(app) + "/formations/" + lab.releaseId());
                    JsonNode item =
                            await(lab, stream, each -> Lab.id(each.path("app")).equals(Lab.id(app)));
                    Expect.that(
                            item.path("processes").isMissingNode()
                                    || item.path("processes").isEmpty(),
                            "\"processes\" has to be left out, was %s",
                            Expect.shown(item.path("processes")));
                })
                .check("deleted-in-backlog", "in the backlog too", lab -> {
                    JsonNode app = scaled(lab, 1);
                    String since = since(lab, app);
                    lab.delete(Lab.appPath(app) + "/formations/" + lab.releaseId());
                    LiveStream stream = lab.stream("/formations?since=" + since).isEventStream();
                    Expect.that(
                            backlog(lab, stream).stream()
                                    .anyMatch(each -> Lab.id(each.path("app")).equals(Lab.id(app))),
                            "the deleted formation of app %s has to be in the backlog",
                            Lab.id(app));
                })
                .check("no-since", "without since, or with one that is no time: 500", lab -> {
                    for (String query : List.of("", "?since=yesterday")) {
                        LiveStream stream = lab.stream("/formations" + query);
                        Expect.same("status of " + query, 500, stream.status());
                    }
                })
                .check("plus-as-space", "the plus of a zone may come as a space", lab -> {
                    for (String zone : List.of("+01:00", "%20" + "01:00", "%2B01:00")) {
                        LiveStream stream = lab.stream("/formations?since=2099-01-01T00:00:00" + zone);
                        Expect.same("status of a zone " + zone, 200, stream.status());
                    }
                })
                .slowCheck(
                        "keep-alive",
                        "§3",
                        "after 30 s of silence a colon and one newline, without an empty line (surprise 7)",
                        lab -> KeepAlive.check(lab.stream("/formations?since=" + FUTURE)));
    }

    private static JsonNode scaled(Lab lab, int count) {
        JsonNode app = lab.newApp();
        lab.put(app, lab.release(), Map.of("web", count));
        return app;
    }

    private static String since(Lab lab, JsonNode app) {
        return lab.get(Lab.appPath(app) + "/formations/" + lab.releaseId())
                .prepared("the formation")
                .path("updated_at")
                .asText();
    }

    private static List<JsonNode> backlog(Lab lab, LiveStream stream) {
        List<JsonNode> backlog = new ArrayList<>();
        while (true) {
            JsonNode item = stream.item(lab.patience())
                    .orElseThrow(() -> new ContractBroken("the end of the backlog did not come"))
                    .json();
            if (item.path("updated_at").asText().equals(Times.NONE)) {
                return backlog;
            }
            backlog.add(item);
        }
    }

    private static JsonNode await(Lab lab, LiveStream stream, Predicate<JsonNode> wanted) {
        while (true) {
            JsonNode item = stream.item(lab.patience())
                    .orElseThrow(() -> new ContractBroken("the change did not come"))
                    .json();
            if (wanted.test(item)) {
                return item;
            }
        }
    }
}
