package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.OutputStreamKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a job writes, on its way from the engine to the listeners, and what is written to it. How much was delivered is noted
 * on disk, so that whoever comes next goes on there.
 */
final class JobOutput implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(JobOutput.class);

    /** So little output fits into the engine's log even if all its lines are empty. */
    private static final long NEVER_ROTATED = 256 * 1024;

    private final Surroundings around;
    private final JobSpec spec;
    private final JobDirectory directory;
    private final JobContainer container;
    private final Mailbox mailbox;
    private final JobConsole console;
    private final Consumer<Boolean> whenEnded;
    private final BooleanSupplier isAbandoned;

    private volatile long mainProcess;
    private volatile @Nullable JobInput input;
    private @Nullable OutputProgress progress;

    /**
     * @param mailbox what is read waits here for the listeners
     * @param whenEnded is told when a connection ended, and whether it brought all that the job wrote
     * @param isAbandoned whether nobody is told of the job any more
     */
    JobOutput(
            Surroundings around,
            JobSpec spec,
            JobDirectory directory,
            JobContainer container,
            Mailbox mailbox,
            JobConsole console,
            Consumer<Boolean> whenEnded,
            BooleanSupplier isAbandoned) {
        this.around = around;
        this.spec = spec;
        this.directory = directory;
        this.container = container;
        this.mailbox = mailbox;
        this.console = console;
        this.whenEnded = whenEnded;
        this.isAbandoned = isAbandoned;
    }

    /** Knows from now on how much was delivered, also by who was here before. */
    void open() throws IOException {
        if (ContainerPlan.keepsOutput(spec) && progress == null) {
            progress = OutputProgress.open(directory.progress());
        }
    }

    /** Whether the engine keeps what the job writes. */
    boolean isKept() {
        return progress != null;
    }

    Optional<JobInput> input() {
        return Optional.ofNullable(input);
    }

    /**
     * Reads from a connection that was attached before the job started.
     *
     * @param process the job's main process as the host numbers it; 0 if it is not known
     * @param complete whether the engine drops nothing while the listeners are slow
     */
    void follow(EngineConnection connection, long process, boolean complete) {
        mainProcess = process;
        if (spec.stdin() || spec.tty().isPresent()) {
            input = new JobInput(connection.channel(), spec.tty().isPresent());
        }
        begin(connection, new Attached(complete));
    }

    private void begin(EngineConnection connection, Output output) {
        output.reading = around.loop().read(connection, output);
    }

    /**
     * Goes on with the output of a container that may have ended, from where it was delivered to.
     *
     * @return false if it has ended and there is nothing to read
     */
    boolean resume(InspectContainerResponse found, long process) throws InterruptedException {
        boolean running = JobContainer.isRunning(found);
        OutputProgress delivered = progress;
        if (delivered != null) {
            mainProcess = process;
            Map<OutputStreamKind, Long> from = positions(delivered);
            begin(container.insist(() -> container.output(running)), new Logged(!running, from));
        } else if (running) {
            follow(container.insist(container::attach), process, true);
        }
        return delivered != null || running;
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
        var search = container.insist(() -> {
            var fresh = new LogSearch(known);
            container.readOutput(fresh);
            return fresh;
        });
        if (search.hasGap()) {
            console.say("some output of the job was lost while its host was away: it wrote more than is kept");
        }
        return search.delivered();
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
            whenEnded.accept(all);
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
                decoder.decode(bytes, JobOutput.this::deliver);
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
            this.entries = container.repaired(new LogCursor(JobOutput.this::deliver, delivered));
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
                    if (isAbandoned.getAsBoolean()) {
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

    /** What the job wrote to standard error, if that is little and all that it wrote. */
    String onlyErrors() {
        if (progress == null || progress.of(OutputStreamKind.STDOUT).count() > 0) {
            return "";
        }
        OutputProgress.Position errors = progress.of(OutputStreamKind.STDERR);
        return errors.count() == errors.tail().length ? new String(errors.tail(), StandardCharsets.UTF_8) : "";
    }

    @Override
    public void close() throws IOException {
        if (progress != null) {
            progress.close();
        }
    }
}
