package dev.flynn.cli;

import dev.flynn.api.error.ErrorCode;
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
                    throw new CliException(problem(context, job, e), e);
                }
                String problem = problem(context, job, e);
                jobs.add(new Killed(job, false, Optional.of(problem)));
                context.console().tell("ERROR: could not kill job " + job + ": " + problem);
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

    private static String problem(Context context, String job, FlynnException e) {
        String message = context.explain(e);
        boolean jobIsMissing = e.code() == ErrorCode.OBJECT_NOT_FOUND && message.equals(e.getMessage());
        return jobIsMissing
                ? "%s: the app has no job \"%s\"; 'flynn ps' lists those that run".formatted(message, job)
                : message;
    }
}
