package dev.flynn.link.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.base.NamedThreads;
import dev.flynn.link.HostLink;
import dev.flynn.link.logs.LogBatch.Line;
import dev.flynn.spi.log.LogSink;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the lines of this host's jobs to the host of the log aggregator.
 *
 * <p>A line is kept in memory until that host said that it has it, and sent again until then; it arrives once and in order. If
 * the other host cannot be reached for so long that the buffer is full (20,000 lines or 16 MB), new lines are dropped, counted,
 * and a line in the app's log says at that place how many are missing. Lines that wait when this process dies are not sent any
 * more; what this host keeps in files of its own ({@code local}) is not touched by any of that.
 */
public final class LogShipper implements LogSink {

    private static final Logger log = LoggerFactory.getLogger(LogShipper.class);

    /** Where the aggregator is. */
    public record Target(String hostId, String address) {}

    static final int MAX_LINES = 20_000;
    private static final long MAX_BYTES = 16L << 20;
    private static final int BATCH_LINES = 1000;
    private static final long BATCH_BYTES = 512 << 10;
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofMillis(200);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(3);

    private final HostLink link;
    private final LogSink local;
    private final Supplier<Optional<Target>> target;
    private final long sender = new SecureRandom().nextLong();
    private final Thread thread;
    private final AtomicLong dropped = new AtomicLong();

    private final Object lock = new Object();

    // guarded by lock
    private final Deque<Line> waiting = new ArrayDeque<>();
    private final Map<AppId, Gap> gaps = new HashMap<>();
    private long waitingBytes;
    private long firstNumber = 1;
    private boolean closed;

    private record Gap(LogMessage last, long lines) {}

    /**
     * @param local gets every line first; closed by whoever made it
     * @param target empty as long as nobody knows; this host itself if the aggregator is here, and reads {@code local}
     */
    public LogShipper(HostLink link, LogSink local, Supplier<Optional<Target>> target) {
        this.link = link;
        this.local = local;
        this.target = target;
        this.thread = new NamedThreads("log-shipper").newThread(this::ship);
        thread.start();
    }

    @Override
    public void accept(AppId app, LogMessage message) {
        local.accept(app, message);
        var line = new Line(app, message);
        synchronized (lock) {
            if (closed || waiting.size() >= MAX_LINES || waitingBytes > MAX_BYTES) {
                dropped.incrementAndGet();
                gaps.merge(app, new Gap(message, 1), (old, one) -> new Gap(message, old.lines() + 1));
                return;
            }
            Gap gap = gaps.remove(app);
            if (gap != null) {
                add(new Line(app, report(gap)));
            }
            add(line);
            lock.notifyAll();
        }
    }

    private void add(Line line) {
        waiting.add(line);
        waitingBytes += line.weight();
    }

    private static LogMessage report(Gap gap) {
        LogMessage last = gap.last();
        return new LogMessage(
                last.hostId(),
                last.jobId(),
                "%d lines are missing here, because the log aggregator could not be reached; they are in the files of host %s"
                        .formatted(gap.lines(), last.hostId()),
                last.processType(),
                last.stream(),
                last.timestamp());
    }

    /** Lines that were not sent, and those that {@code local} dropped. */
    @Override
    public long dropped() {
        return dropped.get() + local.dropped();
    }

    private void ship() {
        boolean reachable = true;
        while (true) {
            try {
                LogBatch batch = nextBatch();
                if (batch.lines().isEmpty()) {
                    return;
                }
                Optional<Target> to = target.get();
                if (to.isPresent()) {
                    ship(batch, to.get());
                    reachable = true;
                } else {
                    pause();
                }
            } catch (InterruptedException e) {
                return;
            } catch (ExecutionException | TimeoutException | RuntimeException e) {
                if (reachable) {
                    reachable = false;
                    log.atWarn().setCause(e).log("lines of logs wait: the log aggregator's host does not take them");
                }
                try {
                    pause();
                } catch (InterruptedException closing) {
                    return;
                }
            }
        }
    }

    /** Waits for lines; none at the end. */
    private LogBatch nextBatch() throws InterruptedException {
        synchronized (lock) {
            while (waiting.isEmpty() && !closed) {
                lock.wait();
            }
            List<Line> lines = new ArrayList<>();
            long bytes = 0;
            for (Line line : waiting) {
                if (lines.size() == BATCH_LINES || bytes > BATCH_BYTES) {
                    break;
                }
                lines.add(line);
                bytes += line.weight();
            }
            return new LogBatch(sender, firstNumber, lines);
        }
    }

    private void ship(LogBatch batch, Target to) throws InterruptedException, ExecutionException, TimeoutException {
        long last = to.hostId().equals(link.hostId())
                ? batch.first() + batch.lines().size() - 1 // this host has them
                : send(batch, to);
        synchronized (lock) {
            while (firstNumber <= last && !waiting.isEmpty()) {
                waitingBytes -= waiting.remove().weight();
                firstNumber++;
            }
        }
    }

    /** The number of the last line that arrived. */
    private long send(LogBatch batch, Target to) throws InterruptedException, ExecutionException, TimeoutException {
        byte[] answer = link.call(
                        to.hostId(), to.address(), LogBatch.SERVICE, LogBatch.APPEND, batch.toBytes(), PATIENCE)
                .get(2 * PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        return ByteBuffer.wrap(answer).getLong();
    }

    private void pause() throws InterruptedException {
        synchronized (lock) {
            if (closed) {
                throw new InterruptedException("closed while the aggregator is not reachable");
            }
            lock.wait(PAUSE.toMillis());
        }
    }

    /** Sends what waits, for up to three seconds, then stops. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        try {
            thread.join(CLOSE_PATIENCE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        thread.interrupt();
    }
}
