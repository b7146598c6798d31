package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.app.App;
import dev.flynn.api.event.EventType;
import dev.flynn.client.EventFilter;
import java.util.List;
import java.util.Optional;

/** {@code flynn delete}. */
final class DeleteCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.value('r', "remote"), Option.flag('y', "yes"), Option.flag("json")),
                Form.of("", 0, 0, "remote", "yes", "json"));
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
        EventFilter deletions = EventFilter.ofApp(name, EventType.APP_DELETION);
        JsonNode deletion = DeletionWait.await(
                        context, deletions, "app", () -> context.controller().deleteApp(name))
                .path("app_deletion");
        String remote = arguments.option("remote").orElse(Remotes.DEFAULT_NAME);
        Optional<String> url =
                remote.isEmpty() ? Optional.empty() : context.git().remoteUrl(remote);
        if (url.filter(context.cluster().gitUrl(app.name())::equals).isPresent()) {
            context.git().removeRemote(remote);
        }
        context.tellDone(
                arguments,
                deletion,
                "Deleted %s (removed %d routes, deprovisioned %d resources)"
                        .formatted(
                                name,
                                deletion.path("deleted_routes").size(),
                                deletion.path("deleted_resources").size()));
        return 0;
    }
}
