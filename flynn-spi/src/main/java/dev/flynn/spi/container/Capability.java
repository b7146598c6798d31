package dev.flynn.spi.container;

import org.apiguardian.api.API;

/** What a {@link ContainerBackend} can do beyond its basic promises; the TCK holds it to that. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum Capability {
    /** {@link ContainerBackend#signal} delivers any signal to the job's main process. */
    SIGNAL,
    /** {@link ContainerBackend#stdin} and half-close. */
    STDIN,
    /** Jobs may have a terminal, which can be resized. */
    TTY,
    /** {@link ContainerBackend#exec} runs a command inside a running job. */
    EXEC,
    /** Jobs keep running when the backend is closed, and it finds them again when it is opened on the same directory. */
    SURVIVES_RESTART,
    /** Each job has a network address of its own, so that ports of jobs never collide. */
    OWN_ADDRESS,
    /** A job cannot see the processes and files of others. */
    ISOLATION,
    /** {@code memory} limits are enforced. */
    LIMIT_MEMORY,
    /** {@code max_fd} limits are enforced. */
    LIMIT_MAX_FD,
    /** {@code max_procs} limits are enforced. */
    LIMIT_MAX_PROCS,
    /** Runs images of type {@code host}: programs on the host's own root file system. */
    IMAGE_HOST,
    /** Runs images of type {@code builtin}: programs in this process. */
    IMAGE_BUILTIN,
    /** Runs images of type {@code docker}. */
    IMAGE_DOCKER
}
