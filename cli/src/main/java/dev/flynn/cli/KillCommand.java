package dev.flynn.cli;

import dev.flynn.api.error.FlynnException;

/** {@code flynn kill}. */
final class KillCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(Form.atLeast("", 1));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        if (arguments.values().size() == 1) {
            kill(context, app, arguments.value(0));
            return 0;
        }
        boolean allKilled = true;
        for (String job : arguments.values()) {
            try {
                kill(context, app, job);
            } catch (FlynnException e) {
                context.console().tell("ERROR: could not kill job " + job + ": " + e.getMessage());
                allKilled = false;
            }
        }
        if (!allKilled) {
            throw new CliException("Could not kill all jobs.");
        }
        return 0;
    }

    private static void kill(Context context, String app, String job) {
        context.controller().stopJob(app, job);
        context.console().tell("Job " + job + " killed.");
    }
}
