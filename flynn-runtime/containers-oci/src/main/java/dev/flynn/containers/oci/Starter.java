package dev.flynn.containers.oci;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small process, {@code starter.pl}, that is kept to start conmons and to release their containers. It is there from the first
 * container on, ends with this process, and is replaced when it is killed; what it started goes on without it. Thread-safe.
 */
final class Starter implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Starter.class);

    private static final Duration END_PATIENCE = Duration.ofSeconds(6);
    private static final long CHECK_NANOS = 2_000_000;

    private final Layout layout;
    private final Path runtime;
    private final Path monitors;
    private final Object lock = new Object();
    private @Nullable Kept kept;
    private boolean closed;

    /** @param monitors where a process that moves to the monitors' control group writes its number */
    Starter(Layout layout, Path runtime, Path monitors) {
        this.layout = layout;
        this.runtime = runtime;
        this.monitors = monitors;
    }

    /** The process that was to do it is gone, and perhaps did; whoever finds out may ask again. */
    static final class GoneException extends IOException {
        private static final long serialVersionUID = 1L;

        private GoneException() {
            super("the process that starts containers was killed");
        }
    }

    /** A conmon that was started. */
    static final class Monitor {

        private final Kept by;
        private final long number;
        private final CompletableFuture<String> answer = new CompletableFuture<>();
        private final CompletableFuture<Void> released = new CompletableFuture<>();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();

        private Monitor(Kept by, long number) {
            this.by = by;
            this.number = number;
        }

        /**
         * Waits for what conmon says once it has made its container, or has not; empty if it said nothing.
         *
         * @throws GoneException nobody knows
         */
        String answer() throws IOException, InterruptedException {
            return await(answer);
        }

        /**
         * Lets the container go on that waits to write to a pipe; returns when it does, or cannot any more.
         *
         * @throws GoneException it may be waiting still
         */
        void release(Path pipe) throws IOException, InterruptedException {
            by.send("release", String.valueOf(number), pipe.toString());
            var unused = await(released);
        }

        /** Completes when conmon is gone, and fails when nobody will tell any more. */
        CompletableFuture<Void> ended() {
            return ended;
        }

        private void lost() {
            var gone = new GoneException();
            answer.completeExceptionally(gone);
            released.completeExceptionally(gone);
            ended.completeExceptionally(gone);
        }

        private static <T> T await(CompletableFuture<T> future) throws IOException, InterruptedException {
            try {
                return future.get();
            } catch (ExecutionException lost) {
                throw new GoneException();
            }
        }
    }

    /** Sees to it that it is there, and that nothing is left of one that was killed. */
    void prepare() throws IOException {
        var unused = kept();
    }

    /**
     * Starts a conmon, which is told the runtime, too.
     *
     * @param conmon its command line
     */
    Monitor start(JobDirectory directory, List<String> conmon) throws IOException {
        return kept().start(directory, conmon);
    }

    private Kept kept() throws IOException {
        synchronized (lock) {
            Kept known = kept;
            if (known != null && known.process.isAlive()) {
                return known;
            }
            if (closed) {
                throw new IOException("no container is started any more");
            }
            killLeft(layout, Duration.ZERO);
            Kept fresh = new Kept();
            kept = fresh;
            return fresh;
        }
    }

    /**
     * Ends what an earlier process, or one that was killed, has left of this: it may be about to start a conmon.
     *
     * @param patience how long it may take to end by itself
     */
    static void killLeft(Layout layout, Duration patience) {
        long begin = System.nanoTime();
        for (List<ProcessHandle> left = left(layout); !left.isEmpty(); left = left(layout)) {
            if (System.nanoTime() - begin >= patience.toNanos()) {
                left.forEach(ProcessHandle::destroyForcibly);
            }
            LockSupport.parkNanos(CHECK_NANOS);
        }
    }

    private static List<ProcessHandle> left(Layout layout) {
        String mark = mark(layout);
        return ProcessHandle.allProcesses()
                .filter(process ->
                        Arrays.asList(Proc.commandLine(process.pid())).contains(mark))
                .toList();
    }

    /** Those of other hosts on this machine may have the same path, in another mount namespace. */
    private static String mark(Layout layout) {
        try {
            return "starter of "
                    + Files.readAttributes(layout.root(), BasicFileAttributes.class)
                            .fileKey();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + layout.root(), e);
        }
    }

    /** Conmons go on. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            if (kept != null) {
                kept.end();
                kept = null;
            }
        }
    }

    /** One such process. */
    private final class Kept {

        private final Process process;
        private final OutputStream requests;
        private final AtomicLong count = new AtomicLong();
        private final Map<Long, Monitor> watched = new ConcurrentHashMap<>();
        private final Thread reader;
        private volatile boolean gone;

        Kept() throws IOException {
            ProcessBuilder builder = Shell.builder(List.of(
                    "perl",
                    layout.starterScript().toString(),
                    System.getProperty("os.arch", ""),
                    monitors.toString(),
                    runtime.toString(),
                    mark(layout)));
            builder.environment().putAll(Conmon.RUNTIME);
            this.process = builder.redirectInput(Redirect.PIPE)
                    .redirectError(layout.starterMessages().toFile())
                    .start();
            this.requests = process.getOutputStream();
            this.reader = new Thread(this::read, "oci-starter");
            reader.setDaemon(true);
            reader.start();
        }

        Monitor start(JobDirectory directory, List<String> conmon) throws IOException {
            var monitor = new Monitor(this, count.incrementAndGet());
            watched.put(monitor.number, monitor);
            if (gone) {
                throw new GoneException();
            }
            List<String> words = new ArrayList<>(List.of(
                    "create",
                    String.valueOf(monitor.number),
                    directory.path().toString(),
                    directory.conmonPid().toString(),
                    directory.conmonMessages().toString()));
            words.addAll(conmon);
            send(words.toArray(String[]::new));
            return monitor;
        }

        void send(String... words) throws IOException {
            byte[] text = String.join("\0", words).getBytes(StandardCharsets.UTF_8);
            byte[] length = (text.length + "\n").getBytes(StandardCharsets.US_ASCII);
            ByteBuffer whole =
                    ByteBuffer.allocate(length.length + text.length).put(length).put(text);
            try {
                synchronized (requests) {
                    requests.write(whole.array());
                    requests.flush();
                }
            } catch (IOException e) {
                log.atDebug().setCause(e).log("the starter takes no requests");
                throw new GoneException();
            }
        }

        private void read() {
            try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                    heard(line.split(" ", 3));
                }
            } catch (IOException e) {
                log.atDebug().setCause(e).log("the starter says nothing more");
            }
            gone = true;
            watched.values().forEach(Monitor::lost);
        }

        private void heard(String[] words) {
            Monitor monitor = watched.get(Long.valueOf(words[0]));
            if (monitor == null) {
                return;
            }
            switch (words[1]) {
                case "created" -> monitor.answer.complete(words[2]);
                case "released" -> monitor.released.complete(null);
                default -> {
                    watched.remove(monitor.number);
                    monitor.released.complete(null);
                    monitor.ended.complete(null);
                }
            }
        }

        void end() {
            try {
                requests.close();
                if (!process.waitFor(END_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                    process.destroyForcibly();
                }
                reader.join();
            } catch (IOException e) {
                process.destroyForcibly();
            } catch (InterruptedException e) {
                process.destroyForcibly();
                Thread.currentThread().interrupt();
            }
        }
    }
}
