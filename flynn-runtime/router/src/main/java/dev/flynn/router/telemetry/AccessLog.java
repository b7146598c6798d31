package dev.flynn.router.telemetry;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a line for each request, on a thread of its own. Event loops hand over and go on: what the writer is too slow for is
 * dropped, counted, and told in the log itself once there is room.
 */
public final class AccessLog implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AccessLog.class);

    public static final int CAPACITY = 16_384;

    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(5);
    private static final long PAUSE_MILLIS = 200;

    private final AccessLogFormat format;
    private final Consumer<String> lines;
    private final BlockingQueue<AccessEntry> waiting;
    private final AtomicLong dropped = new AtomicLong();
    private final Thread writer;
    private volatile boolean closed;

    /**
     * @param lines takes one line at a time, without its end; may block
     * @param capacity how many lines may wait
     */
    public AccessLog(AccessLogFormat format, Consumer<String> lines, int capacity, Function<Runnable, Thread> threads) {
        this.format = format;
        this.lines = lines;
        this.waiting = new ArrayBlockingQueue<>(capacity);
        this.writer = threads.apply(this::write);
        writer.start();
    }

    /** Never blocks. */
    public void add(AccessEntry entry) {
        if (!waiting.offer(entry)) {
            dropped.incrementAndGet();
        }
    }

    private void write() {
        try {
            while (!closed || !waiting.isEmpty()) {
                AccessEntry entry = waiting.poll(PAUSE_MILLIS, TimeUnit.MILLISECONDS);
                tellDropped();
                if (entry != null) {
                    pass(format.line(entry));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tellDropped() {
        long lost = dropped.getAndSet(0);
        if (lost > 0) {
            pass(format.dropped(lost));
            log.atWarn().addKeyValue("lines", lost).log("the access log is too slow; lines were dropped");
        }
    }

    private void pass(String line) {
        try {
            lines.accept(line);
        } catch (RuntimeException e) {
            log.atWarn().setCause(e).log("the access log cannot be written");
        }
    }

    /** Writes what waits, for some seconds. */
    @Override
    public void close() {
        closed = true;
        try {
            writer.join(CLOSE_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        writer.interrupt();
    }
}
