package dev.flynn.cli;

import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.api.resource.Provider;
import dev.flynn.api.resource.Resource;
import java.util.List;
import java.util.Optional;

/** {@code flynn resource}: databases and the like that an app was given. */
final class ResourceCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.flag("json")), Form.of("", 0, 0, "json"), Form.of("add", 1, 1), Form.of("remove", 1, 2));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        switch (arguments.form()) {
            case "add" -> add(context, app, arguments.value(0));
            case "remove" -> remove(context, app, arguments.value(0), arguments.optionalValue(1));
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

    private static void add(Context context, String app, String provider) {
        Resource resource = context.controller().provision(provider, app);
        Release current = context.controller().findAppRelease(app).orElseGet(() -> Releases.first(context, app));
        ReleaseId release = Releases.deploy(context, app, Releases.withEnv(current, env -> {
            env.putAll(resource.env());
            return env;
        }));
        context.console().tell("Created resource %s and release %s.".formatted(resource.id(), release));
    }

    /** Variables that the user changed since are the user's. */
    private static void remove(Context context, String app, String provider, Optional<String> given) {
        String id = given.orElseGet(() -> only(context, app, provider));
        Resource resource = context.controller().deprovision(provider, id);
        Optional<Release> current = context.controller().findAppRelease(app);
        if (current.isEmpty()) {
            context.console().tell("Deleted resource " + resource.id() + ".");
            return;
        }
        ReleaseId release = Releases.deploy(context, app, Releases.withEnv(current.get(), env -> {
            resource.env().forEach(env::remove);
            return env;
        }));
        context.console().tell("Deleted resource %s, created release %s.".formatted(resource.id(), release));
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
