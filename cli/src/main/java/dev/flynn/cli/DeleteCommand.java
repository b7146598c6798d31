package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.app.App;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.client.EventFilter;
import dev.flynn.client.EventStream;
import dev.flynn.json.FlynnJson;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** {@code flynn delete}. */
final class DeleteCommand implements Command {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.value('r', "remote"), Option.flag('y', "yes")), Form.of("", 0, 0, "remote", "yes"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String name = context.app();
        boolean sure = arguments.has("yes")
                || context.console().confirm("Are you sure you want to delete the app \"" + name + "\"?");
        if (!sure) {
            return 0;
        }
        App app = context.controller().app(name);
        JsonNode deletion = delete(context, name);
        String remote = arguments.option("remote").orElse(Remotes.DEFAULT_NAME);
        Optional<String> url =
                remote.isEmpty() ? Optional.empty() : context.git().remoteUrl(remote);
        if (url.filter(context.cluster().gitUrl(app.name())::equals).isPresent()) {
            context.git().removeRemote(remote);
        }
        context.console()
                .tell("Deleted %s (removed %d routes, deprovisioned %d resources)"
                        .formatted(
                                name,
                                deletion.path("deleted_routes").size(),
                                deletion.path("deleted_resources").size()));
        return 0;
    }

    /** The request is only the beginning; the event tells when it is done, so it must be listened to before. */
    private static JsonNode delete(Context context, String app) {
        String problem = "";
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try (EventStream events = context.controller().events(EventFilter.ofApp(app, EventType.APP_DELETION))) {
            context.controller().deleteApp(app);
            while (true) {
                Optional<Event> event = events.next(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())));
                if (event.isEmpty()) {
                    throw new CliException("timed out waiting for app deletion" + problem);
                }
                JsonNode data = new FlynnJson().readTree(event.get().data());
                String error = data.path("error").asText();
                if (error.isEmpty()) {
                    return data.path("app_deletion");
                }
                // the server tries again by itself
                problem = ": " + error;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        }
    }
}
