package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The lines of one app that wait to be written. Who is quicker than the disk waits for room; when there is none for a second,
 * lines are dropped until there is again, and the log says at that place how many. Thread-safe.
 */
final class Intake {

    /** What an app may have waiting. */
    static final long MAX_BYTES = 2L << 20;

    /** What it may have waiting when all have more than {@link #MAX_TOTAL_BYTES}. */
    private static final long MIN_BYTES = 64L << 10;

    private static final long MAX_TOTAL_BYTES = 32L << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final AppId app;

    /** Of all apps. */
    private final AtomicLong totalBytes;

    // guarded by this
    private List<LogMessage> waiting = new ArrayList<>();
    private final List<Wait> waits = new ArrayList<>();
    /** Of what waits and what is being written. */
    private long bytes;

    private long accepted;
    private long written;
    private @Nullable LogMessage lastDropped;
    private long dropped;
    /** Whether the writer did not make room in time; nobody waits for it until it does. */
    private boolean stalled;

    private boolean closed;

    private record Wait(long line, Runnable action) {}

    Intake(AppId app, AtomicLong totalBytes) {
        this.app = app;
        this.totalBytes = totalBytes;
    }

    AppId app() {
        return app;
    }

    /** What became of a line. */
    enum Outcome {
        /** It is the first that waits: the writer is to be told. */
        FIRST,
        WAITS,
        DROPPED
    }

    /** @param mayWait for room */
    synchronized Outcome add(LogMessage message, boolean mayWait) {
        if (closed || (bytes >= limit() && !(mayWait && awaitRoom()))) {
            dropped++;
            lastDropped = message;
            return Outcome.DROPPED;
        }
        boolean first = waiting.isEmpty();
        reportGap();
        enqueue(message);
        return first ? Outcome.FIRST : Outcome.WAITS;
    }

    private long limit() {
        return totalBytes.get() < MAX_TOTAL_BYTES ? MAX_BYTES : MIN_BYTES;
    }

    private void enqueue(LogMessage message) {
        waiting.add(message);
        int weight = SyslogLine.weightBytes(message);
        bytes += weight;
        totalBytes.addAndGet(weight);
        accepted++;
    }

    private void reportGap() {
        LogMessage last = lastDropped;
        if (last != null) {
            enqueue(withText(
                    last,
                    String.format(
                            Locale.ROOT,
                            "dropped %,d lines here: they came faster than they could be written",
                            dropped)));
            lastDropped = null;
            dropped = 0;
        }
    }

    static LogMessage withText(LogMessage message, String text) {
        return new LogMessage(
                message.hostId(), message.jobId(), text, message.processType(), message.stream(), message.timestamp());
    }

    private boolean awaitRoom() {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (bytes >= limit() && !stalled && !closed) {
            if (!await(deadline)) {
                stalled = true;
            }
        }
        return bytes < limit() && !closed;
    }

    /** False if there is no time left. */
    private boolean await(long deadline) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
            return false;
        }
        try {
            wait(TimeUnit.NANOSECONDS.toMillis(left) + 1);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** All lines that wait; what was dropped after them is told behind them. */
    synchronized List<LogMessage> take() {
        reportGap();
        List<LogMessage> taken = waiting;
        waiting = new ArrayList<>(Math.min(taken.size(), 4096));
        return taken;
    }

    /** To be called when those that were taken are written, or will never be. */
    void settle(List<LogMessage> taken) {
        List<Wait> over = new ArrayList<>();
        long weight = 0;
        for (LogMessage message : taken) {
            weight += SyslogLine.weightBytes(message);
        }
        totalBytes.addAndGet(-weight);
        synchronized (this) {
            bytes -= weight;
            written += taken.size();
            stalled = false;
            waits.removeIf(wait -> wait.line() <= written && over.add(wait));
            notifyAll();
        }
        over.forEach(wait -> wait.action().run());
    }

    /** Whether something is to be told that no later line may bring up. */
    synchronized boolean hasGap() {
        return lastDropped != null && waiting.isEmpty();
    }

    /** Whether every line that was accepted before is settled by then. */
    synchronized boolean awaitSettled(Duration patience) {
        long line = accepted;
        long deadline = System.nanoTime() + patience.toNanos();
        while (written < line) {
            if (!await(deadline)) {
                return false;
            }
        }
        return true;
    }

    /** Runs the action once every line that was accepted before is settled. */
    void whenSettled(Runnable action) {
        synchronized (this) {
            if (written < accepted) {
                waits.add(new Wait(accepted, action));
                return;
            }
        }
        action.run();
    }

    /** Takes no more lines; those that wait can still be written. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** Nobody writes any more: who waits for it is told. */
    void end() {
        List<Wait> left;
        synchronized (this) {
            left = List.copyOf(waits);
            waits.clear();
            written = accepted;
            notifyAll();
        }
        left.forEach(wait -> wait.action().run());
    }
}
