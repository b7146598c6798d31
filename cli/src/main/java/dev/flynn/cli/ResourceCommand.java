package dev.flynn.cli;

import dev.flynn.api.release.Release;
import dev.flynn.api.resource.Provider;
import dev.flynn.api.resource.Resource;
import java.util.List;

/** {@code flynn resource}: databases and the like that an app was given. */
final class ResourceCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.flag("json")),
                Form.of("", 0, 0, "json"),
                Form.of("add", 1, 1, "json"),
                Form.of("remove", 1, 2, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        switch (arguments.form()) {
            case "add" -> add(context, app, arguments);
            case "remove" -> remove(context, app, arguments);
            default -> list(context, app, arguments.has("json"));
        }
        return 0;
    }

    private static void list(Context context, String app, boolean asJson) {
        List<Resource> resources = context.controller().resources(app);
        if (asJson) {
            context.printJson(resources);
            return;
        }
        Table table = new Table().row("ID", "Provider ID", "Provider Name");
        for (Resource resource : resources) {
            String provider = resource.provider().toString();
            table.row(
                    resource.id().toString(),
                    provider,
                    context.controller().provider(provider).name());
        }
        table.print(context.console());
    }

    private static void add(Context context, String app, Arguments arguments) {
        Resource resource = context.controller().provision(arguments.value(0), app);
        Release release = Releases.change(
                context,
                app,
                current -> Releases.withEnv(current.orElseGet(() -> Releases.first(context, app)), env -> {
                    env.putAll(resource.env());
                    return env;
                }));
        context.tellDone(
                arguments, resource, "Created resource %s and release %s.".formatted(resource.id(), release.id()));
    }

    /** Variables that the user changed since are the user's. */
    private static void remove(Context context, String app, Arguments arguments) {
        String provider = arguments.value(0);
        String id = arguments.optionalValue(1).orElseGet(() -> only(context, app, provider));
        Resource resource = context.controller().deprovision(provider, id);
        if (context.currentRelease().isEmpty()) {
            context.tellDone(arguments, resource, "Deleted resource " + resource.id() + ".");
            return;
        }
        Release release = Releases.change(
                context,
                app,
                current -> Releases.withEnv(current.orElseThrow(), env -> {
                    resource.env().forEach(env::remove);
                    return env;
                }));
        context.tellDone(
                arguments, resource, "Deleted resource %s, created release %s.".formatted(resource.id(), release.id()));
    }

    private static String only(Context context, String app, String nameOrId) {
        Provider provider = context.controller().provider(nameOrId);
        List<Resource> resources = context.controller().resources(app).stream()
                .filter(resource -> resource.provider().equals(provider.id()))
                .toList();
        if (resources.isEmpty()) {
            throw new CliException("App has no resource for " + nameOrId);
        }
        if (resources.size() > 1) {
            throw new CliException("App has more than one resource for " + nameOrId + ", specify resource ID");
        }
        return resources.get(0).id().toString();
    }
}
