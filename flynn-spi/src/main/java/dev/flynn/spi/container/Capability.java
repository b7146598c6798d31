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
    /**
     * A process that a signal ended is told from one that exits with 128 and that signal's number. Without this such an exit
     * status, 129 to 192, is reported as the signal.
     */
    EXACT_SIGNAL,
    /** Jobs keep running when the backend is closed, and it finds them again when it is opened on the same directory. */
    SURVIVES_RESTART,
    /** Each job has a network address of its own, so that ports of jobs never collide. */
    OWN_ADDRESS,
    /** Jobs that ask for the host's network get it; without {@link #OWN_ADDRESS} all have it. */
    HOST_NETWORK,
    /**
     * A job cannot see the processes of others, nor files beyond its image and its mounts; what it writes to its image is its
     * own and gone with it.
     */
    ISOLATION,
    /** Mounts of a spec, at any destination and with any access. */
    MOUNTS,
    /** {@code memory} limits are enforced on the job as a whole. */
    LIMIT_MEMORY,
    /** {@code max_fd} limits are enforced. */
    LIMIT_MAX_FD,
    /** {@code max_procs} limits are enforced on the job as a whole, a fork bomb included. */
    LIMIT_MAX_PROCS,
    /** {@code cpu} limits are shares of the processor that hold when it is contended. */
    LIMIT_CPU,
    /** {@code temp_disk} limits what a job writes to its own file system. */
    LIMIT_TEMP_DISK,
    /** Runs images of type {@code host}: programs on the host's own root file system. */
    IMAGE_HOST,
    /** Runs images of type {@code builtin}: programs in this process. */
    IMAGE_BUILTIN,
    /** Runs images of type {@code docker}: from an OCI layout, an archive or a registry. */
    IMAGE_DOCKER
}
