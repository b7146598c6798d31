package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import dev.flynn.api.host.JobStatus;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How a container ended. */
record ExitState(long code, boolean outOfMemory) {

    private static final int SIGNAL = 128;
    private static final int MAX_SIGNAL = 64;

    static ExitState of(InspectContainerResponse.ContainerState state) {
        Long code = state.getExitCodeLong();
        return new ExitState(code == null ? 0 : code, Boolean.TRUE.equals(state.getOOMKilled()));
    }

    private static final Pattern NO_PROGRAM = Pattern.compile("\\[FATAL tini \\(\\d+\\)\\] exec (.*) failed: (.*)\\n?");
    private static final int NO_PROGRAM_CODE = 127;

    /**
     * Why there was no process at all, if that is so: the engine's init was started in its place, and said it.
     *
     * @param errors all that came on standard error
     */
    Optional<String> noProgram(String errors) {
        Matcher said = NO_PROGRAM.matcher(errors);
        return code == NO_PROGRAM_CODE && said.matches()
                ? Optional.of("cannot run " + said.group(1) + ": " + said.group(2))
                : Optional.empty();
    }

    /** An engine reports a signal as 128 and its number, like a shell. */
    JobStatus applyTo(JobStatus running, Instant now) {
        if (code > SIGNAL && code <= SIGNAL + MAX_SIGNAL) {
            return running.signalled((int) code - SIGNAL, now);
        }
        return running.exited((int) code, now);
    }
}
