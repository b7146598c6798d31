package dev.flynn.cli;

import dev.flynn.api.app.App;
import java.util.List;

/** {@code flynn create}. */
final class CreateCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.value('r', "remote"), Option.flag('y', "yes"), Option.flag("json")),
                Form.of("", 0, 1, "remote", "yes", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String remote = arguments.option("remote").orElse(Remotes.DEFAULT_NAME);
        Cluster cluster = context.cluster();
        boolean wantsRemote = !remote.isEmpty() && context.git().isInRepository();
        if (wantsRemote && !Remotes.mayCreate(context, remote, arguments.has("yes"))) {
            return 0;
        }
        App app = context.controller().createApp(arguments.optionalValue(0).orElse(""));
        if (wantsRemote) {
            Remotes.create(context, remote, cluster.gitUrl(app.name()));
        }
        if (arguments.has("json")) {
            context.printJson(app);
        } else {
            context.console().tell("Created " + app.name());
        }
        return 0;
    }
}
