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
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the lines of this host's jobs, keeps them in files of each app, and hands them on.
 *
 * <p>One thread writes. An app whose lines come faster than that waits for it, at most for a second; then lines are dropped,
 * counted, and reported in the app's own log. A line is in its file, and so survives the death of this process, milliseconds
 * after it was accepted, and when {@link #flush} returns. On a disk that is nearly full, lines are handed on but no longer
 * kept.
 */
public final class LogMux implements LogSink {

    private static final Logger log = LoggerFactory.getLogger(LogMux.class);

    /** What logs leave of the disk: less than others, so that logs are the last that goes; more than the store needs. */
    private static final long DISK_RESERVE_BYTES = 128L << 20;

    /** What whoever begins to follow reads of an app's files, at most. */
    static final int MAX_HISTORY_BYTES = 8 << 20;

    private static final int MAX_BATCH_BYTES = 1 << 20;
    private static final int ID_CHARS = 36;
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);
    private static final Duration SWEEP = Duration.ofMinutes(10);
    private static final Duration DISK_CHECK = Duration.ofSeconds(1);

    /** How far a line's time may lie before the one before and is corrected; clocks that were set back further are believed. */
    private static final Duration MAX_CORRECTION = Duration.ofSeconds(10);

    private final Path directory;
    private final LogRotation rotation;
    private final DiskReserve reserve;

    /** What is written at once, so that files are not much larger than they may be. */
    private final long batchBytes;

    private final Map<AppId, Intake> intakes = new ConcurrentHashMap<>();

    /** Those in which lines wait, each once. */
    private final BlockingQueue<Intake> ready = new LinkedBlockingQueue<>();

    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final List<Consumer<List<SyslogLine>>> subscribers = new CopyOnWriteArrayList<>();
    private final List<LogFeed> feeds = new CopyOnWriteArrayList<>();

    /** Held while lines are written and while somebody reads what was, so that it misses none in between. */
    private final Object writing = new Object();

    // guarded by writing
    private final Map<AppId, LogFile> files = new HashMap<>();
    private final Map<AppId, Unkept> unkept = new HashMap<>();
    private final Map<AppId, Instant> lastTimes = new HashMap<>();
    private final FrameWriter frames = new FrameWriter();
    private long seq;
    private boolean keeping = true;
    private long diskCheckedAt;

    private final LocalAggregators aggregators = new LocalAggregators();
    private final Intake wakeUp = new Intake(AppId.random(), waitingBytes);
    private final Thread writer;
    private volatile boolean closed;

    /** Lines that are not in the app's file; it is told so when it can be. */
    private record Unkept(LogMessage last, long lines) {}

    public LogMux(Path directory) {
        this(directory, LogRotation.DEFAULTS);
    }

    public LogMux(Path directory, LogRotation rotation) {
        this(directory, rotation, new DiskReserve(directory, DISK_RESERVE_BYTES));
    }

    LogMux(Path directory, LogRotation rotation, DiskReserve reserve) {
        this.directory = directory;
        this.rotation = rotation;
        this.reserve = reserve;
        this.batchBytes = Math.min(MAX_BATCH_BYTES, rotation.maxFileBytes() / 4);
        this.diskCheckedAt = System.nanoTime() - DISK_CHECK.toNanos();
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
        Intake intake = intake(app);
        switch (intake.add(message, true)) {
            case WAITS -> {}
            case FIRST -> ready.add(intake);
            case DROPPED -> dropped.incrementAndGet();
        }
    }

    private Intake intake(AppId app) {
        Intake known = intakes.get(app);
        if (known != null) {
            return known;
        }
        Intake made = intakes.computeIfAbsent(app, id -> new Intake(id, waitingBytes));
        if (closed) {
            made.close();
        }
        return made;
    }

    @Override
    public long dropped() {
        return dropped.get();
    }

    @Override
    public boolean flush(AppId app, Duration patience) {
        Intake intake = intakes.get(app);
        return intake == null || intake.awaitSettled(patience);
    }

    /** Runs the action once every line of the app that was accepted before is written. */
    void whenWritten(AppId app, Runnable action) {
        intake(app).whenSettled(action);
    }

    // readers

    /**
     * The lines of one job that this host keeps, and those that come; the caller closes them.
     *
     * @param app that the job belongs to
     */
    public JobLines lines(AppId app, JobId job) throws IOException {
        synchronized (writing) {
            return new JobLines(this, file(app).kept(), app, job);
        }
    }

    /** Delivers every line that is written from now on, those of one app at a time. */
    Subscription follow(Consumer<List<SyslogLine>> subscriber) {
        subscribers.add(subscriber);
        return () -> subscribers.remove(subscriber);
    }

    /** Delivers the newest lines that are kept of every app, then every new line, in order and without a gap. */
    Subscription subscribe(Consumer<SyslogLine> subscriber) {
        return subscribeByApp((app, lines) -> lines.forEach(subscriber));
    }

    /** As {@link #subscribe(Consumer)}; each call has lines of one app. */
    Subscription subscribeByApp(BiConsumer<AppId, List<SyslogLine>> subscriber) {
        synchronized (writing) {
            for (AppId app : apps()) {
                try (Kept kept = file(app).kept()) {
                    List<SyslogLine> lines = new ArrayList<>();
                    kept.newest(AppBuffer.CAPACITY, MAX_HISTORY_BYTES, lines::add);
                    subscriber.accept(app, lines);
                } catch (IOException e) {
                    log.atWarn().addKeyValue("app", app).setCause(e).log("cannot read the app's log");
                }
            }
            return follow(lines -> subscriber.accept(lines.get(0).app(), lines));
        }
    }

    /** Those of this host, for the lines of other hosts. */
    public LocalAggregators aggregators() {
        return aggregators;
    }

    /** The frames of this host for somebody who takes them at a speed of its own; the caller closes it. */
    LogFeed feed() {
        var feed = new LogFeed(this);
        feeds.add(feed);
        return feed;
    }

    void ended(LogFeed feed) {
        feeds.remove(feed);
    }

    /** Where the lines of each app end now. */
    public Map<AppId, LogPosition> ends() {
        Map<AppId, LogPosition> ends = new HashMap<>();
        synchronized (writing) {
            for (AppId app : apps()) {
                try {
                    List<Segment> segments = file(app).segments();
                    if (!segments.isEmpty()) {
                        Segment last = segments.get(segments.size() - 1);
                        ends.put(app, new LogPosition(last.id(), last.size()));
                    }
                } catch (IOException e) {
                    log.atWarn().addKeyValue("app", app).setCause(e).log("cannot read the app's log");
                }
            }
        }
        return ends;
    }

    /** How many bytes of logs are kept of each app. */
    public Map<AppId, Long> usage() {
        Map<AppId, Long> usage = new TreeMap<>((one, other) -> one.toString().compareTo(other.toString()));
        synchronized (writing) {
            for (AppId app : apps()) {
                try {
                    usage.put(
                            app,
                            file(app).segments().stream()
                                    .mapToLong(Segment::size)
                                    .sum());
                } catch (IOException e) {
                    log.atWarn().addKeyValue("app", app).setCause(e).log("cannot read the app's log");
                }
            }
        }
        return usage;
    }

    /** Deletes what is kept of an app; lines that come later begin anew. */
    public void delete(AppId app) throws IOException {
        synchronized (writing) {
            file(app).delete();
            files.remove(app);
        }
    }

    /** Those of which files are here. */
    Set<AppId> apps() {
        Set<AppId> apps = new TreeSet<>((one, other) -> one.toString().compareTo(other.toString()));
        try (var names = Files.newDirectoryStream(directory, "*.log")) {
            for (Path file : names) {
                String name = file.getFileName().toString();
                if (name.length() >= ID_CHARS && Ids.isId(name.substring(0, ID_CHARS))) {
                    apps.add(AppId.of(name.substring(0, ID_CHARS)));
                }
            }
        } catch (IOException e) {
            log.atWarn().setCause(e).log("cannot list the logs");
        }
        return apps;
    }

    Object writing() {
        return writing;
    }

    /** To be called while holding {@link #writing}. */
    LogFile file(AppId app) throws IOException {
        LogFile known = files.get(app);
        if (known != null) {
            return known;
        }
        var opened = new LogFile(
                directory, app.toString(), rotation, gone -> feeds.forEach(feed -> feed.deleting(app, gone)));
        files.put(app, opened);
        return opened;
    }

    // the writer

    private void write() {
        try {
            while (!closed || !ready.isEmpty()) {
                Intake intake = ready.poll(SWEEP.toMillis(), TimeUnit.MILLISECONDS);
                if (intake == null) {
                    sweep(Instant.now());
                } else if (intake != wakeUp) {
                    write(intake);
                }
            }
        } catch (InterruptedException closing) {
            log.atDebug().log("interrupted");
        }
    }

    private void write(Intake intake) {
        List<LogMessage> messages = intake.take();
        if (messages.isEmpty()) {
            return;
        }
        try {
            write(intake.app(), messages);
        } catch (RuntimeException e) {
            dropped.addAndGet(messages.size());
            log.atError().setCause(e).log("lines of logs are lost");
        }
        intake.settle(messages);
        if (intake.hasGap()) {
            ready.add(intake);
        }
    }

    private void write(AppId app, List<LogMessage> messages) {
        synchronized (writing) {
            List<SyslogLine> lines = number(app, messages);
            keep(app, lines);
            subscribers.forEach(subscriber -> tell(subscriber, lines));
        }
        feeds.forEach(feed -> feed.written(app));
    }

    private static void tell(Consumer<List<SyslogLine>> subscriber, List<SyslogLine> lines) {
        try {
            subscriber.accept(lines);
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("who reads the logs failed");
        }
    }

    /** Lines of an app have times in their order; equal ones are told apart by their number. */
    private List<SyslogLine> number(AppId app, List<LogMessage> messages) {
        List<SyslogLine> lines = new ArrayList<>(messages.size());
        Instant last = lastTimes.getOrDefault(app, Instant.MIN);
        for (LogMessage message : messages) {
            Instant time = message.timestamp();
            LogMessage corrected = message;
            if (time.isBefore(last) && time.isAfter(last.minus(MAX_CORRECTION))) {
                corrected = new LogMessage(
                        message.hostId(),
                        message.jobId(),
                        message.message(),
                        message.processType(),
                        message.stream(),
                        last);
            } else {
                last = time;
            }
            lines.add(new SyslogLine(app, ++seq, corrected));
        }
        lastTimes.put(app, last);
        return lines;
    }

    private void keep(AppId app, List<SyslogLine> lines) {
        Unkept before = unkept.get(app);
        int kept = 0;
        if (mayKeep()) {
            try {
                LogFile file = file(app);
                if (before != null) {
                    reportUnkept(app, file, before);
                }
                while (kept < lines.size()) {
                    int from = kept;
                    frames.clear();
                    int to = from;
                    while (to < lines.size() && frames.size() < batchBytes) {
                        frames.add(lines.get(to++));
                    }
                    file.append(lines.get(from), frames.bytes(), frames.size());
                    kept = to;
                }
            } catch (IOException e) {
                log.atWarn().addKeyValue("app", app).setCause(e).log("cannot write to the app's log");
            }
        }
        int lost = lines.size() - kept;
        if (lost > 0) {
            dropped.addAndGet(lost);
            unkept.merge(
                    app,
                    new Unkept(lines.get(lines.size() - 1).message(), lost),
                    (old, more) -> new Unkept(more.last(), old.lines() + more.lines()));
        }
    }

    private void reportUnkept(AppId app, LogFile file, Unkept missing) throws IOException {
        String text = String.format(
                Locale.ROOT, "dropped %,d lines here: the host's disk could not take them", missing.lines());
        var report = new SyslogLine(app, ++seq, Intake.withText(missing.last(), text));
        frames.clear();
        frames.add(report);
        file.append(report, frames.bytes(), frames.size());
        unkept.remove(app);
    }

    private boolean mayKeep() {
        long now = System.nanoTime();
        if (now - diskCheckedAt >= DISK_CHECK.toNanos()) {
            diskCheckedAt = now;
            boolean room = reserve.isUntouched();
            if (room != keeping) {
                keeping = room;
                log.atWarn()
                        .addKeyValue("directory", directory)
                        .log(room ? "logs are kept again" : "the disk is nearly full: logs are no longer kept");
            }
        }
        return keeping;
    }

    /** Deletes what is older than it has to be, and closes files. */
    void sweep(Instant now) {
        synchronized (writing) {
            for (AppId app : apps()) {
                try {
                    LogFile file = file(app);
                    file.close();
                    file.deleteUntouchedSince(now.minus(rotation.retention()));
                } catch (IOException e) {
                    log.atWarn().addKeyValue("app", app).setCause(e).log("cannot clean up the app's log");
                }
            }
        }
    }

    /** Writes what was accepted, then stops. */
    @Override
    public void close() {
        closed = true;
        intakes.values().forEach(Intake::close);
        ready.add(wakeUp);
        try {
            writer.join(CLOSE_PATIENCE.toMillis());
            writer.interrupt();
            writer.join(CLOSE_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        intakes.values().forEach(Intake::end);
        feeds.forEach(LogFeed::wake);
        if (writer.isAlive()) {
            log.atWarn().log("who reads the logs does not end; files stay open");
            return;
        }
        synchronized (writing) {
            for (LogFile file : files.values()) {
                closeQuietly(file);
            }
        }
        feeds.forEach(LogFeed::close);
    }

    private static void closeQuietly(@Nullable LogFile file) {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            log.atWarn().setCause(e).log("cannot close a log");
        }
    }
}
