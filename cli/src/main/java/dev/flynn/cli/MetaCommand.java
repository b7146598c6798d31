package dev.flynn.cli;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** {@code flynn meta}: notes of the user's own on an app. */
final class MetaCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.flag("json")),
                Form.of("", 0, 0, "json"),
                Form.atLeast("set", 1, "json"),
                Form.atLeast("unset", 1, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        Map<String, String> meta = new HashMap<>(context.controller().app(app).meta());
        switch (arguments.form()) {
            case "set" -> {
                meta.putAll(EnvCommand.assignments(arguments.values()));
                set(context, app, meta, arguments);
            }
            case "unset" -> {
                meta.keySet().removeAll(List.copyOf(arguments.values()));
                set(context, app, meta, arguments);
            }
            default -> {
                if (arguments.has("json")) {
                    context.printJson(meta);
                    return 0;
                }
                Table table = new Table().row("KEY", "VALUE");
                new TreeMap<>(meta).forEach((key, value) -> table.row(key, value));
                table.print(context.console());
            }
        }
        return 0;
    }

    private static void set(Context context, String app, Map<String, String> meta, Arguments arguments) {
        Map<String, String> now = context.controller().setMeta(app, meta).meta();
        if (arguments.has("json")) {
            context.printJson(now);
        }
    }
}
