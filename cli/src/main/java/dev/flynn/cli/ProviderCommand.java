package dev.flynn.cli;

import dev.flynn.api.resource.Provider;
import java.util.List;

/** {@code flynn provider}: what provisions resources for apps. */
final class ProviderCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag("json")), Form.of("", 0, 0, "json"), Form.of("add", 2, 2, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        if (arguments.form().equals("add")) {
            Provider provider = context.controller().createProvider(arguments.value(0), arguments.value(1));
            if (arguments.has("json")) {
                context.printJson(provider);
            } else {
                context.console().tell("Created provider " + provider.name() + ".");
            }
            return 0;
        }
        List<Provider> providers = context.controller().providers();
        if (arguments.has("json")) {
            context.printJson(providers);
        } else if (!providers.isEmpty()) {
            Table table = new Table().row("ID", "NAME", "URL");
            providers.forEach(provider -> table.row(provider.id().toString(), provider.name(), provider.url()));
            table.print(context.console());
        }
        return 0;
    }
}
