package dev.flynn.containers.oci;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;

/** What a job needs of the backend that it belongs to. */
interface OciHost {

    Layout layout();

    FlynnJson json();

    Conmon conmon();

    ControlGroups controlGroups();

    Preparation preparation();

    /** When containers are created. */
    Turns creations();

    ExecutorService workers();

    /** Runs a task soon, unless the backend is closing: the next one on the same directory finds what is to be done. */
    void soon(Runnable task);

    /** Runs a task after a while, unless the backend is closed before. */
    void later(Duration delay, Runnable task);

    Instant now();

    /** Of the machine since it was switched on. */
    String boot();

    boolean isClosing();

    void tell(JobStatus status);

    void deliver(JobId job, OutputStreamKind stream, byte[] bytes);

    /** Where its container is, or will be. */
    String controlGroupOf(JobSpec job);

    /** Whether the container has no conmon any more, and nobody said how it ended. */
    default boolean isMonitorLost(JobDirectory directory) {
        OptionalLong pid = JobDirectory.number(directory.conmonPid());
        boolean monitored = pid.isPresent() && Conmon.isOf(pid.getAsLong(), directory.job());
        return !monitored && directory.exitStatus().isEmpty();
    }

    /** Kills a container, its monitor first, lets the runtime forget it, and takes its disk away. */
    default void killContainer(JobDirectory directory, String controlGroup) throws IOException {
        OptionalLong monitor = JobDirectory.number(directory.conmonPid());
        if (monitor.isPresent()) {
            Conmon.kill(monitor.getAsLong(), directory.job());
        }
        controlGroups().kill(controlGroup);
        controlGroups().delete(controlGroup);
        Trees.delete(directory.runtimeState());
        TempDisks.remove(directory);
    }

    /** Leaves nothing of a job but how it ended. */
    default void cleanUp(JobId job, JobDirectory directory, String controlGroup) throws IOException {
        killContainer(directory, controlGroup);
        preparation().release(job);
        directory.delete();
    }
}
