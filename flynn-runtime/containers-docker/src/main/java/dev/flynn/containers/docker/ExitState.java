package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import dev.flynn.api.host.JobStatus;
import java.time.Instant;

/** How a container ended. */
record ExitState(long code, boolean outOfMemory) {

    private static final int SIGNAL = 128;
    private static final int MAX_SIGNAL = 64;

    static ExitState of(InspectContainerResponse.ContainerState state) {
        Long code = state.getExitCodeLong();
        return new ExitState(code == null ? 0 : code, Boolean.TRUE.equals(state.getOOMKilled()));
    }

    /** An engine reports a signal as 128 and its number, like a shell. */
    JobStatus applyTo(JobStatus running, Instant now) {
        if (code > SIGNAL && code <= SIGNAL + MAX_SIGNAL) {
            return running.signalled((int) code - SIGNAL, now);
        }
        return running.exited((int) code, now);
    }
}
