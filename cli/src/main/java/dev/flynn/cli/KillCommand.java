package dev.flynn.cli;

import dev.flynn.api.error.FlynnException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** {@code flynn kill}. */
final class KillCommand implements Command {

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag("json")), Form.atLeast("", 1, "json"));
    }

    /** What became of a job that was to be killed. */
    record Killed(String id, boolean killed, Optional<String> error) {}

    @Override
    public int run(Context context, Arguments arguments) {
        String app = context.app();
        boolean isOne = arguments.values().size() == 1;
        boolean asJson = arguments.has("json");
        List<Killed> jobs = new ArrayList<>();
        for (String job : arguments.values()) {
            try {
                context.controller().stopJob(app, job);
                jobs.add(new Killed(job, true, Optional.empty()));
                if (!asJson) {
                    context.console().tell("Job " + job + " killed.");
                }
            } catch (FlynnException e) {
                if (isOne) {
                    throw e;
                }
                jobs.add(new Killed(job, false, Optional.ofNullable(e.getMessage())));
                context.console().tell("ERROR: could not kill job " + job + ": " + e.getMessage());
            }
        }
        if (asJson) {
            context.printJson(jobs);
        }
        if (!jobs.stream().allMatch(Killed::killed)) {
            throw new CliException("Could not kill all jobs.");
        }
        return 0;
    }
}
