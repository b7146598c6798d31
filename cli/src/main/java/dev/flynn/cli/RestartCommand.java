package dev.flynn.cli;

import dev.flynn.api.deployment.Deployment;
import java.util.List;
import java.util.Optional;

/** {@code flynn restart}: new jobs of the same release for the old ones. */
final class RestartCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag("json")), Form.of("", 0, 1, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        Optional<String> type = arguments.optionalValue(0);
        Deployment restart = context.controller().restart(app, type);
        context.controller().await(app, restart, step -> {});
        DeploymentCommand.tellDone(
                context, arguments, app, restart, "Restarted " + type.orElse("all process types") + " of " + app + ".");
        return 0;
    }
}
