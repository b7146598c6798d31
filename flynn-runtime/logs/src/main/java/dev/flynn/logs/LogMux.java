package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the lines of this host's jobs, keeps them in one file per app, and hands them on.
 *
 * <p>{@link #accept} never blocks: one thread writes, and when it cannot follow, lines are dropped and counted. A line is in
 * its file, and so survives the death of this process, 50 ms after it was accepted at the latest.
 */
public final class LogMux implements LogSink {

    private static final Logger log = LoggerFactory.getLogger(LogMux.class);

    /** When an app's file reaches this size it becomes the old one. */
    public static final long DEFAULT_MAX_FILE_BYTES = 100L << 20;

    private static final int QUEUE = 20_000;
    private static final int BATCH = 1_000;
    private static final long IDLE_MILLIS = 50;
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);
    private static final String SUFFIX = ".log";

    private final Path directory;
    private final long maxFileBytes;
    private final BlockingQueue<SyslogLine> queue = new ArrayBlockingQueue<>(QUEUE);
    private final Map<AppId, LogFile> files = new HashMap<>();
    private final List<Consumer<SyslogLine>> subscribers = new CopyOnWriteArrayList<>();
    private final AtomicLong seq = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();

    /** Held while lines are written and while a subscriber reads what was, so that it misses none in between. */
    private final Object writing = new Object();

    private final Thread writer;
    private volatile boolean closed;

    public LogMux(Path directory) {
        this(directory, DEFAULT_MAX_FILE_BYTES);
    }

    public LogMux(Path directory, long maxFileBytes) {
        this.directory = directory;
        this.maxFileBytes = maxFileBytes;
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
        if (closed || !queue.offer(new SyslogLine(app, seq.incrementAndGet(), message))) {
            dropped.incrementAndGet();
        }
    }

    @Override
    public long dropped() {
        return dropped.get();
    }

    /** Delivers everything that is kept, then every new line, in order and without a gap. */
    Subscription subscribe(Consumer<SyslogLine> subscriber) {
        synchronized (writing) {
            flush(files.values());
            for (String app : apps()) {
                try {
                    LogFile.replay(directory, app, subscriber);
                } catch (IOException e) {
                    log.atWarn().addKeyValue("app", app).setCause(e).log("cannot read the app's log");
                }
            }
            subscribers.add(subscriber);
        }
        return () -> subscribers.remove(subscriber);
    }

    private Set<String> apps() {
        Set<String> apps = new LinkedHashSet<>();
        try (var names = Files.newDirectoryStream(directory, "*" + SUFFIX)) {
            for (Path file : names) {
                String name = file.getFileName().toString();
                if (name.length() >= 36 && dev.flynn.api.id.Ids.isId(name.substring(0, 36))) {
                    apps.add(name.substring(0, 36));
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
                SyslogLine first = queue.poll(IDLE_MILLIS, TimeUnit.MILLISECONDS);
                if (first != null) {
                    batch.add(first);
                    queue.drainTo(batch, BATCH - 1);
                    synchronized (writing) {
                        write(batch);
                    }
                    batch.clear();
                }
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void write(List<SyslogLine> batch) {
        Set<LogFile> touched = new LinkedHashSet<>();
        for (SyslogLine line : batch) {
            try {
                LogFile file = files.get(line.app());
                if (file == null) {
                    file = new LogFile(directory, line.app().toString(), maxFileBytes);
                    files.put(line.app(), file);
                }
                file.append(line.frame());
                touched.add(file);
            } catch (IOException e) {
                dropped.incrementAndGet();
                log.atWarn().addKeyValue("app", line.app()).setCause(e).log("cannot write to the app's log");
            }
        }
        flush(touched);
        for (SyslogLine line : batch) {
            subscribers.forEach(subscriber -> subscriber.accept(line));
        }
    }

    private static void flush(Iterable<LogFile> touched) {
        for (LogFile file : touched) {
            try {
                file.flush();
            } catch (IOException e) {
                log.atWarn().setCause(e).log("cannot write a log");
            }
        }
    }

    /** Writes what was accepted, then stops. */
    @Override
    public void close() {
        closed = true;
        try {
            writer.join(CLOSE_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (writing) {
            for (LogFile file : files.values()) {
                try {
                    file.close();
                } catch (IOException e) {
                    log.atWarn().setCause(e).log("cannot write a log");
                }
            }
            files.clear();
        }
    }
}
