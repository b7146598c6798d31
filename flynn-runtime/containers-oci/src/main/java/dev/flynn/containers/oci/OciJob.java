package dev.flynn.containers.oci;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.ExecResult;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job. Its start is one task; after that nothing of it runs in this process until its files change: then its output is
 * delivered, and its end, by one task at a time.
 */
final class OciJob {

    private static final Logger log = LoggerFactory.getLogger(OciJob.class);

    private static final JobSpec.Image NO_IMAGE = new JobSpec.Image("", "");
    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;
    private static final int MAX_SIGNAL = 64;
    private static final int SIGNALLED = 128;
    private static final Duration INIT_PAUSE = Duration.ofMillis(2);
    private static final int INIT_ATTEMPTS = 1000;

    private final OciHost host;
    private final JobSpec spec;
    private final JobDirectory directory;
    private final String controlGroup;
    private final Commands commands;
    private final Object lock = new Object();

    private volatile JobStatus status;
    private volatile boolean monitorMayBeLost;

    /** Whether somebody tells when the monitor ends. */
    private volatile boolean watched;

    // guarded by lock

    private boolean stopWanted;
    private boolean killWanted;
    private @Nullable Thread preparing;
    private @Nullable ProcessHandle init;
    private @Nullable AttachInput input;

    /** Output and end are delivered from now on. */
    private boolean followed;

    /** It waits for somebody who listens. */
    private boolean recovered;

    private boolean delivering;
    private boolean changedMeanwhile;

    /** Only the task that delivers uses it, and whoever looks at how much is left. */
    private volatile @Nullable JobOutput output;

    private final Throttle throttle;

    /** Of the task that delivers. */
    private final InitFailure initFailure = new InitFailure();

    OciJob(OciHost host, JobSpec spec, Instant acceptedAt) {
        this.host = host;
        this.spec = spec;
        this.directory = JobDirectory.of(host.layout(), spec.id());
        this.controlGroup = host.controlGroupOf(spec);
        this.throttle = new Throttle(directory);
        this.commands = new Commands(host, spec.id(), directory, controlGroup);
        this.status = JobStatus.starting(spec.id(), acceptedAt);
    }

    /** A job of an earlier process that is down already. */
    static OciJob down(OciHost host, JobStatus ended) {
        var job = new OciJob(host, JobSpec.builder(ended.id(), NO_IMAGE).build(), ended.createdAt());
        job.status = ended;
        return job;
    }

    JobStatus status() {
        return status;
    }

    // start

    /** Writes down that the job was accepted; a restart from now on knows it. If that fails, nothing of it is left. */
    void accept() throws IOException {
        Files.createDirectory(directory.path());
        var accepted = new AcceptedJob(spec, status.createdAt(), host.boot());
        try {
            Trees.write(directory.accepted(), host.json().writeBytes(accepted));
        } catch (IOException e) {
            Trees.delete(directory.path());
            throw e;
        }
    }

    /** The job that was accepted survives the loss of power from now on. */
    void sync() throws IOException {
        Trees.sync(directory.accepted(), directory.path(), directory.layout().jobs());
    }

    /** Starts the job that was accepted. */
    void start() {
        tell(status);
        startOrEnd();
    }

    private void startOrEnd() {
        JobStatus ended = null;
        try {
            ended = launchInSpiteOfKills();
        } catch (InterruptedException e) {
            ended = stoppedBefore().orElse(null);
            if (ended == null) {
                Thread.currentThread().interrupt(); // the backend closes
            }
        } catch (IOException | RuntimeException e) {
            if (host.isClosing()) {
                log.atDebug().addKeyValue("job", spec.id()).setCause(e).log("the start is left for the next process");
                return;
            }
            ended = stoppedBefore().orElseGet(() -> status.failed(message(e), host.now()));
        }
        if (ended != null) {
            end(ended);
        }
    }

