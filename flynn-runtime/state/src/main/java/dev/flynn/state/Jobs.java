package dev.flynn.state;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Writes jobs, each change of state together with the {@code job} event that tells of it. Thread-safe. */
public final class Jobs {

    /** States that clients of 2015 know; they are told of no others. */
    private static final Set<JobState> TOLD = EnumSet.of(JobState.STARTING, JobState.UP, JobState.DOWN);

    /** Characters of records in one transaction; with their events, and one more record, far less than it may have. */
    private static final int CHANGED_TOGETHER = 256 * 1024;

    private final ClusterStore store;
    private final Table<JobRecord> table;
    private final Events events;

    Jobs(ClusterStore store, Table<JobRecord> table, Events events) {
        this.store = store;
        this.table = table;
        this.events = events;
    }

    public Table<JobRecord> table() {
        return table;
    }

    public Optional<JobRecord> find(JobId id) {
        return table.find(id.value()).map(Versioned::value);
    }

    /** Adds: this job is wanted. The job's host starts it. */
    public void create(Transaction.Builder transaction, JobRecord job) {
        table.create(transaction, job.id().value(), job);
    }

    /** Makes a job wanted. */
    public void create(JobRecord job) {
        Transaction.Builder transaction = Transaction.builder();
        create(transaction, job);
        if (!store.commit(transaction.build()).committed()) {
            throw FlynnException.exists("job %s already exists".formatted(job.id()));
        }
    }

    /**
     * Changes a job until no other writer came in between. A change that would move the state backwards is not written.
     *
     * @param change a pure function
     * @return the job as it is now
     * @throws FlynnException {@code OBJECT_NOT_FOUND}
     */
    public JobRecord update(JobId id, UnaryOperator<JobRecord> change) {
        while (true) {
            Versioned<JobRecord> read = table.get(id.value());
            JobRecord changed = changed(read.value(), change);
            if (changed.equals(read.value())) {
                return changed;
            }
            Transaction.Builder transaction = Transaction.builder();
            replace(transaction, read, changed);
            if (store.commit(transaction.build()).committed()) {
                return changed;
            }
        }
    }

    private static JobRecord changed(JobRecord read, UnaryOperator<JobRecord> change) {
        JobRecord changed = change.apply(read);
        return changed.state().compareTo(read.state()) < 0 ? read : changed;
    }

    /**
     * Changes jobs as {@link #update} does, many in one transaction: that costs hardly more than one, for whoever writes and
     * for whoever watches. A failure may leave some of them changed.
     *
     * @return each job as it is now; those that are gone are missing
     */
    public Map<JobId, JobRecord> updateAll(Map<JobId, UnaryOperator<JobRecord>> changes) {
        Map<JobId, JobRecord> now = new HashMap<>();
        Map<JobId, JobRecord> together = new LinkedHashMap<>();
        Transaction.Builder transaction = Transaction.builder();
        int size = 0;
        for (Map.Entry<JobId, UnaryOperator<JobRecord>> entry : changes.entrySet()) {
            JobId id = entry.getKey();
            Optional<Versioned<JobRecord>> read = table.find(id.value());
            if (read.isEmpty()) {
                continue;
            }
            JobRecord changed = changed(read.get().value(), entry.getValue());
            if (changed.equals(read.get().value())) {
                now.put(id, changed);
                continue;
            }
            size += replaceWritten(transaction, read.get(), changed).length();
            together.put(id, changed);
            if (size > CHANGED_TOGETHER) {
                commit(transaction, together, changes, now);
                together.clear();
                transaction = Transaction.builder();
                size = 0;
            }
        }
        commit(transaction, together, changes, now);
        return now;
    }

    /** All, or, if another writer came in between, each by itself. */
    private void commit(
            Transaction.Builder transaction,
            Map<JobId, JobRecord> together,
            Map<JobId, UnaryOperator<JobRecord>> changes,
            Map<JobId, JobRecord> now) {
        if (together.isEmpty()) {
            return;
        }
        if (store.commit(transaction.build()).committed()) {
            now.putAll(together);
            return;
        }
        for (JobId id : together.keySet()) {
            try {
                now.put(id, update(id, requireNonNull(changes.get(id))));
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.OBJECT_NOT_FOUND) {
                    throw e;
                }
            }
        }
    }

    /** Adds: this change of a job, with its event if its state changed. */
    public void replace(Transaction.Builder transaction, Versioned<JobRecord> read, JobRecord changed) {
        String unused = replaceWritten(transaction, read, changed);
    }

    /** As {@link #replace}; returns the JSON of the record. */
    private String replaceWritten(Transaction.Builder transaction, Versioned<JobRecord> read, JobRecord changed) {
        String written = table.replaceWritten(transaction, read, changed);
        if (changed.state() != read.value().state() && TOLD.contains(changed.state())) {
            changed.toJob()
                    .ifPresent(job -> events.append(
                            transaction,
                            EventType.JOB,
                            Optional.of(job.app()),
                            job.id().value(),
                            job));
        }
        return written;
    }
}
