package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import dev.flynn.api.host.JobStatus;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How a container ended.
 *
 * @param begun when its process began, as the engine says it
 * @param over when the engine says that it ended
 */
record ExitState(long code, boolean outOfMemory, Instant begun, Instant over) {

    private static final int SIGNAL = 128;
    private static final int MAX_SIGNAL = 64;

    static ExitState of(InspectContainerResponse.ContainerState state) {
        Long code = state.getExitCodeLong();
        return new ExitState(
                code == null ? 0 : code,
                Boolean.TRUE.equals(state.getOOMKilled()),
                instant(state.getStartedAt()),
                instant(state.getFinishedAt()));
    }

    private static Instant instant(@Nullable String text) {
        try {
            return text == null ? Instant.EPOCH : OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeParseException e) {
            return Instant.EPOCH;
        }
    }

    private static final int LOST = 255;
    private static final int TINI_NO_PROGRAM = 127;
    private static final int CATATONIT_NO_PROGRAM = 1;
    private static final Pattern TINI = Pattern.compile("\\[FATAL tini \\(\\d+\\)\\] exec (.*) failed: (.*)\\n?");
    private static final Pattern CATATONIT =
            Pattern.compile("ERROR \\(catatonit:\\d+\\): failed to exec pid1: (.*)\\n?");

    /**
     * Why there was no process at all, if that is so: the engine's init was started in its place, and said it.
     *
     * @param errors all that came on standard error
     */
    Optional<String> noProgram(String errors) {
        Matcher tini = TINI.matcher(errors);
        if (code == TINI_NO_PROGRAM && tini.matches()) {
            return Optional.of("cannot run " + tini.group(1) + ": " + tini.group(2));
        }
        Matcher catatonit = CATATONIT.matcher(errors);
        return code == CATATONIT_NO_PROGRAM && catatonit.matches()
                ? Optional.of("cannot run the job's program: " + catatonit.group(1))
                : Optional.empty();
    }

    /**
     * Why nobody knows how it ended, if that is so: an engine that comes back and finds a container ended says 255.
     *
     * @param engineStayed whether the engine was there all the time
     * @param boot when this machine began
     */
    Optional<String> unknown(boolean engineStayed, Instant boot) {
        if (code != LOST) {
            return Optional.empty();
        }
        if (begun.isBefore(boot) && over.isAfter(boot)) {
            return Optional.of("the host was restarted");
        }
        return engineStayed
                ? Optional.empty()
                : Optional.of("it ended while the engine was away, which does not know how (and says 255)");
    }

    /** An engine reports a signal as 128 and its number, like a shell. */
    JobStatus applyTo(JobStatus running, Instant now) {
        if (code > SIGNAL && code <= SIGNAL + MAX_SIGNAL) {
            return running.signalled((int) code - SIGNAL, now);
        }
        return running.exited((int) code, now);
    }
}
