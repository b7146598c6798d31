package dev.flynn.state;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Writes jobs, each change of state together with the {@code job} event that tells of it. Thread-safe. */
public final class Jobs {

    /** States that clients of 2015 know; they are told of no others. */
    private static final Set<JobState> TOLD = EnumSet.of(JobState.STARTING, JobState.UP, JobState.DOWN);

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
            JobRecord changed = change.apply(read.value());
            if (changed.equals(read.value())
                    || changed.state().compareTo(read.value().state()) < 0) {
                return read.value();
            }
            Transaction.Builder transaction = Transaction.builder();
            replace(transaction, read, changed);
            if (store.commit(transaction.build()).committed()) {
                return changed;
            }
        }
    }

    /** Adds: this change of a job, with its event if its state changed. */
    public void replace(Transaction.Builder transaction, Versioned<JobRecord> read, JobRecord changed) {
        table.replace(transaction, read, changed);
        if (changed.state() != read.value().state() && TOLD.contains(changed.state())) {
            changed.toJob()
                    .ifPresent(job -> events.append(
                            transaction,
                            EventType.JOB,
                            Optional.of(job.app()),
                            job.id().value(),
                            job));
        }
    }
}
