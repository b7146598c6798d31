package dev.flynn.cli;

/** {@code flynn update}, which stays for scripts that call it: this program does not replace itself. */
final class UpdateCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(Form.of("", 0, 0));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        throw new CliException("Dev builds don't support auto-updates");
    }
}