    /** Once more if the process was killed that was to make the container; it may have made it. */
    private @Nullable JobStatus launchInSpiteOfKills() throws IOException, InterruptedException {
        try {
            return launch();
        } catch (Starter.GoneException killed) {
            log.atWarn().addKeyValue("job", spec.id()).setCause(killed).log("a job is started again");
            host.conmon().starter().prepare();
            forgetContainer();
            return launch();
        }
    }

    /** Leaves nothing but that the job was accepted. */
    private void forgetContainer() throws IOException {
        Conmon.killCreation(spec.id());
        host.killContainer(directory, controlGroup);
        directory.reset();
    }

    /** The status with which the job ended before it began; null if it runs. */
    private @Nullable JobStatus launch() throws IOException, InterruptedException {
        synchronized (lock) {
            preparing = Thread.currentThread();
        }
        Preparation.Prepared prepared;
        Turns.Turn turn;
        try {
            if (stoppedBefore().isPresent()) {
                return stoppedBefore().get();
            }
            prepared = host.preparation().prepare(spec, directory, controlGroup);
            turn = host.creations().take();
        } finally {
            synchronized (lock) {
                preparing = null;
                if (stopWanted || killWanted) {
                    var unused = Thread.interrupted(); // it was ours, from stop
                }
            }
        }
        try (turn) {
            return create(prepared);
        }
    }

    private @Nullable JobStatus create(Preparation.Prepared prepared) throws IOException, InterruptedException {
        if (stoppedBefore().isPresent()) {
            return stoppedBefore().get();
        }
        Conmon.Created container = host.conmon().create(spec, directory);
        watch(container.conmon());
        if (stoppedBefore().isPresent()) {
            return stoppedBefore().get();
        }
        Started started = new Started(host.now(), prepared.address());
        Trees.write(directory.started(), host.json().writeBytes(started));
        container.release();
        run(container.pid(), started);
        return null;
    }

    /** Somebody tells when the monitor ends, for as long as he is there himself. */
    private void watch(Starter.Monitor monitor) {
        watched = true;
        var unused = monitor.ended().whenComplete((ended, nobodyTells) -> {
            if (nobodyTells == null) {
                monitorEnded();
            } else {
                watched = false;
            }
        });
    }

    /** How it ended if it was stopped before it began. */
    private Optional<JobStatus> stoppedBefore() {
        synchronized (lock) {
            if (!stopWanted && !killWanted) {
                return Optional.empty();
            }
            return Optional.of(status.signalled(killWanted ? SIGKILL : SIGTERM, host.now()));
        }
    }

    private void run(long pid, Started started) throws IOException {
        output = new JobOutput(directory.log(), directory.position(), directory.control(), JobOutput.ROTATE_BYTES);
        synchronized (lock) {
            init = ProcessHandle.of(pid).orElse(null);
        }
        tell(status.running(started.address(), started.at()));
        follow();
        sendWhatWasWanted();
    }

    // after a restart

    /** Finds out what became of a job that an earlier process had accepted; nothing is told to anybody yet. */
    void recover(boolean monitored) throws IOException, InterruptedException {
        synchronized (lock) {
            recovered = true;
        }
        Optional<Started> started =
                JobDirectory.text(directory.started()).map(text -> host.json().read(text, Started.class));
        OptionalLong pid = JobDirectory.number(directory.containerPid());
        if (started.isEmpty() || pid.isEmpty()) {
            forgetContainer();
            return;
        }
        output = new JobOutput(directory.log(), directory.position(), directory.control(), JobOutput.ROTATE_BYTES);
        status = status.running(started.get().address(), started.get().at());
        if (directory.exitStatus().isPresent()) {
            return;
        }
        if (!monitored) {
            host.killContainer(directory, controlGroup);
            monitorMayBeLost = true;
            return;
        }
        host.controlGroups().endWithin(controlGroup);
        throttle.adopt();
        synchronized (lock) {
            init = ProcessHandle.of(pid.getAsLong()).orElse(null);
        }
        Gate.openAgain(directory, pid.getAsLong());
    }

