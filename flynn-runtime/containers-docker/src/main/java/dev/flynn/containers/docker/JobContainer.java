package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.exception.NotModifiedException;
import com.github.dockerjava.api.model.ContainerConfig;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.release.Artifact;
import dev.flynn.spi.container.Partitions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A job's container in the engine: made, found again, asked and removed. It is named after the job, so that every step can be
 * repeated by whoever has lost the answer to it.
 *
 * <p>What fails because the engine is away is an {@link EngineAwayException}; {@link #insist} waits for it.
 */
final class JobContainer {

    private static final Logger log = LoggerFactory.getLogger(JobContainer.class);

    private static final Duration ENGINE_PATIENCE = Duration.ofMinutes(2);

    private final Surroundings around;
    private final JobSpec spec;
    private final JobDirectory directory;
    private final JobConsole console;
    private final StartingThread starting;
    private final BooleanSupplier isAbandoned;

    private volatile @Nullable String id;

    /**
     * @param console is told what takes long, for the job's log
     * @param starting of this job, which is told what is not to be broken off
     * @param isAbandoned whether nobody waits for the engine any more
     */
    JobContainer(
            Surroundings around,
            JobSpec spec,
            JobDirectory directory,
            JobConsole console,
            StartingThread starting,
            BooleanSupplier isAbandoned) {
        this.around = around;
        this.spec = spec;
        this.directory = directory;
        this.console = console;
        this.starting = starting;
        this.isAbandoned = isAbandoned;
    }

    /** Somebody may have changed his mind while the container is made, which takes long. */
    @FunctionalInterface
    interface Checkpoint {
        void pass() throws NotWanted;
    }

    static final class NotWanted extends Exception {
        private static final long serialVersionUID = 1L;
    }

    // ---- made, or found

    Optional<InspectContainerResponse> find() throws InterruptedException {
        return insist(() -> {
            try {
                return Optional.of(Containers.inspect(around.engine(), Labels.containerName(spec.id())));
            } catch (NotFoundException absent) {
                return Optional.<InspectContainerResponse>empty();
            }
        });
    }

    /** Whether a container was made and never started. */
    static boolean isFresh(InspectContainerResponse found) {
        return "created".equals(found.getState().getStatus())
                || "configured".equals(found.getState().getStatus())
                || "initialized".equals(found.getState().getStatus());
    }

    static boolean isRunning(InspectContainerResponse found) {
        return Boolean.TRUE.equals(found.getState().getRunning());
    }

    /** Takes a container that was made before for this job's; the answer is its address. */
    String takeOver(InspectContainerResponse found) {
        id = found.getId();
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

    /** Makes the container; the answer is its address. */
    String make(Checkpoint wanted) throws IOException, InterruptedException, NotWanted {
        HostImages.Prepared prepared = prepare();
        wanted.pass();
        List<Mount> mounts = new ArrayList<>(prepared.mounts());
        mounts.addAll(wantedMounts());
        around.hostImages().home(prepared.spec(), mounts, directory.copies()).ifPresent(mounts::add);
        wanted.pass();
        String address = hostNetwork()
                ? around.settings().address()
                : around.network().orElseThrow().addresses().lease(spec.id());
        try {
            id = create(prepared, mounts, address);
            return address;
        } catch (ConflictException madeBefore) {
            InspectContainerResponse found = find().orElseThrow(() -> madeBefore);
            releaseAddress();
            return takeOver(found);
        }
    }

    private HostImages.Prepared prepare() throws IOException, InterruptedException {
        return spec.image().type().equals(Artifact.HOST)
                ? around.hostImages().prepare(spec, console::say)
                : new HostImages.Prepared(around.images().resolve(spec.image(), console::say), spec, List.of());
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
        var unused = starting.whole(() -> {
            Containers.remove(around.engine(), sized);
            return true;
        });
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
                around.partitions()
                        .map(parent -> parent + "/" + Partitions.of(spec).wireName()),
                around.settings(),
                around.engine().isPodman(),
                around.engine().sizesTerminals());
        return insist(() -> starting.whole(() -> around.engine().ask(client -> {
            var command = client.createContainerCmd(plan.image());
            plan.fill(command);
            return command.exec().getId();
        })));
    }

    private List<Mount> wantedMounts() throws IOException {
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

    private boolean hostNetwork() {
        return spec.hostNetwork() || around.network().isEmpty();
    }

    // ---- asked

    void start() throws InterruptedException {
        var unused = insist(() -> starting.whole(() -> {
            try {
                around.engine().tell(client -> client.startContainerCmd(id()).exec());
            } catch (NotModifiedException startedBefore) {
                log.atDebug().addKeyValue("job", spec.id()).log("was started already");
            }
            return true;
        }));
    }

    InspectContainerResponse inspect() {
        return Containers.inspect(around.engine(), id());
    }

    void kill(int signal) {
        around.engine()
                .tell(client -> client.killContainerCmd(id())
                        .withSignal(String.valueOf(signal))
                        .exec());
    }

    void resize(TerminalSize size) {
        around.engine()
                .tell(client -> client.resizeContainerCmd(id())
                        .withSize(size.lines(), size.columns())
                        .exec());
    }

    EngineConnection attach() {
        boolean open = spec.stdin() || spec.tty().isPresent();
        return around.engine()
                .upgrade("/containers/" + id() + "/attach?stream=1&stdout=1&stderr=1" + (open ? "&stdin=1" : ""), "");
    }

    /** What it wrote, from the first byte that the engine keeps. */
    EngineConnection output(boolean follow) {
        return around.engine().stream("/containers/" + id() + "/logs?stdout=1&stderr=1" + (follow ? "&follow=1" : ""));
    }

    /** Reads all that the engine keeps of what it wrote. */
    void readOutput(FrameDecoder.Frames entries) {
        var decoder = new FrameDecoder();
        FrameDecoder.Frames repaired = repaired(entries);
        try (EngineConnection connection = output(false)) {
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

    FrameDecoder.Frames repaired(FrameDecoder.Frames entries) {
        return around.engine().isPodman() ? entries : new LogRepair(entries);
    }

    String id() {
        String known = id;
        return known == null ? Labels.containerName(spec.id()) : known;
    }

    // ---- removed

    void remove() {
        String known = id;
        Containers.remove(around.engine(), known == null ? Labels.containerName(spec.id()) : known);
        id = null;
    }

    /** Gives its address back. */
    void releaseAddress() {
        if (!hostNetwork()) {
            around.network().ifPresent(network -> network.addresses().release(spec.id()));
        }
    }

    /** Repeats a step of the start while the engine is away, for some time. */
    <T> T insist(Engine.Attempt<T> step) throws InterruptedException {
        long end = System.nanoTime() + ENGINE_PATIENCE.toNanos();
        return around.engine().persist(step, () -> !isAbandoned.getAsBoolean() && System.nanoTime() < end);
    }
}
