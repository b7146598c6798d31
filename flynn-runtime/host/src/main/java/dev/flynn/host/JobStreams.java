package dev.flynn.host;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.spi.log.LogSink;
import java.time.Clock;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** What one job writes, on its way to those attached and to the app's log. */
final class JobStreams {

    private final List<AttachSession> attached = new CopyOnWriteArrayList<>();
    private final Map<OutputStreamKind, LineSplitter> loggers = new EnumMap<>(OutputStreamKind.class);
    private @Nullable JobStatus ended;

    JobStreams(JobSpec spec, LogSink log, Clock clock) {
        String app = spec.metadata().get(JobSpec.META_APP);
        if (app == null || spec.disableLog() || spec.tty().isPresent()) {
            return;
        }
        AppId appId = AppId.of(app);
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

    /** Adds an attachment; one that comes after the end is told that. */
    void attach(AttachSession session, boolean running) {
        synchronized (this) {
            if (ended == null) {
                attached.add(session);
                if (running) {
                    session.attached();
                }
                return;
            }
        }
        session.error(AttachSession.NOT_RUNNING);
    }

    void detach(AttachSession session) {
        attached.remove(session);
    }

    synchronized void running() {
        attached.forEach(AttachSession::attached);
    }

    void output(OutputStreamKind stream, byte[] bytes) {
        attached.forEach(session -> session.output(stream, bytes));
        LineSplitter logger = loggers.get(stream);
        if (logger != null) {
            logger.accept(bytes);
        }
    }

    /** Finishes the log, then tells the attached how the job ended. */
    void end(JobStatus status) {
        loggers.values().forEach(LineSplitter::finish);
        synchronized (this) {
            ended = status;
        }
        attached.forEach(session -> status.error()
                .ifPresentOrElse(
                        session::error, () -> session.exit(status.exitStatus().orElse(0))));
        attached.clear();
    }
}
