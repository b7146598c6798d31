package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ExecResult;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One job and its container.
 *
 * <p>A worker makes and starts the container; from then on the job costs no thread. Its output comes on one connection, whose
 * end says that the container may have ended; then a worker asks the engine, and goes on reading or ends the job. Every step
 * can be repeated, which is what the next backend on the same directory does if this one is killed.
 */
final class DockerJob {

    private static final Logger log = LoggerFactory.getLogger(DockerJob.class);

    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;
    private static final int MAX_SIGNAL = 64;
    private static final int ADDRESSES_TRIED = 8;
    /** Docker's words and podman's, of what others gave to a container of theirs. */
    private static final Pattern ADDRESS_TAKEN = Pattern.compile("Address already in use|is already allocated");

    private static final Duration ENGINE_PATIENCE = Duration.ofMinutes(2);
    private static final long PAUSE_MILLIS = 100;
    private static final long END_PAUSE_MILLIS = 20;
    private static final int END_CHECKS = 5;

    private final Surroundings around;
    private final JobSpec spec;
    private final JobDirectory directory;
    private final JobContainer container;
    private final Mailbox mailbox;
    private final JobConsole console;
    private final JobOutput output;
    private final CountDownLatch down = new CountDownLatch(1);
    private final StartingThread starting = new StartingThread();
    private final Object lock = new Object();

    private volatile JobStatus status;
    private volatile long mainProcess;
    private volatile boolean abandoned;
    private volatile long life;
    private boolean stopWanted;
    private boolean killWanted;

    DockerJob(Surroundings around, JobSpec spec, JobStatus status) {
        this.around = around;
        this.spec = spec;
        this.directory = JobDirectory.of(around.jobs(), spec.id());
        this.mailbox = new Mailbox(around.workers());
        this.console = new JobConsole(spec.id(), mailbox, around.listeners());
        this.container = new JobContainer(around, spec, directory, console, starting, () -> abandoned);
        this.output = new JobOutput(
                around,
                spec,
                directory,
                container,
                mailbox,
                console,
                complete -> onWorker(() -> settle(complete)),
                () -> abandoned);
        this.status = status;
        if (status.isDown()) {
            down.countDown();
        }
    }

    JobStatus status() {
        return status;
    }

    JobSpec spec() {
        return spec;
    }

    // ---- the beginning

    /** Starts a job that was accepted just now. */
    void start() {
        mailbox.add(() -> around.listeners().tell(status));
        bringUp(false);
    }

    /** What it did while nobody was here waits for the first listener, or for whoever stops it unheard. */
    void holdUntilSomebodyListens() {
        mailbox.hold();
        around.listeners().onceThereIsOne(mailbox::release);
    }

    /** Goes on with a job that an earlier backend on this directory had accepted. */
    void resume() {
        bringUp(true);
    }

    private void bringUp(boolean known) {
        starting.begin();
        try {
            long end = System.nanoTime() + ENGINE_PATIENCE.toNanos();
            boolean before = known;
            while (!attempt(before, System.nanoTime() >= end)) {
                if (!before) {
                    log.atInfo().addKeyValue("job", spec.id()).log("a job waits for the engine");
                }
                before = true; // it may be further than it seems
                Thread.sleep(PAUSE_MILLIS);
            }
        } catch (InterruptedException e) {
            interrupted();
        } finally {
            starting.end();
        }
    }