    /** Its container cannot be there any more; nobody listens yet. */
    void lost(String reason) {
        end(status.failed(reason, host.now()));
    }

    /** Goes on with a job that was recovered, now that somebody listens. Only the first call does something. */
    void resume() {
        synchronized (lock) {
            if (!recovered) {
                return;
            }
            recovered = false;
        }
        if (status.state() == JobStatus.State.RUNNING) {
            follow();
        } else if (!status.isDown()) {
            startOrEnd();
        }
    }

    /** To be called now and then: nobody tells when the monitor ends that an earlier process started. */
    void checkMonitor() {
        if (!watched && status.state() == JobStatus.State.RUNNING) {
            monitorEnded();
        }
    }

    /** The container may have ended with its monitor, or the monitor alone. Returns at once. */
    private void monitorEnded() {
        monitorMayBeLost = true;
        changed();
    }

    // output and end

    private void follow() {
        synchronized (lock) {
            followed = true;
        }
        changed();
    }

    /** Something was written, or the container ended. Returns at once. */
    void changed() {
        synchronized (lock) {
            if (!followed) {
                return;
            }
            if (delivering) {
                changedMeanwhile = true;
            } else {
                delivering = true;
                host.soon(this::deliver);
                return;
            }
        }
        JobOutput behind = output;
        if (behind != null && throttle.isWanted(behind)) {
            host.soon(() -> {
                throttle.pause();
                changed();
            });
        }
    }

    private void deliver() {
        while (true) {
            synchronized (lock) {
                changedMeanwhile = false;
            }
            boolean ended = deliverOnce();
            synchronized (lock) {
                if (ended || !changedMeanwhile || host.isClosing()) {
                    delivering = false;
                    if (ended) {
                        followed = false;
                    }
                    break;
                }
            }
        }
    }

    /** True once the job is down. */
    private boolean deliverOnce() {
        try {
            boolean containerEnded = directory.exitStatus().isPresent();
            boolean monitorLost = !containerEnded && monitorMayBeLost && host.isMonitorLost(directory);
            if (containerEnded) {
                commands.containerEnded();
            }
            JobOutput source = output;
            if (source != null) {
                source.deliver((stream, bytes) -> {
                    initFailure.note(stream, bytes);
                    host.deliver(spec.id(), stream, bytes);
                    return !host.isClosing();
                });
                throttle.resume();
            }
            if (host.isClosing()) {
                return false;
            }
            if (containerEnded || monitorLost) {
                end(ended());
                return true;
            }
            return false;
        } catch (IOException | RuntimeException e) {
            log.atError().addKeyValue("job", spec.id()).setCause(e).log("the output of a job is lost");
            if (directory.exitStatus().isEmpty()) {
                return false;
            }
            end(ended());
            return true;
        }
    }

    private JobStatus ended() {
        Optional<Integer> exit = directory.exitStatus();
        if (exit.isEmpty()) {
            return status.failed("its monitor, a process conmon, was killed", host.now());
        }
        if (host.controlGroups().outOfMemoryKills(controlGroup) > 0) {
            String text = "killed: out of memory, limit %s\n".formatted(memoryLimit());
            host.deliver(spec.id(), OutputStreamKind.INIT, text.getBytes(StandardCharsets.UTF_8));
        }
        int number = exit.get();
        Optional<String> failure = initFailure.of(number);
        if (failure.isPresent()) {
            return status.failed(failure.get(), host.now());
        }
        return number > SIGNALLED && number <= SIGNALLED + MAX_SIGNAL
                ? status.signalled(number - SIGNALLED, host.now())
                : status.exited(number, host.now());
    }

    private String memoryLimit() {
        ResourceLimit limit = spec.resources().get(ResourceLimit.MEMORY);
        return limit == null || limit.limit().isEmpty()
                ? "of the host"
                : (limit.limit().getAsLong() >> 20) + " MB";
    }

