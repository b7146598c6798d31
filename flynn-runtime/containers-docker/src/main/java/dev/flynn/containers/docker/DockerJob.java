package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.api.model.ContainerConfig;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Artifact;
import dev.flynn.spi.container.ExecResult;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
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

    /** So little output fits into the engine's log even if all its lines are empty. */
    private static final long NEVER_ROTATED = 256 * 1024;

    private final Surroundings around;
    private final JobSpec spec;
    private final JobDirectory directory;
    private final Mailbox mailbox;
    private final CountDownLatch down = new CountDownLatch(1);
    private final Object lock = new Object();

    private volatile JobStatus status;
    private volatile @Nullable String container;
    private volatile long mainProcess;
    private volatile @Nullable JobInput input;
    private volatile boolean abandoned;
    private @Nullable OutputProgress progress;
    private volatile long life;
    private boolean stopWanted;
    private boolean killWanted;
    private @Nullable Thread starting;

    DockerJob(Surroundings around, JobSpec spec, JobStatus status) {
        this.around = around;
        this.spec = spec;
        this.directory = JobDirectory.of(around.jobs(), spec.id());
        this.mailbox = new Mailbox(around.workers());
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
        synchronized (lock) {
            starting = Thread.currentThread();
        }
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
            synchronized (lock) {
                starting = null;
            }
        }
    }

    /** False if the engine is away and may be back. */
    private boolean attempt(boolean known, boolean lastTime) throws InterruptedException {
        try {
            requireWanted();
            openProgress();
            Optional<InspectContainerResponse> found = known ? find() : Optional.empty();
            if (found.isPresent() && !isFresh(found.get())) {
                adopt(found.get());
            } else if (known && status.state() == JobStatus.State.RUNNING) {
                conclude(lost());
            } else {
                launch(found);
            }
        } catch (NotWanted e) {
            conclude(notStarted());
        } catch (IOException | RuntimeException e) {
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

    private static final class NotWanted extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private void requireWanted() throws NotWanted {
        synchronized (lock) {
            if (stopWanted || killWanted) {
                throw new NotWanted();
            }
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

    private void openProgress() throws IOException {
        if (ContainerPlan.keepsOutput(spec) && progress == null) {
            progress = OutputProgress.open(directory.progress());
        }
    }

    private Optional<InspectContainerResponse> find() throws InterruptedException {
        return insist(() -> {
            try {
                return Optional.of(around.engine()
                        .ask(client -> client.inspectContainerCmd(Labels.containerName(spec.id()))
                                .exec()));
            } catch (NotFoundException absent) {
                return Optional.<InspectContainerResponse>empty();
            }
        });
    }

    private static boolean isFresh(InspectContainerResponse found) {
        return "created".equals(found.getState().getStatus())
                || "configured".equals(found.getState().getStatus())
                || "initialized".equals(found.getState().getStatus());
    }

    private static boolean isRunning(InspectContainerResponse found) {
        return Boolean.TRUE.equals(found.getState().getRunning());
    }

    private void launch(Optional<InspectContainerResponse> made) throws IOException, InterruptedException, NotWanted {
        String address = made.isPresent() ? takeOver(made.get()) : make();
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
                removeContainer();
                address = make();
            }
        }
    }

    private void begin(String address) throws InterruptedException, NotWanted {
        EngineConnection connection = insist(this::attach);
        try {
            requireWanted();
            var unused = insist(this::startContainer);
            run(connection, address);
        } catch (RuntimeException | InterruptedException | NotWanted e) {
            connection.close();
            throw e;
        }
    }

    private String takeOver(InspectContainerResponse found) {
        container = found.getId();
        Map<String, String> labels = found.getConfig().getLabels();
        if (labels == null || !around.labels().data().equals(labels.get(Labels.DATA))) {
            throw new IllegalStateException(
                    "the engine has a container " + Labels.containerName(spec.id()) + " that belongs to another host");
        }
        String address = labels.getOrDefault(Labels.ADDRESS, around.settings().address());
        if (!hostNetwork()) {
            around.network().ifPresent(network -> network.addresses().keep(spec.id(), address));
        }
        return address;
    }

    private boolean hostNetwork() {
        return spec.hostNetwork() || around.network().isEmpty();
    }

    /** Makes the container; the answer is its address. */
    private String make() throws IOException, InterruptedException, NotWanted {
        HostImages.Prepared prepared = prepare();
        requireWanted();
        List<Mount> mounts = new ArrayList<>(prepared.mounts());
        mounts.addAll(mounts());
        around.hostImages().home(prepared.spec(), mounts, directory.copies()).ifPresent(mounts::add);
        requireWanted();
        String address = hostNetwork()
                ? around.settings().address()
                : around.network().orElseThrow().addresses().lease(spec.id());
        try {
            container = create(prepared, mounts, address);
            return address;
        } catch (ConflictException madeBefore) {
            InspectContainerResponse found = find().orElseThrow(() -> madeBefore);
            if (!hostNetwork()) {
                around.network().orElseThrow().addresses().release(spec.id());
            }
            return takeOver(found);
        }
    }

    private HostImages.Prepared prepare() throws IOException, InterruptedException {
        return spec.image().type().equals(Artifact.HOST)
                ? around.hostImages().prepare(spec, this::say)
                : new HostImages.Prepared(around.images().resolve(spec.image(), this::say), spec, List.of());
    }

    private String create(HostImages.Prepared prepared, List<Mount> mounts, String address)
            throws IOException, InterruptedException {
        String image = prepared.image();
        if (spec.tty().isEmpty() || around.engine().sizesTerminals()) {
            return create(prepared.spec(), image, mounts, address);
        }
        ContainerConfig config = insist(() -> around.engine()
                .ask(client -> client.inspectImageCmd(image).exec().getConfig()));
        String sized = create(TerminalStart.sizedFirst(prepared.spec(), config), image, mounts, address);
        if (TerminalStart.hasShell(around.engine(), sized)) {
            return sized;
        }
        Containers.remove(around.engine(), sized);
        return create(prepared.spec(), image, mounts, address);
    }

    private String create(JobSpec asRun, String image, List<Mount> mounts, String address) throws InterruptedException {
        var plan = new ContainerPlan(
                asRun,
                image,
                mounts,
                hostNetwork()
                        ? DockerSettings.HOST_NETWORK
                        : around.network().orElseThrow().name(),
                address,
                around.labels().of(spec.id(), address),
                around.settings(),
                around.engine().isPodman(),
                around.engine().sizesTerminals());
        return insist(() -> around.engine().ask(client -> {
            var command = client.createContainerCmd(plan.image());
            plan.fill(command);
            return command.exec().getId();
        }));
    }

    private List<Mount> mounts() throws IOException {
        List<Mount> wanted = new ArrayList<>(around.files().open(spec));
        wanted.addAll(spec.mounts());
        List<Mount> mounts = new ArrayList<>();
        for (Mount mount : wanted) {
            if (!Files.exists(Path.of(mount.source()))) {
                throw new IOException("there is no " + mount.source() + " to mount at " + mount.destination());
            }
            mounts.add(
                    mount.access() == Mount.Access.PRIVATE_COPY
                            ? new Mount(
                                    PrivateCopies.open(directory.copies(), mounts.size(), Path.of(mount.source()))
                                            .toString(),
                                    mount.destination(),
                                    Mount.Access.READ_WRITE)
                            : mount);
        }
        return mounts;
    }

    private boolean startContainer() {
        try {
            around.engine().tell(client -> client.startContainerCmd(id()).exec());
        } catch (NotModifiedException startedBefore) {
            log.atDebug().addKeyValue("job", spec.id()).log("was started already");
        }
        return true;
    }

    private void run(EngineConnection connection, String address) throws InterruptedException {
        InspectContainerResponse.ContainerState state = insist(this::inspect).getState();
        mainProcess = state.getPidLong() == null ? 0 : state.getPidLong();
        life = around.watch().life();
        spec.tty().ifPresent(this::resizeQuietly);
        change(status.running(address, now()));
        follow(connection, !around.engine().isPodman()); // podman drops a reader that is slower than the job
        sendWhatWasWanted();
    }

    /** Its container was started by an earlier backend. */
    private void adopt(InspectContainerResponse found) throws InterruptedException {
        String address = takeOver(found);
        Long pid = found.getState().getPidLong();
        mainProcess = pid == null ? 0 : pid;
        life = around.watch().life();
        if (status.state() == JobStatus.State.STARTING) {
            change(status.running(address, now()));
        }
        sendWhatWasWanted();
        reconnect(found); // podman answers only when there is something in the log
    }

    // ---- its output

    private EngineConnection attach() {
        boolean open = spec.stdin() || spec.tty().isPresent();
        return around.engine()
                .upgrade("/containers/" + id() + "/attach?stream=1&stdout=1&stderr=1" + (open ? "&stdin=1" : ""), "");
    }

    private EngineConnection log(boolean follow) {
        return around.engine().stream("/containers/" + id() + "/logs?stdout=1&stderr=1" + (follow ? "&follow=1" : ""));
    }

    private void follow(EngineConnection connection, boolean complete) {
        if (spec.stdin() || spec.tty().isPresent()) {
            input = new JobInput(connection.channel(), spec.tty().isPresent());
        }
        begin(connection, new Attached(complete));
    }

    private void begin(EngineConnection connection, Output output) {
        output.reading = around.loop().read(connection, output);
    }

    /** Goes on with the output of a container that may have ended, from where it was delivered to. */
    private void reconnect(InspectContainerResponse found) throws InterruptedException {
        boolean running = isRunning(found);
        OutputProgress delivered = progress;
        if (delivered != null) {
            Map<OutputStreamKind, Long> from = positions(delivered);
            begin(insist(() -> log(running)), new Logged(!running, from));
        } else if (running) {
            follow(insist(this::attach), true);
        } else {
            concludeWith(found);
        }
    }

    /** How much of each stream of the engine's log was delivered; the log may have lost its beginning. */
    private Map<OutputStreamKind, Long> positions(OutputProgress delivered) throws InterruptedException {
        Map<OutputStreamKind, OutputProgress.Position> known = new EnumMap<>(OutputStreamKind.class);
        for (OutputStreamKind kind : List.of(OutputStreamKind.STDOUT, OutputStreamKind.STDERR)) {
            known.put(kind, delivered.of(kind));
        }
        if (known.values().stream().mapToLong(OutputProgress.Position::count).sum() <= NEVER_ROTATED) {
            Map<OutputStreamKind, Long> counts = new EnumMap<>(OutputStreamKind.class);
            known.forEach((kind, position) -> counts.put(kind, position.count()));
            return counts;
        }
        var search = insist(() -> {
            var fresh = new LogSearch(known);
            readLog(fresh);
            return fresh;
        });
        if (search.hasGap()) {
            say("some output of the job was lost while its host was away: it wrote more than is kept");
        }
        return search.delivered();
    }

    private void readLog(FrameDecoder.Frames entries) {
        var decoder = new FrameDecoder();
        FrameDecoder.Frames repaired = repaired(entries);
        try (EngineConnection connection = log(false)) {
            decoder.decode(connection.received(), repaired);
            ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
            while (connection.channel().read(buffer) >= 0) {
                decoder.decode(buffer.flip(), repaired);
                buffer.clear();
            }
        } catch (IOException e) {
            throw new EngineAwayException("the engine's log broke off", e);
        }
    }

    private FrameDecoder.Frames repaired(FrameDecoder.Frames entries) {
        return around.engine().isPodman() ? entries : new LogRepair(entries);
    }

    /** What comes on one connection. */
    private abstract class Output implements StreamLoop.Sink {

        /** Whether all has come when this ends, if the engine was there all the time. */
        private final boolean complete;

        private final long life = around.watch().life();
        private volatile StreamLoop.@Nullable Reading reading;

        Output(boolean complete) {
            this.complete = complete;
        }

        @Override
        public boolean take(ByteBuffer bytes) {
            decode(bytes);
            return mailbox.hasRoomOr(() -> {
                StreamLoop.Reading waiting = reading;
                if (waiting != null) {
                    waiting.resume();
                }
            });
        }

        abstract void decode(ByteBuffer bytes);

        @Override
        public void ended() {
            boolean all = complete && life == around.watch().life();
            onWorker(() -> settle(all));
        }
    }

    private final class Attached extends Output {

        private final FrameDecoder decoder = new FrameDecoder();

        Attached(boolean complete) {
            super(complete);
        }

        @Override
        void decode(ByteBuffer bytes) {
            if (spec.tty().isPresent()) {
                byte[] raw = new byte[bytes.remaining()];
                bytes.get(raw);
                deliver(OutputStreamKind.STDOUT, raw, true);
            } else {
                decoder.decode(bytes, DockerJob.this::deliver);
            }
        }

        /** Once a container ended its engine waits two seconds for its readers and then drops what is left. */
        @Override
        public boolean isUrgent() {
            return mainProcess > 0 && !Files.exists(Path.of("/proc", String.valueOf(mainProcess)));
        }
    }

    private final class Logged extends Output {

        private final FrameDecoder decoder = new FrameDecoder();
        private final FrameDecoder.Frames entries;

        Logged(boolean complete, Map<OutputStreamKind, Long> delivered) {
            super(complete);
            this.entries = repaired(new LogCursor(DockerJob.this::deliver, delivered));
        }

        @Override
        void decode(ByteBuffer bytes) {
            decoder.decode(bytes, entries);
        }

        @Override
        public boolean isUrgent() {
            return false;
        }
    }

    private void deliver(OutputStreamKind kind, byte[] bytes, boolean last) {
        if (bytes.length == 0) {
            return;
        }
        mailbox.add(
                () -> {
                    if (abandoned) {
                        return;
                    }
                    around.listeners().deliver(spec.id(), kind, bytes);
                    note(kind, bytes);
                },
                bytes.length);
    }

    private void note(OutputStreamKind kind, byte[] bytes) {
        try {
            if (progress != null) {
                progress.delivered(kind, bytes);
            }
        } catch (IOException e) {
            log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("cannot note what was delivered");
        }
    }

    /** Something about the job, for its log. */
    private void say(String text) {
        byte[] line = (text + "\n").getBytes(StandardCharsets.UTF_8);
        mailbox.add(() -> around.listeners().deliver(spec.id(), OutputStreamKind.INIT, line));
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
            Optional<InspectContainerResponse> found = engineWillBeBack(this::find);
            if (found.isEmpty()) {
                conclude(lost());
            } else if (isRunning(found.get()) && patience > 0) {
                Thread.sleep(END_PAUSE_MILLIS); // the engine may not know yet that it ended
                settle(complete, patience - 1);
            } else if (isRunning(found.get())) {
                goOnWith(found.get());
            } else if (complete || progress == null) {
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

    /** Goes on with its output, from where it was delivered to once all that was read is delivered. */
    private void goOnWith(InspectContainerResponse found) {
        mailbox.add(() -> onWorker(() -> reconnectOrSettle(found)));
    }

    private void reconnectOrSettle(InspectContainerResponse found) {
        try {
            reconnect(found);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            onWorker(() -> settle(false));
        }
    }

    private void concludeWith(InspectContainerResponse found) {
        ExitState ended = ExitState.of(found.getState());
        if (ended.outOfMemory()) {
            say("a process of the job was killed because the job used more memory than its limit");
        }
        mailbox.add(() -> {
            JobStatus down = ended.noProgram(onlyErrors())
                    .or(() -> ended.unknown(life == around.watch().life(), Machine.boot()))
                    .map(reason -> status.failed(reason, now()))
                    .orElseGet(() -> ended.applyTo(status, now()));
            conclude(down);
        });
    }

    /** What the job wrote to standard error, if that is little and all that it wrote. */
    private String onlyErrors() {
        if (progress == null || progress.of(OutputStreamKind.STDOUT).count() > 0) {
            return "";
        }
        OutputProgress.Position errors = progress.of(OutputStreamKind.STDERR);
        return errors.count() == errors.tail().length ? new String(errors.tail(), StandardCharsets.UTF_8) : "";
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
            if (progress != null) {
                progress.close();
            }
            try {
                removeContainer();
            } catch (EngineAwayException e) {
                onWorker(() -> removeWhenTheEngineIsBack());
            }
            if (!hostNetwork()) {
                around.network().ifPresent(network -> network.addresses().release(spec.id()));
            }
            PrivateCopies.close(directory.copies());
            around.files().close(spec.id());
        } catch (IOException | RuntimeException e) {
            log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("cannot remove all that a job left");
        }
    }

    private void removeWhenTheEngineIsBack() {
        try {
            engineWillBeBack(() -> {
                removeContainer();
                return true;
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException | RuntimeException e) {
            log.atWarn().addKeyValue("job", spec.id()).setCause(e).log("cannot remove the container of a job");
        }
    }

    private void removeContainer() {
        String id = container;
        Containers.remove(around.engine(), id == null ? Labels.containerName(spec.id()) : id);
        container = null;
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
            if (starting != null && status.state() == JobStatus.State.STARTING) {
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
                    around.engine()
                            .tell(client -> client.killContainerCmd(id())
                                    .withSignal(String.valueOf(signal))
                                    .exec());
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
        return new CommandRun(around.engine(), id(), mainProcess, this::goesOn).run(command, timeout);
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
            around.engine()
                    .tell(client -> client.killContainerCmd(id())
                            .withSignal(String.valueOf(number))
                            .exec());
        } catch (ConflictException | NotFoundException ended) {
            throw notRunning();
        } catch (EngineAwayException e) {
            throw FlynnException.unavailable(Engine.reason(e), e);
        }
    }

    OutputStream stdin() {
        requireRunning();
        JobInput open = input;
        if (open == null) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no standard input");
        }
        return open;
    }

    void resize(TerminalSize size) {
        requireRunning();
        if (spec.tty().isEmpty()) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + spec.id() + " has no terminal");
        }
        try {
            resizeNow(size);
        } catch (ConflictException | NotFoundException ended) {
            throw notRunning();
        } catch (EngineAwayException e) {
            throw FlynnException.unavailable(Engine.reason(e), e);
        }
    }

    private void resizeQuietly(TerminalSize size) {
        try {
            resizeNow(size);
        } catch (RuntimeException e) {
            log.atDebug().addKeyValue("job", spec.id()).setCause(e).log("cannot size the terminal of a job");
        }
    }

    private void resizeNow(TerminalSize size) {
        around.engine()
                .tell(client -> client.resizeContainerCmd(id())
                        .withSize(size.lines(), size.columns())
                        .exec());
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
        synchronized (lock) {
            if (starting != null) {
                starting.interrupt();
            }
        }
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

    private InspectContainerResponse inspect() {
        return around.engine().ask(client -> client.inspectContainerCmd(id()).exec());
    }

    private String id() {
        String id = container;
        return id == null ? Labels.containerName(spec.id()) : id;
    }

    JobId jobId() {
        return spec.id();
    }

    private java.time.Instant now() {
        return around.clock().instant();
    }

    /** Repeats a step of the start while the engine is away, for some time. */
    private <T> T insist(java.util.function.Supplier<T> step) throws InterruptedException {
        long end = System.nanoTime() + ENGINE_PATIENCE.toNanos();
        return around.engine().persist(step, () -> !abandoned && System.nanoTime() < end);
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
