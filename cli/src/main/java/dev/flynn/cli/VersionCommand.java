package dev.flynn.cli;

import java.util.List;
import java.util.Map;

/** {@code flynn version}. */
final class VersionCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag("json")), Form.of("", 0, 0, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        if (arguments.has("json")) {
            context.printJson(Map.of("version", Version.text()));
        } else {
            context.console().print(Version.text());
        }
        return 0;
    }
}
