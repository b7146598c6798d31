package dev.flynn.host;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Jobs;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The jobs of this host as those see them who attach: also jobs that are still to come. Thread-safe. */
final class Attachments implements HostConnection {

    private final Jobs records;

    /** The jobs that this host has taken on. */
    private final Map<JobId, LocalJob> local;

    private final Map<JobId, List<AttachSession>> waiting = new HashMap<>();

    Attachments(Jobs records, Map<JobId, LocalJob> local) {
        this.records = records;
        this.local = local;
    }

    @Override
    public Attachment attach(JobId job, boolean stdin, Optional<TerminalSize> size, AttachListener listener) {
        var session = new AttachSession(job, stdin, size, listener, () -> running(job), closed -> detach(job, closed));
        LocalJob here;
        Optional<JobRecord> past = Optional.empty();
        synchronized (waiting) {
            here = local.get(job);
            if (here == null) {
                past = records.find(job).filter(record -> record.state() != JobState.PENDING);
                if (past.isEmpty()) {
                    waiting.computeIfAbsent(job, id -> new ArrayList<>()).add(session);
                }
            }
        }
        if (here != null) {
            here.streams.attach(session);
        }
        past.ifPresent(record -> session.error(record.hostError().orElse(AttachSession.NOT_RUNNING)));
        return session;
    }

    /** A job was taken on: who waited for it waits for its process now. */
    void adopt(LocalJob job) {
        take(job.id()).forEach(job.streams::attach);
    }

    /** A job that somebody may wait for will never run. */
    void refuse(JobStatus ended) {
        for (AttachSession session : take(ended.id())) {
            ended.error()
                    .ifPresentOrElse(
                            session::error,
                            () -> session.exit(ended.exitStatus().orElse(0)));
        }
    }

    private List<AttachSession> take(JobId job) {
        synchronized (waiting) {
            List<AttachSession> sessions = waiting.remove(job);
            return sessions == null ? List.of() : sessions;
        }
    }

    private void detach(JobId job, AttachSession session) {
        synchronized (waiting) {
            List<AttachSession> sessions = waiting.get(job);
            if (sessions != null && sessions.remove(session) && sessions.isEmpty()) {
                waiting.remove(job);
            }
        }
        LocalJob here = local.get(job);
        if (here != null) {
            here.streams.detach(session);
        }
    }

    @Override
    public void signal(JobId job, int number) {
        running(job).backend.signal(job, number);
    }

    private LocalJob running(JobId job) {
        LocalJob here = local.get(job);
        if (here == null) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + job + " does not run on its host");
        }
        return here;
    }
}
