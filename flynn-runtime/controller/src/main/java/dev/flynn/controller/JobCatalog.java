package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.NewJob;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Jobs: what runs and what ran, and those that run once. */
public final class JobCatalog {

    private final ClusterState state;
    private final JobReports reports;
    private final JobRunner runner;
    private final JobStopper stopper;

    JobCatalog(ClusterState state, JobReports reports, JobRunner runner, JobStopper stopper) {
        this.state = state;
        this.reports = reports;
        this.runner = runner;
        this.stopper = stopper;
    }

    /** The app's jobs that are kept, those that are over too, newest first. */
    public List<Job> of(AppId app) {
        return newestFirst(
                job -> job.app().filter(app::equals).isPresent(),
                job -> job.app().equals(app));
    }

    /** Jobs of all apps that are not down, newest first. */
    public List<Job> active() {
        return newestFirst(job -> job.state().isLive(), job -> job.state().isLive());
    }

    private List<Job> newestFirst(Predicate<JobRecord> wanted, Predicate<Job> wantedReport) {
        Stream<Versioned<?>> own = state.jobs().table().list().stream()
                .filter(job -> wanted.test(job.value()))
                .map(job -> job);
        Stream<Versioned<?>> reported = reports.list().stream()
                .filter(job -> wantedReport.test(job.value()))
                .map(job -> job);
        return Stream.concat(own, reported)
                .sorted(Comparator.comparingLong((Versioned<?> job) -> job.createRevision())
                        .reversed())
                .flatMap(job -> shown(job.value()).stream())
                .toList();
    }

    private static Optional<Job> shown(Object job) {
        return job instanceof JobRecord record ? record.toJob() : Optional.of((Job) job);
    }

    /**
     * Notes what somebody outside says of a job that they run.
     *
     * @throws FlynnException {@code VALIDATION} of {@code state} if it would go back, or if a host of the cluster tells of it
     */
    public Job report(App app, String id, JobReports.JobReport report) {
        return reports.put(app, id, report);
    }

    /**
     * One job.
     *
     * @param id a job id, or the part of it behind the host
     * @throws FlynnException {@code OBJECT_NOT_FOUND}
     */
    public Job get(String id) {
        return reports.find(id)
                .or(() -> stopper.find(id).toJob())
                .orElseThrow(() -> FlynnException.notFound("job", id));
    }

    /**
     * Runs a command once, in the background; its output becomes the app's log.
     *
     * @return what was wanted of a host, the job's id included
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if the release or its image does not exist, {@code NO_CAPACITY} if disks
     *     are full, {@code SERVICE_UNAVAILABLE} if no host can be reached
     */
    public JobSpec run(App app, NewJob request) {
        return runner.run(runner.plan(app, request, false), (job, host) -> {});
    }

    /**
     * Ends a job and returns once it is down; one that a formation wants is started again.
     *
     * @param id a job id, or the part of it behind the host
     * @throws FlynnException {@code OBJECT_NOT_FOUND}, {@code VALIDATION} if it is down already, {@code SERVICE_UNAVAILABLE}
     *     if its host does not end it in time
     */
    public void stop(String id) {
        stopper.stop(id);
    }

    /** Runs commands whose input and output somebody is attached to. */
    public JobRunner runner() {
        return runner;
    }
}
