package dev.flynn.cli;

import dev.flynn.api.app.App;
import java.util.List;
import java.util.Map;

/** {@code flynn remote add}. */
final class RemoteCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag('y', "yes"), Option.flag("json")), Form.of("add", 0, 1, "yes", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String remote = arguments.optionalValue(0).orElse(Remotes.DEFAULT_NAME);
        String name = context.app();
        App app = context.controller().app(name);
        if (!context.git().isInRepository()) {
            context.console().tell("Must be executed within a git repository.");
            return 0;
        }
        if (!Remotes.mayCreate(context, remote, arguments.has("yes"))) {
            return 0;
        }
        String url = context.cluster().gitUrl(app.name());
        Remotes.create(context, remote, url);
        context.tellDone(
                arguments, Map.of("name", remote, "url", url), "Created remote " + remote + " with url " + url + ".");
        return 0;
    }
}
