package dev.flynn.logs;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.component.Subscription;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The lines of one job on this host: first those that are kept, then those that come, in order and without a gap.
 *
 * <p>Who reads slowly loses lines, and reads how many at the place where they are missing; the job and its log do not wait.
 * One thread reads; {@link #finish} and {@link #close} may be called by any.
 */
public final class JobLines implements AutoCloseable {

    private static final int MAX_WAITING = 10_000;

    private final String job;
    private final AppId app;
    private final LogMux mux;
    private final Kept kept;
    private final Subscription subscription;

    // guarded by this
    private final Queue<LogMessage> waiting = new ArrayDeque<>();
    private @Nullable LogMessage lastDropped;
    private long dropped;
    private boolean over;

    /** To be called while nothing is written. */
    JobLines(LogMux mux, Kept kept, AppId app, JobId job) {
        this.mux = mux;
        this.app = app;
        this.kept = kept;
        this.job = job.value();
        this.subscription = mux.follow(this::accept);
    }

    private synchronized void accept(List<SyslogLine> lines) {
        if (lines.get(0).app().equals(app)) {
            lines.forEach(this::accept);
            notifyAll();
        }
    }

    private void accept(SyslogLine line) {
        if (over || !line.message().jobId().equals(job)) {
            return;
        }
        if (waiting.size() >= MAX_WAITING) {
            dropped++;
            lastDropped = line.message();
        } else {
            reportGap();
            waiting.add(line.message());
        }
    }

    private void reportGap() {
        LogMessage last = lastDropped;
        if (last != null) {
            waiting.add(new LogMessage(
                    last.hostId(),
                    last.jobId(),
                    "%d lines are missing here, because they were not read fast enough".formatted(dropped),
                    last.processType(),
                    last.stream(),
                    last.timestamp()));
            lastDropped = null;
            dropped = 0;
        }
    }

    /** Delivers what was kept when this was opened; to be called once, first. */
    public void history(Consumer<LogMessage> lines) throws IOException {
        kept.read(line -> {
            if (line.message().jobId().equals(job)) {
                lines.accept(line.message());
            }
        });
    }

    /** Waits for the next line; empty once the lines have ended. */
    public synchronized Optional<LogMessage> next() throws InterruptedException {
        while (waiting.isEmpty()) {
            if (over) {
                return Optional.empty();
            }
            wait();
        }
        Optional<LogMessage> next = Optional.of(waiting.remove());
        if (waiting.isEmpty()) {
            reportGap();
        }
        return next;
    }

    /** The lines end with those that the job has written until now. */
    public void finish() {
        mux.whenWritten(app, this::end);
    }

    private synchronized void end() {
        if (!over) {
            reportGap();
            over = true;
            notifyAll();
        }
    }

    @Override
    public void close() {
        subscription.close();
        kept.close();
        synchronized (this) {
            over = true;
            waiting.clear();
            notifyAll();
        }
    }
}
