package dev.flynn.cli;

/** {@code flynn version}. */
final class VersionCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(Form.of("", 0, 0));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        context.console().print(Version.text());
        return 0;
    }
}
