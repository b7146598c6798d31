package dev.flynn.cli;

/** {@code flynn apps}. */
final class AppsCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(Form.of("", 0, 0));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        Table table = new Table().row("ID", "NAME");
        context.controller().appNames().forEach(app -> table.row(app.id().toString(), app.name()));
        table.print(context.console());
        return 0;
    }
}
