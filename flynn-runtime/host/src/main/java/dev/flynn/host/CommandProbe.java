package dev.flynn.host;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ExecResult;

/** Runs a check's command inside the job: status 0 within two seconds is well. */
record CommandProbe(ContainerBackend backend, JobId job) implements Probe {

    private static final int SHOWN_CHARACTERS = 2000;

    @Override
    public Result ask(HealthCheck check) {
        try {
            ExecResult result = backend.exec(job, check.command(), PATIENCE);
            return result.succeeded() ? Result.PASSED : Result.failed(why(result));
        } catch (FlynnException e) {
            return Result.failed(e.getMessage());
        }
    }

    /** How it ended, and the last lines of what it wrote. */
    static String why(ExecResult result) {
        String how = result.exitStatus().isPresent()
                ? "exit status " + result.exitStatus().getAsInt()
                : "killed after " + PATIENCE.toSeconds() + " s";
        String output = result.output().strip();
        return output.isEmpty() ? how : how + ": " + lastLines(output);
    }

    private static String lastLines(String output) {
        if (output.length() <= SHOWN_CHARACTERS) {
            return output;
        }
        String end = output.substring(output.length() - SHOWN_CHARACTERS);
        int line = end.indexOf('\n');
        return line >= 0 && line < end.length() - 1 ? end.substring(line + 1) : end;
    }
}
