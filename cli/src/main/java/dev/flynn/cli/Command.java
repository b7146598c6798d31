package dev.flynn.cli;

/** One command of the program. */
interface Command {

    Syntax syntax();

    /**
     * Does what it is for.
     *
     * @return the exit status
     * @throws CliException it cannot be done, and why
     */
    int run(Context context, Arguments arguments);
}
