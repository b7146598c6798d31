package dev.flynn.cli;

import java.util.List;

/** {@code flynn rollback}: short for {@code flynn release rollback}. */
final class RollbackCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag('y', "yes"), Option.flag("json")), Form.of("", 0, 1, "yes", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        ReleaseCommand.rollback(context, arguments);
        return 0;
    }
}
