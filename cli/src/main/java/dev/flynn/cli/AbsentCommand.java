package dev.flynn.cli;

/** A command of the contract that this program does not have yet, and says so. */
record AbsentCommand(String name) implements Command {

    @Override
    public Syntax syntax() {
        // whatever is asked of it, the answer is the same
        return Syntax.of(Form.atLeast("", 0)).endingOptionsAtFirstValue();
    }

    @Override
    public int run(Context context, Arguments arguments) {
        throw notAvailable(name);
    }

    static CliException notAvailable(String command) {
        return new CliException("flynn " + command + ": not available yet");
    }
}