    /** Leaves nothing of the job, then tells. */
    private void end(JobStatus ended) {
        try {
            Trees.write(directory.down(), host.json().writeBytes(ended));
        } catch (IOException e) {
            log.atError().addKeyValue("job", spec.id()).setCause(e).log("cannot write down how the job ended");
        }
        commands.end();
        AttachInput open;
        synchronized (lock) {
            open = input;
            input = null;
            init = null;
        }
        if (open != null) {
            open.close();
        }
        cleanUp();
        tell(ended);
    }

    private void cleanUp() {
        JobOutput source = output;
        try {
            if (source != null) {
                source.close();
            }
            host.cleanUp(spec.id(), directory, controlGroup);
        } catch (IOException | RuntimeException e) {
            log.atWarn()
                    .addKeyValue("job", spec.id())
                    .setCause(e)
                    .log("something of the job is left until the next start");
        }
    }

    // what is asked of it

    /** Also before the process runs: then it is ended as soon as it does. */
    void stop(Duration grace) {
        if (status.isDown()) {
            return;
        }
        synchronized (lock) {
            if (grace.isZero()) {
                killWanted = true;
            } else {
                stopWanted = true;
            }
            if (preparing != null) {
                preparing.interrupt();
            }
        }
        sendWhatWasWanted();
        resume();
        if (!grace.isZero()) {
            host.later(grace, () -> stop(Duration.ZERO));
        }
    }

    private void sendWhatWasWanted() {
        synchronized (lock) {
            if (init == null) {
                return;
            }
            if (killWanted) {
                init.destroyForcibly();
            } else if (stopWanted) {
                terminate(INIT_ATTEMPTS);
            }
        }
    }

    /** The main process gets the signal itself: before it is there, its init would not listen. */
    private void terminate(int attempts) {
        ProcessHandle container;
        synchronized (lock) {
            container = init;
        }
        if (container == null) {
            return;
        }
        OptionalLong main = Proc.firstChild(container.pid());
        if (main.isPresent()) {
            ProcessHandle.of(main.getAsLong()).ifPresent(ProcessHandle::destroy);
        } else if (attempts == 0) {
            container.destroy(); // a kernel that does not tell children; the init passes it on
        } else if (container.isAlive()) {
            host.later(INIT_PAUSE, () -> terminate(attempts - 1));
        }
    }

    void signal(int number) {
        if (number < 0 || number > MAX_SIGNAL) {
            throw FlynnException.invalid("there is no signal %d; signals are 1 to %d".formatted(number, MAX_SIGNAL));
        }
        ProcessHandle container;
        synchronized (lock) {
            container = init;
        }
        if (container == null) {
            throw doesNotRun();
        }
        long main = Proc.firstChild(container.pid()).orElse(container.pid());
        Shell.signal(String.valueOf(number), List.of(main));
    }

    void resize(TerminalSize size) {
        if (spec.tty().isEmpty()) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no terminal");
        }
        try {
            Control.send(directory.control(), Control.resize(size));
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot resize the terminal of job " + spec.id(), e);
        }
    }

    OutputStream stdin() {
        if (!spec.stdin() && spec.tty().isEmpty()) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no standard input");
        }
        synchronized (lock) {
            if (init == null) {
                throw doesNotRun();
            }
            AttachInput open = input;
            if (open == null) {
                open = AttachInput.open(directory.path());
                input = open;
            }
            return open.stream();
        }
    }

    ExecResult exec(List<String> command, Duration timeout) {
        return commands.run(command, timeout);
    }

    private FlynnException doesNotRun() {
        return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " does not run");
    }

    private void tell(JobStatus next) {
        status = next;
        host.tell(next);
    }

    private static String message(Throwable failure) {
        String message = failure.getMessage();
        return message == null ? failure.toString() : message;
    }

    /** Written before the main process is released. */
    record Started(Instant at, String address) {}
}
