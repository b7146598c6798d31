package dev.flynn.host;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.log.LogSink;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What one job writes, on its way to those attached and to the app's log. */
final class JobStreams {

    private static final Duration FLUSH_PATIENCE = Duration.ofSeconds(1);
    private static final Duration STALLED_PATIENCE = Duration.ofMillis(5);

    private final List<AttachSession> attached = new CopyOnWriteArrayList<>();
    private final Map<OutputStreamKind, LineSplitter> loggers = new EnumMap<>(OutputStreamKind.class);
    private final CountDownLatch over = new CountDownLatch(1);
    private final LogSink log;
    private final Optional<AppId> app;
    /** Whether the sink took too long the last time. */
    private volatile boolean stalled;

    private boolean running;
    private @Nullable JobStatus ended;

    /** @throws dev.flynn.api.error.FlynnException {@code VALIDATION} if the spec names no valid app */
    JobStreams(JobSpec spec, LogSink log, Clock clock) {
        this.log = log;
        this.app = Optional.ofNullable(spec.metadata().get(JobSpec.META_APP))
                .filter(id -> !spec.disableLog() && spec.tty().isEmpty())
                .map(AppId::of);
        app.ifPresent(id -> startLog(id, spec, clock));
    }

    private void startLog(AppId appId, JobSpec spec, Clock clock) {
        Optional<String> type = Optional.ofNullable(spec.metadata().get(JobSpec.META_TYPE));
        for (OutputStreamKind stream : OutputStreamKind.values()) {
            loggers.put(
                    stream,
                    new LineSplitter(line -> log.accept(
                            appId,
                            new LogMessage(
                                    spec.id().hostId(),
                                    spec.id().value(),
                                    line,
                                    type,
                                    stream.wireName(),
                                    clock.instant()))));
        }
    }

    /** Adds an attachment: it is attached now if the job runs, else when it does; one that comes after the end is told so. */
    void attach(AttachSession session) {
        synchronized (this) {
            if (ended == null) {
                if (running) {
                    session.attached();
                }
                attached.add(session);
                return;
            }
        }
        session.error(ended.error().orElse(AttachSession.NOT_RUNNING));
    }

    /** The size that somebody who waits for the job wants its terminal to have from the start. */
    Optional<TerminalSize> wantedSize() {
        return attached.stream()
                .map(AttachSession::size)
                .flatMap(Optional::stream)
                .findFirst();
    }

    void detach(AttachSession session) {
        attached.remove(session);
    }

    synchronized void running() {
        running = true;
        attached.forEach(AttachSession::attached);
    }

    void output(OutputStreamKind stream, byte[] bytes) {
        attached.forEach(session -> session.output(stream, bytes));
        LineSplitter logger = loggers.get(stream);
        if (logger != null) {
            logger.accept(bytes);
        }
    }

    /** Waits until what was written survives the death of this process; a sink that took too long is hardly waited for. */
    void flush() {
        app.ifPresent(id -> stalled = !log.flush(id, stalled ? STALLED_PATIENCE : FLUSH_PATIENCE));
    }

    /** Finishes the log, then tells the attached how the job ended. */
    void end(JobStatus status) {
        loggers.values().forEach(LineSplitter::finish);
        synchronized (this) {
            if (ended != null) {
                return;
            }
            ended = status;
        }
        attached.forEach(session -> status.error()
                .ifPresentOrElse(
                        session::error, () -> session.exit(status.exitStatus().orElse(0))));
        attached.clear();
        over.countDown();
    }

    /** Whether everything was delivered by then, the end included. */
    boolean awaitEnd(Duration patience) {
        try {
            return over.await(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return over.getCount() == 0;
        }
    }
}
