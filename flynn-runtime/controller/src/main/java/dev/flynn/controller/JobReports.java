package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Jobs that somebody outside runs and tells of, such as a scheduler of another kind. The cluster's own hosts tell of theirs
 * themselves, and nobody else may: what is said of those is only checked.
 */
public final class JobReports {

    private final ClusterState state;
    private final ControllerTables tables;

    JobReports(ClusterState state, ControllerTables tables) {
        this.state = state;
        this.tables = tables;
    }

    /** What a client sends to tell of a job; the id in the body counts, as the contract has it. */
    public record JobReport(
            String id,
            String release,
            Optional<String> type,
            String state,
            List<String> cmd,
            Map<String, String> meta,
            OptionalInt exitStatus,
            Optional<String> hostError) {}

    List<Versioned<Job>> list() {
        return tables.jobReports().list();
    }

    Optional<Job> find(String id) {
        return list().stream()
                .map(Versioned::value)
                .filter(job -> job.id().value().equals(id) || job.id().uuid().equals(id))
                .findFirst();
    }

    /**
     * Notes how a job is; its state only goes forward.
     *
     * @throws FlynnException {@code VALIDATION} of {@code state} if it would go back, or if a host of the cluster tells of it
     */
    Job put(App app, String idInPath, JobReport report) {
        JobId id = new JobId(report.id().isEmpty() ? idInPath : report.id());
        JobState told = JobState.ofWireName(report.state());
        Optional<Job> own = state.jobs().find(id).flatMap(JobRecord::toJob);
        if (own.isPresent()) {
            return checked(own.get(), told);
        }
        String key = app.id() + "/" + id;
        while (true) {
            Optional<Versioned<Job>> known = tables.jobReports().find(key);
            Job job =
                    known.map(read -> changed(read.value(), told, report)).orElseGet(() -> job(app, id, told, report));
            Transaction.Builder transaction = Transaction.builder();
            known.ifPresentOrElse(
                    read -> tables.jobReports().replace(transaction, read, job),
                    () -> tables.jobReports().create(transaction, key, job));
            if (known.map(read -> read.value().state() != told).orElse(true)) {
                state.events().append(transaction, EventType.JOB, Optional.of(app.id()), id.value(), job);
            }
            if (state.commit(transaction).committed()) {
                return job;
            }
        }
    }

    /** Adds: nothing is known of jobs of the app any more. */
    void forget(Transaction.Builder transaction, AppId app) {
        tables.jobReports().list(app + "/").forEach(job -> transaction.delete(job.key()));
    }

    private static Job checked(Job own, JobState told) {
        requireForward(own.state(), told);
        if (own.state() != told) {
            throw FlynnException.invalidField(
                    "state",
                    "of job %s is told by its host, which says %s"
                            .formatted(own.id(), own.state().wireName()));
        }
        return own;
    }

    private Job changed(Job known, JobState told, JobReport report) {
        requireForward(known.state(), told);
        return new Job(
                known.id(),
                known.app(),
                known.release(),
                known.type(),
                told,
                known.cmd(),
                known.meta(),
                report.exitStatus(),
                report.hostError(),
                known.restarts(),
                known.createdAt(),
                state.clock().instant());
    }

    private static void requireForward(JobState known, JobState told) {
        if (told.compareTo(known) < 0) {
            throw FlynnException.invalidField(
                    "state", "cannot go back from %s to %s".formatted(known.wireName(), told.wireName()));
        }
    }

    private Job job(App app, JobId id, JobState told, JobReport report) {
        if (report.release().isEmpty()) {
            throw ReleaseCatalog.required("release");
        }
        Instant now = state.clock().instant();
        return new Job(
                id,
                app.id(),
                ReleaseId.of(report.release()),
                report.type().filter(type -> !type.isEmpty()),
                told,
                report.cmd(),
                report.meta(),
                report.exitStatus(),
                report.hostError(),
                0,
                now,
                now);
    }
}
