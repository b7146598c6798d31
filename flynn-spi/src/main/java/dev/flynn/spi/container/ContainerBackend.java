package dev.flynn.spi.container;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * Runs jobs in containers, or whatever stands for them, on one host.
 *
 * <p>Promises, each with a test in the TCK:
 *
 * <ul>
 *   <li>CB-1 {@link #start} is idempotent by job id: repeating it, at the same time or later, also after the job is down,
 *       returns the job's status and starts nothing.
 *   <li>CB-2 The exit status of a process, or the signal that ended it, is reported exactly; which of the two an exit
 *       status above 128 is, with {@code EXACT_SIGNAL}.
 *   <li>CB-3 All output that a job wrote before it ended is delivered before its {@code DOWN}.
 *   <li>CB-4 {@link #stop} sends SIGTERM, and SIGKILL once {@code grace} is over; a job that is down stays down.
 *   <li>CB-5 A listener sees each state of a job once and in order, {@code DOWN} last.
 *   <li>CB-6 After {@link #close} and opening again on the same directory, jobs are there and running with
 *       {@code SURVIVES_RESTART}, and are gone, processes and all, without it.
 *   <li>CB-7 An optional ability that is not in {@link #capabilities} is refused with {@code UNSUPPORTED}.
 *   <li>CB-8 No process of a job outlives the job: children and grandchildren are ended with it, also those that became
 *       daemons.
 *   <li>CB-9 A job that cannot be started becomes {@code DOWN} with an error that says why; {@code start} itself does not
 *       fail for that.
 *   <li>CB-10 The environment, command line and ports of the spec reach the process unchanged, and
 *       nothing else of the host's environment does. {@code PATH} and {@code HOME} are there also if the spec does not say
 *       them.
 *   <li>CB-11 With {@code STDIN}: bytes arrive unchanged, closing the stream is end of file, and closing it does not end
 *       the job. Without stdin in the spec the process reads end of file.
 *   <li>CB-12 With {@code TTY}: the process has a controlling terminal of the wanted size, and a resize reaches it.
 *   <li>CB-13 A limit that is declared holds; the platform goes on when a job exceeds it.
 *   <li>CB-14 With {@code EXEC}: a command inside a job sees the job's environment, working directory and files; its exit
 *       status is exact; one that takes too long is killed with all its processes, and so is one whose job ends; the job
 *       itself, its output and its status know nothing of it.
 *   <li>CB-15 With {@code OWN_ADDRESS}: a job's address in its status is its own, it finds it as {@code EXTERNAL_IP} in its
 *       environment, the host and other jobs reach it there, and two jobs may listen on the same port. With {@code
 *       HOST_NETWORK} a job that asks for it has the host's interfaces.
 *   <li>CB-16 With {@code MOUNTS}: what the spec mounts, and what {@link JobFiles} adds, is there before the process starts,
 *       with exactly the access that was asked for, first the host's and then the spec's; directories on the way to a
 *       destination are made, for everybody to enter. {@link JobFiles#close} is called once the job is down and nothing of it
 *       is mounted any more.
 *   <li>CB-17 With {@code ISOLATION}: a job sees no process and no file of others, no secret of the host, and cannot change
 *       the host; what it writes to its image no other job sees, and it is gone with the job.
 *   <li>CB-18 Killed between any two of its steps and opened again on the same directory, the backend forgets no job that it
 *       had accepted, starts none twice, and reports the exit of those that ended meanwhile, with all of their output, if
 *       jobs survive.
 *   <li>CB-19 A job that is down leaves nothing behind: no process, mount, network interface, namespace, control group,
 *       file or open descriptor.
 *   <li>CB-20 A flood of output, from several jobs at once, is delivered without loss, in order and with bounded memory,
 *       also to a listener that is slower than the jobs.
 * </ul>
 *
 * <p>Implementations are thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface ContainerBackend extends AutoCloseable {

    Set<Capability> capabilities();

    /**
     * Accepts a job and starts it in the background. One that is stopped before it has a process becomes {@code DOWN} with
     * the signal that it would have got.
     *
     * @return its status now, usually {@code STARTING}
     * @throws FlynnException {@code VALIDATION} if this backend cannot run that type of image, {@code UNSUPPORTED} if the
     *     job wants what the backend does not declare: what {@link Requirements#check} finds
     * @throws IllegalStateException the backend is closed
     */
    JobStatus start(JobSpec spec);

    /**
     * Asks a job to end and kills it after {@code grace}; returns at once. An unknown job is fine.
     *
     * @param grace zero kills at once
     */
    void stop(JobId id, Duration grace);

    Optional<JobStatus> status(JobId id);

    /** Every job that this backend knows, those that are down included until they are forgotten. */
    Collection<JobStatus> jobs();

    /** Drops what is kept of a job that is down; a job that is not down, or unknown, is left alone. */
    void forget(JobId id);

    /**
     * Delivers what happens from now on, to all jobs. What jobs wrote that survived a restart, and that nobody was told yet,
     * waits for the first listener.
     */
    Subscription watch(JobListener listener);

    /**
     * Sends a signal to the job's main process.
     *
     * @param number such as 15 for SIGTERM; 0 sends nothing
     * @throws FlynnException {@code UNSUPPORTED}, or {@code OBJECT_NOT_FOUND} if the job does not run
     */
    default void signal(JobId id, int number) {
        throw FlynnException.unsupported("signal");
    }

    /**
     * The standard input of a job whose spec asks for it, or for a terminal; closing it is end of file. What is written goes on
     * its way at once, without {@code flush}, and writing waits for a job that does not read.
     *
     * @throws FlynnException {@code UNSUPPORTED}, or {@code OBJECT_NOT_FOUND} if the job does not run or has no open standard
     *     input
     */
    default OutputStream stdin(JobId id) {
        throw FlynnException.unsupported("stdin");
    }

    /** @throws FlynnException {@code UNSUPPORTED}, or {@code OBJECT_NOT_FOUND} if the job does not run on a terminal */
    default void resize(JobId id, TerminalSize size) {
        throw FlynnException.unsupported("resize");
    }

    /**
     * Runs a command inside a running job: with the environment that the job was started with, in its working directory, on
     * its root file system, as its user, with nothing on its standard input. Waits until the command ended, and no process
     * of it is left then. Commands of one job may run at the same time.
     *
     * @param command a program, which is looked for in the job's {@code PATH} unless it has a slash, and its arguments
     * @param timeout after this the command is killed
     * @throws FlynnException {@code UNSUPPORTED}, {@code VALIDATION} if the command is empty, {@code OBJECT_NOT_FOUND} if the
     *     job does not run or ends meanwhile, {@code SERVICE_UNAVAILABLE} if the machine cannot run it now
     */
    default ExecResult exec(JobId id, List<String> command, Duration timeout) {
        throw FlynnException.unsupported("exec");
    }

    /** Releases what this backend opened; jobs that survive a restart keep running, others are ended (CB-6). */
    @Override
    void close();
}
