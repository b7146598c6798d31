package dev.flynn.cli;

import java.util.List;

/** {@code flynn apps}. */
final class AppsCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag("json")), Form.of("", 0, 0, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        if (arguments.has("json")) {
            context.printJson(context.controller().apps());
            return 0;
        }
        Table table = new Table().row("ID", "NAME");
        context.controller().appNames().forEach(app -> table.row(app.id().toString(), app.name()));
        table.print(context.console());
        return 0;
    }
}