    /** False if the engine is away and may be back. */
    private boolean attempt(boolean known, boolean lastTime) throws InterruptedException {
        try {
            requireWanted();
            output.open();
            Optional<InspectContainerResponse> found = known ? container.find() : Optional.empty();
            if (found.isPresent() && !JobContainer.isFresh(found.get())) {
                adopt(found.get());
            } else if (known && status.state() == JobStatus.State.RUNNING) {
                conclude(lost());
            } else {
                launch(found);
            }
        } catch (JobContainer.NotWanted e) {
            conclude(notStarted());
        } catch (IOException | RuntimeException e) {
            if (wasStoppedBeforeItBegan()) {
                boolean unused =
                        Thread.interrupted(); // as stop does it, which a client of the engine tells in its own way
                conclude(notStarted());
                return true;
            }
            if (e instanceof EngineAwayException
                    && !abandoned
                    && (!lastTime || status.state() == JobStatus.State.RUNNING)) {
                return false;
            }
            if (!abandoned) {
                log.atInfo().addKeyValue("job", spec.id()).setCause(e).log("a job cannot be started");
                conclude(status.failed(Engine.reason(e), now()));
            }
        }
        return true;
    }

    private void requireWanted() throws JobContainer.NotWanted {
        synchronized (lock) {
            if (stopWanted || killWanted) {
                throw new JobContainer.NotWanted();
            }
        }
    }

    private boolean wasStoppedBeforeItBegan() {
        synchronized (lock) {
            return !abandoned && (stopWanted || killWanted) && status.state() == JobStatus.State.STARTING;
        }
    }

    private void interrupted() {
        synchronized (lock) {
            if (abandoned || (!stopWanted && !killWanted)) {
                Thread.currentThread().interrupt();
                return; // the next backend goes on from here
            }
        }
        conclude(notStarted());
    }

    private JobStatus notStarted() {
        synchronized (lock) {
            return status.signalled(killWanted ? SIGKILL : SIGTERM, now());
        }
    }

    private JobStatus lost() {
        return status.failed("its container was removed, and not by this host", now());
    }

    private void launch(Optional<InspectContainerResponse> made)
            throws IOException, InterruptedException, JobContainer.NotWanted {
        String address = made.isPresent() ? container.takeOver(made.get()) : container.make(this::requireWanted);
        for (int attempt = 1; ; attempt++) {
            requireWanted();
            try {
                begin(address);
                return;
            } catch (DockerException e) {
                if (attempt == ADDRESSES_TRIED
                        || !ADDRESS_TAKEN.matcher(Engine.reason(e)).find()) {
                    throw e;
                }
                container.remove();
                address = container.make(this::requireWanted);
            }
        }
    }

    private void begin(String address) throws InterruptedException, JobContainer.NotWanted {
        EngineConnection connection = container.insist(container::attach);
        try {
            requireWanted();
            container.start();
            run(connection, address);
        } catch (RuntimeException | InterruptedException | JobContainer.NotWanted e) {
            connection.close();
            throw e;
        }
    }

    private void run(EngineConnection connection, String address) throws InterruptedException {
        InspectContainerResponse.ContainerState state =
                container.insist(container::inspect).getState();
        mainProcess = state.getPidLong() == null ? 0 : state.getPidLong();
        life = around.watch().life();
        spec.tty().ifPresent(this::resizeQuietly);
        change(status.running(address, now()));
        output.follow(
                connection,
                mainProcess,
                !around.engine().isPodman()); // podman drops a reader that is slower than the job
        sendWhatWasWanted();
    }

    /** Its container was started by an earlier backend. */
    private void adopt(InspectContainerResponse found) throws InterruptedException {
        String address = container.takeOver(found);
        Long pid = found.getState().getPidLong();
        mainProcess = pid == null ? 0 : pid;
        life = around.watch().life();
        if (status.state() == JobStatus.State.STARTING) {
            change(status.running(address, now()));
        }
        sendWhatWasWanted();
        resume(found); // podman answers only when there is something in the log
    }

    // ---- the end

    private void settle(boolean complete) {
        settle(complete, END_CHECKS);
    }

