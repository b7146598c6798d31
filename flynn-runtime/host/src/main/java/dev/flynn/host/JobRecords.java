package dev.flynn.host;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.time.Clock;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/**
 * Writes down what becomes of a host's jobs. A job that is down stays as it is, and one whose record is gone is not written
 * again.
 */
final class JobRecords {

    private static final int KEPT_DOWN_JOBS = 100;

    private final ClusterState state;
    private final Clock clock;
    private final String listenIp;

    /** The apps of jobs that ended since old ones were forgotten; those of no app are kept together. */
    private final Map<JobId, Optional<AppId>> ended = new ConcurrentHashMap<>();

    /** @param listenIp the address of jobs that have none of their own */
    JobRecords(ClusterState state, String listenIp) {
        this.state = state;
        this.clock = state.clock();
        this.listenIp = listenIp;
    }

    /** @return the jobs that are to be started: nobody has stopped them, and their records are there */
    Set<JobId> starting(Collection<JobSpec> assigned) {
        Map<JobId, UnaryOperator<JobRecord>> changes = new LinkedHashMap<>();
        assigned.forEach(spec -> changes.put(spec.id(), record -> record.starting(spec, clock.instant())));
        Set<JobId> accepted = new HashSet<>();
        changeAll(changes).forEach((id, record) -> {
            if (record.state() == JobState.STARTING) {
                accepted.add(id);
            }
        });
        return accepted;
    }

    /** Writes down what was observed of jobs that run, and of those that ended, which may have run too short to be seen. */
    void observed(Collection<JobStatus> news) {
        Map<JobId, UnaryOperator<JobRecord>> began = new LinkedHashMap<>();
        Map<JobId, UnaryOperator<JobRecord>> over = new LinkedHashMap<>();
        for (JobStatus status : news) {
            if (status.startedAt().isPresent()) {
                began.put(status.id(), record -> up(record, status));
            }
            if (status.isDown()) {
                over.put(status.id(), record -> record.down(status, clock.instant()));
            }
        }
        changeAll(began);
        changeAll(over).forEach((id, record) -> ended.put(id, record.app()));
    }

    private JobRecord up(JobRecord record, JobStatus status) {
        return record.state() == JobState.STARTING
                ? record.up(status.address().orElse(listenIp), clock.instant())
                : record;
    }

    void stopping(JobId id) {
        change(id, record -> record.stopping(clock.instant()));
    }

    private Map<JobId, JobRecord> changeAll(Map<JobId, UnaryOperator<JobRecord>> changes) {
        Map<JobId, UnaryOperator<JobRecord>> ofLiving = new LinkedHashMap<>();
        changes.forEach((id, change) -> ofLiving.put(id, unlessDown(change)));
        return state.jobs().updateAll(ofLiving);
    }

    private static UnaryOperator<JobRecord> unlessDown(UnaryOperator<JobRecord> change) {
        return record -> record.state() == JobState.DOWN ? record : change.apply(record);
    }

    /** Changes a job's record unless it is down already; empty if it is gone. */
    private Optional<JobRecord> change(JobId id, UnaryOperator<JobRecord> change) {
        try {
            return Optional.of(state.jobs().update(id, unlessDown(change)));
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.OBJECT_NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Nobody saw how the job ended; one that the host resurrects gets its successor in the same moment. */
    void giveUp(JobId id, String reason) {
        while (true) {
            Versioned<JobRecord> record = state.jobs().table().get(id.value());
            JobRecord job = record.value();
            if (job.state() == JobState.DOWN) {
                return;
            }
            Transaction.Builder transaction = Transaction.builder();
            state.jobs().replace(transaction, record, job.lost(reason, clock.instant()));
            if (job.spec().resurrect() && !job.stopRequested()) {
                state.jobs().create(transaction, Resurrection.successor(job, clock.instant()));
            }
            if (state.commit(transaction).committed()) {
                return;
            }
        }
    }

    /** Counts a job that ended once it is among the known ones: then those that ended before it are, too. */
    void forgetOld(Map<String, Versioned<JobRecord>> known) {
        Set<Optional<AppId>> apps = new HashSet<>();
        ended.forEach((id, app) -> {
            Versioned<JobRecord> record = known.get(id.value());
            if (record == null || record.value().state() == JobState.DOWN) {
                ended.remove(id);
                apps.add(app);
            }
        });
        apps.forEach(app -> forgetOld(app, known.values()));
    }

    /** Lists stay short: of the jobs of an app that are down, the newest are kept. */
    private void forgetOld(Optional<AppId> app, Collection<Versioned<JobRecord>> known) {
        List<Versioned<JobRecord>> old = known.stream()
                .filter(record -> record.value().state() == JobState.DOWN)
                .filter(record -> record.value().app().equals(app))
                .sorted(Comparator.comparingLong((Versioned<JobRecord> record) -> record.createRevision())
                        .reversed())
                .skip(KEPT_DOWN_JOBS)
                .filter(record -> record.value().restartAt().isEmpty())
                .toList();
        for (Versioned<JobRecord> record : old) {
            Transaction.Builder transaction = Transaction.builder();
            state.jobs().table().remove(transaction, record);
            state.commit(transaction);
        }
    }
}
