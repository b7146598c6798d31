package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.id.JobId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.base.DiskReserve;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.log.LogSink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the lines of this host's jobs, keeps them in one file per app, and hands them on.
 *
 * <p>{@link #accept} never blocks: one thread writes, and when it cannot follow, lines are dropped, counted, and reported in
 * the app's own log. A line is in its file, and so survives the death of this process, as soon as that thread comes to it:
 * within milliseconds while it follows. On a disk that is nearly full, lines are handed on but no longer kept.
 */
public final class LogMux implements LogSink {

    private static final Logger log = LoggerFactory.getLogger(LogMux.class);

    /** When an app's file reaches this size it becomes the old one. */
    public static final long DEFAULT_MAX_FILE_BYTES = 100L << 20;

    /** What logs leave of the disk: less than others, so that logs are the last that goes; more than the store needs. */
    private static final long DISK_RESERVE_BYTES = 128L << 20;

    private static final int QUEUE = 20_000;
    private static final long QUEUE_BYTES = 16L << 20;
    private static final int BATCH = 250;
    private static final int ID_CHARS = 36;
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);

    private final Path directory;
    private final long maxFileBytes;
    private final DiskReserve reserve;
    private final BlockingQueue<SyslogLine> queue = new ArrayBlockingQueue<>(QUEUE);
    private final AtomicLong queuedBytes = new AtomicLong();

    /** Has a permit when the writer has something to do. */
    private final Semaphore work = new Semaphore(0);

    private final Map<AppId, LogFile> files = new HashMap<>();
    private final List<Consumer<SyslogLine>> subscribers = new CopyOnWriteArrayList<>();
    private final AtomicLong seq = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final Map<AppId, Gap> gaps = new ConcurrentHashMap<>();

    /** Who waits until lines are written. */
    private final Queue<Wait> waits = new ConcurrentLinkedQueue<>();

    /** Held while lines are written and while a subscriber reads what was, so that it misses none in between. */
    private final Object writing = new Object();

    private final Thread writer;
    private boolean keeping = true;
    private volatile boolean closed;

    public LogMux(Path directory) {
        this(directory, DEFAULT_MAX_FILE_BYTES);
    }

    public LogMux(Path directory, long maxFileBytes) {
        this(directory, maxFileBytes, new DiskReserve(directory, DISK_RESERVE_BYTES));
    }

    LogMux(Path directory, long maxFileBytes, DiskReserve reserve) {
        this.directory = directory;
        this.maxFileBytes = maxFileBytes;
        this.reserve = reserve;
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot use " + directory, e);
        }
        this.writer = new NamedThreads("logmux").newThread(this::write);
        writer.start();
    }

    @Override
    public void accept(AppId app, LogMessage message) {
        var line = new SyslogLine(app, seq.incrementAndGet(), message);
        if (closed || queuedBytes.get() > QUEUE_BYTES || !queue.offer(line)) {
            dropped.incrementAndGet();
            gaps.merge(app, new Gap(message, 1), Gap::plus);
        } else {
            queuedBytes.addAndGet(line.weightBytes());
        }
        wakeWriter();
    }

    private void wakeWriter() {
        if (work.availablePermits() == 0) {
            work.release();
        }
    }

    private void awaitWork() throws InterruptedException {
        if (queue.isEmpty()) {
            work.acquire();
        }
        // before the queue is read: what comes from here on gives a permit again
        work.drainPermits();
    }

    @Override
    public long dropped() {
        return dropped.get();
    }

    /**
     * The lines of one job that this host keeps, and those that come; the caller closes them.
     *
     * @param app that the job belongs to
     */
    public JobLines lines(AppId app, JobId job) throws IOException {
        synchronized (writing) {
            LogFile.Kept kept = LogFile.kept(directory, app.toString());
            return new JobLines(this, kept, job);
        }
    }

    /** Delivers every line that is written from now on. */
    Subscription follow(Consumer<SyslogLine> subscriber) {
        subscribers.add(subscriber);
        return () -> subscribers.remove(subscriber);
    }

    /** Runs the action once every line that was accepted before is written. */
    void whenWritten(Runnable action) {
        waits.add(new Wait(queue.size(), action));
        wakeWriter();
        if (!writer.isAlive()) {
            runWaits(Integer.MAX_VALUE);
        }
    }

    /** @param written how many lines were taken from the queue and written since this was called last */
    private synchronized void runWaits(int written) {
        for (Wait wait : waits) {
            wait.lines -= written;
            // what was accepted before it is in no batch but those that are written
            if (wait.lines <= 0 || queue.isEmpty()) {
                waits.remove(wait);
                wait.action.run();
            }
        }
    }

    /** Delivers the newest lines that are kept of every app, then every new line, in order and without a gap. */
    Subscription subscribe(Consumer<SyslogLine> subscriber) {
        synchronized (writing) {
            for (String app : apps()) {
                try {
                    LogFile.newest(directory, app, AppBuffer.CAPACITY, subscriber);
                } catch (IOException e) {
                    log.atWarn().addKeyValue("app", app).setCause(e).log("cannot read the app's log");
                }
            }
            subscribers.add(subscriber);
        }
        return () -> subscribers.remove(subscriber);
    }

    private Set<String> apps() {
        Set<String> apps = new TreeSet<>();
        try (var names = Files.newDirectoryStream(directory, "*.log")) {
            for (Path file : names) {
                String name = file.getFileName().toString();
                if (name.length() >= ID_CHARS && Ids.isId(name.substring(0, ID_CHARS))) {
                    apps.add(name.substring(0, ID_CHARS));
                }
            }
        } catch (IOException e) {
            log.atWarn().setCause(e).log("cannot list the logs");
        }
        return apps;
    }

    private void write() {
        List<SyslogLine> batch = new ArrayList<>(BATCH);
        while (!closed || !queue.isEmpty()) {
            try {
                awaitWork();
                queue.drainTo(batch, BATCH);
                batch.forEach(line -> queuedBytes.addAndGet(-line.weightBytes()));
                batch.addAll(reportGaps());
                if (!batch.isEmpty()) {
                    write(batch);
                }
            } catch (RuntimeException e) {
                dropped.addAndGet(batch.size());
                log.atError().setCause(e).log("lines of logs are lost");
            } catch (InterruptedException e) {
                return;
            }
            runWaits(batch.size());
            batch.clear();
        }
    }

    private List<SyslogLine> reportGaps() {
        List<SyslogLine> reports = new ArrayList<>();
        for (AppId app : gaps.keySet()) {
            Gap gap = gaps.remove(app);
            if (gap != null) {
                reports.add(new SyslogLine(app, seq.incrementAndGet(), gap.report()));
            }
        }
        return reports;
    }

    private void write(List<SyslogLine> batch) {
        synchronized (writing) {
            if (mayKeep()) {
                batch.stream()
                        .collect(Collectors.groupingBy(SyslogLine::app, LinkedHashMap::new, Collectors.toList()))
                        .forEach(this::keep);
            } else {
                dropped.addAndGet(batch.size());
            }
            for (SyslogLine line : batch) {
                subscribers.forEach(subscriber -> subscriber.accept(line));
            }
        }
    }

    private boolean mayKeep() {
        boolean room = reserve.isUntouched();
        if (room != keeping) {
            keeping = room;
            log.atWarn()
                    .addKeyValue("directory", directory)
                    .log(room ? "logs are kept again" : "the disk is nearly full: logs are no longer kept");
        }
        return room;
    }

    private void keep(AppId app, List<SyslogLine> lines) {
        try {
            LogFile file = files.get(app);
            if (file == null) {
                file = new LogFile(directory, app.toString(), maxFileBytes);
                files.put(app, file);
            }
            file.append(lines.stream().map(SyslogLine::frame).toList());
        } catch (IOException e) {
            dropped.addAndGet(lines.size());
            log.atWarn().addKeyValue("app", app).setCause(e).log("cannot write to the app's log");
        }
    }

    /** Writes what was accepted, then stops. */
    @Override
    public void close() {
        closed = true;
        wakeWriter();
        try {
            writer.join(CLOSE_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        runWaits(Integer.MAX_VALUE);
        synchronized (writing) {
            for (LogFile file : files.values()) {
                try {
                    file.close();
                } catch (IOException e) {
                    log.atWarn().setCause(e).log("cannot close a log");
                }
            }
            files.clear();
        }
    }

    private static final class Wait {

        private final Runnable action;

        /** How many of those that were accepted before are not written yet; at most. */
        private int lines;

        Wait(int lines, Runnable action) {
            this.lines = lines;
            this.action = action;
        }
    }

    /**
     * Lines of an app that were dropped since it was last told.
     *
     * @param last the newest of them
     */
    private record Gap(LogMessage last, long lines) {

        Gap plus(Gap later) {
            return new Gap(later.last, lines + later.lines);
        }

        LogMessage report() {
            return new LogMessage(
                    last.hostId(),
                    last.jobId(),
                    "%d lines were dropped here, because the host could not write them fast enough".formatted(lines),
                    last.processType(),
                    last.stream(),
                    last.timestamp());
        }
    }
}