    /**
     * Its output ended: so did the job, or the engine went away.
     *
     * @param patience how often to ask again whether the job ended
     */
    private void settle(boolean complete, int patience) {
        if (abandoned) {
            return;
        }
        try {
            Optional<InspectContainerResponse> found = engineWillBeBack(container::find);
            if (found.isEmpty()) {
                conclude(lost());
            } else if (JobContainer.isRunning(found.get()) && patience > 0) {
                Thread.sleep(END_PAUSE_MILLIS); // the engine may not know yet that it ended
                settle(complete, patience - 1);
            } else if (JobContainer.isRunning(found.get())) {
                goOnWith(found.get());
            } else if (complete || !output.isKept()) {
                concludeWith(found.get());
            } else {
                goOnWith(found.get());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (EngineAwayException e) {
            if (!abandoned) {
                onWorker(() -> settle(false));
            }
        } catch (IOException | RuntimeException e) {
            log.atError().addKeyValue("job", spec.id()).setCause(e).log("cannot tell how a job ended");
            conclude(status.failed(Engine.reason(e), now()));
        }
    }

    private void resume(InspectContainerResponse found) throws InterruptedException {
        if (!output.resume(found, mainProcess)) {
            concludeWith(found);
        }
    }

    /** Goes on with its output, from where it was delivered to once all that was read is delivered. */
    private void goOnWith(InspectContainerResponse found) {
        mailbox.add(() -> onWorker(() -> resumeOrSettle(found)));
    }

    private void resumeOrSettle(InspectContainerResponse found) {
        try {
            resume(found);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            onWorker(() -> settle(false));
        }
    }

    private void concludeWith(InspectContainerResponse found) {
        ExitState ended = ExitState.of(found.getState());
        if (ended.outOfMemory()) {
            console.say("a process of the job was killed because the job used more memory than its limit");
        }
        mailbox.add(() -> {
            JobStatus down = ended.noProgram(output.onlyErrors())
                    .or(() -> ended.unknown(life == around.watch().life(), Machine.boot()))
                    .map(reason -> status.failed(reason, now()))
                    .orElseGet(() -> ended.applyTo(status, now()));
            conclude(down);
        });
    }

    /** Ends the job, after all that was read of its output. */
    private void conclude(JobStatus ended) {
        mailbox.add(() -> {
            if (abandoned || status.isDown()) {
                return;
            }
            keep(ended);
            cleanUp();
            status = ended;
            around.listeners().tell(ended);
            down.countDown();
        });
    }

    /** Leaves nothing of the job in the engine or on the host, but what is known of it. */
    void cleanUp() {
        try {
            output.close();
            try {
                container.remove();
            } catch (EngineAwayException e) {
                onWorker(() -> removeWhenTheEngineIsBack());
            }
            container.releaseAddress();
            PrivateCopies.close(directory.copies());
            around.files().close(spec.id());
        } catch (IOException | RuntimeException e) {
            log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("cannot remove all that a job left");
        }
    }

    private void removeWhenTheEngineIsBack() {
        try {
            engineWillBeBack(() -> {
                container.remove();
                return true;
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("cannot remove the container of a job");
        }
    }

    // ---- what is asked of it meanwhile

    void stop(Duration grace) {
        mailbox.release(); // who stops jobs before listening does not want to hear of them
        synchronized (lock) {
            if (grace.isZero()) {
                killWanted = true;
            } else {
                stopWanted = true;
            }
            if (status.state() == JobStatus.State.STARTING) {
                starting.interrupt();
            }
        }
        sendWhatWasWanted();
        if (!grace.isZero() && !status.isDown()) {
            var unused = around.timer().schedule(() -> stop(Duration.ZERO), grace.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    private void sendWhatWasWanted() {
        if (status.state() == JobStatus.State.RUNNING) {
            boolean kill;
            synchronized (lock) {
                kill = killWanted;
                if (!kill && !stopWanted) {
                    return;
                }
            }
            onWorker(() -> send(kill ? SIGKILL : SIGTERM));
        }
    }

    private void send(int signal) {
        try {
            engineWillBeBack(() -> {
                if (!status.isDown()) {
                    container.kill(signal);
                }
                return true;
            });
        } catch (ConflictException | NotFoundException ended) {
            log.atDebug().addKeyValue("job", spec.id()).log("had ended before it was stopped");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            if (!status.isDown() && !abandoned) {
                log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("cannot send a signal to a job");
            }
        }
    }

    ExecResult exec(List<String> command, Duration timeout) {
        if (command.isEmpty()) {
            throw FlynnException.invalid("a command must name a program");
        }
        requireRunning();
        return new CommandRun(around.engine(), container.id(), mainProcess, this::goesOn).run(command, timeout);
    }

    private boolean goesOn() {
        synchronized (lock) {
            return status.state() == JobStatus.State.RUNNING && !killWanted && !abandoned;
        }
    }

    void signal(int number) {
        if (number < 0 || number > MAX_SIGNAL) {
            throw FlynnException.invalid("there is no signal %d; signals are 1 to %d".formatted(number, MAX_SIGNAL));
        }
        requireRunning();
        if (number == 0) {
            return;
        }
        try {
            container.kill(number);
        } catch (ConflictException | NotFoundException ended) {
            throw notRunning();
        } catch (EngineAwayException e) {
            throw FlynnException.unavailable(Engine.reason(e), e);
        }
    }

    OutputStream stdin() {
        requireRunning();
        return output.input()
                .orElseThrow(() ->
                        new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no standard input"));
    }

    void resize(TerminalSize size) {
        requireRunning();
        if (spec.tty().isEmpty()) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no terminal");
        }
        try {
            container.resize(size);
        } catch (ConflictException | NotFoundException ended) {
            throw notRunning();
        } catch (EngineAwayException e) {
            throw FlynnException.unavailable(Engine.reason(e), e);
        }
    }

    private void resizeQuietly(TerminalSize size) {
        try {
            container.resize(size);
        } catch (RuntimeException e) {
            log.atDebug().addKeyValue("job", spec.id()).setCause(e).log("cannot size the terminal of a job");
        }
    }

    private void requireRunning() {
        if (status.state() != JobStatus.State.RUNNING) {
            throw notRunning();
        }
    }

    private FlynnException notRunning() {
        return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " does not run");
    }

    /** The backend is being closed: the container goes on, and nobody is told of it any more. */
    void abandon() {
        abandoned = true;
        starting.interrupt();
    }

    /** Waits until the engine is not within making or starting its container, after which it stays as it is. */
    void awaitAbandoned(Duration patience) throws InterruptedException {
        starting.awaitStep(patience);
    }

    void forget() throws IOException {
        directory.delete();
    }

    // ---- the small parts

    private void change(JobStatus next) {
        status = next;
        mailbox.add(() -> {
            keep(next);
            around.listeners().tell(next);
        });
    }

    private void keep(JobStatus next) {
        try {
            directory.writeStatus(next);
        } catch (IOException e) {
            log.atError().addKeyValue("job", spec.id()).setCause(e).log("cannot keep the status of a job");
        }
    }

    JobId jobId() {
        return spec.id();
    }

    private java.time.Instant now() {
        return around.clock().instant();
    }

    @FunctionalInterface
    private interface Step<T> {
        T run() throws IOException, InterruptedException;
    }

    /** Repeats a step until the engine answers, however long that takes: a job is not dead because its engine is. */
    private <T> T engineWillBeBack(Step<T> step) throws IOException, InterruptedException {
        while (true) {
            try {
                return step.run();
            } catch (EngineAwayException e) {
                if (abandoned) {
                    throw e;
                }
                Thread.sleep(PAUSE_MILLIS);
            }
        }
    }

    private void onWorker(Runnable task) {
        try {
            around.workers().execute(task);
        } catch (RejectedExecutionException closed) {
            log.atDebug().addKeyValue("job", spec.id()).log("the backend is closed");
        }
    }

    boolean awaitDown(Duration patience) throws InterruptedException {
        return down.await(patience.toMillis(), TimeUnit.MILLISECONDS);
    }
}
