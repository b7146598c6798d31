package dev.flynn.testing;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.base.TimeSource;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobListener;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

/** What a host's agent starts its jobs in, during one run of the host: {@link RecordedJobs} outlive it. */
final class RecordingBackend implements ContainerBackend {

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final RecordedJobs jobs;
    private final boolean jobsSurvive;
    private final ScheduledExecutorService teller;

    RecordingBackend(RecordedJobs jobs, boolean jobsSurvive, TimeSource time) {
        this.jobs = jobs;
        this.jobsSurvive = jobsSurvive;
        this.teller = time.newTimer(1, new NamedThreads("recorded-jobs"));
        jobs.open(teller);
    }

    @Override
    public Set<Capability> capabilities() {
        Set<Capability> capabilities = EnumSet.of(Capability.IMAGE_HOST, Capability.IMAGE_DOCKER);
        if (jobsSurvive) {
            capabilities.add(Capability.SURVIVES_RESTART);
        }
        return Set.copyOf(capabilities);
    }

    @Override
    public JobStatus start(JobSpec spec) {
        if (spec.tty().isPresent() || spec.stdin()) {
            throw FlynnException.unsupported("input of recorded jobs");
        }
        return jobs.start(spec);
    }

    @Override
    public void stop(JobId id, Duration grace) {
        jobs.stop(id, grace);
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        return jobs.status(id);
    }

    @Override
    public Collection<JobStatus> jobs() {
        return jobs.all();
    }

    @Override
    public void forget(JobId id) {
        jobs.forget(id);
    }

    @Override
    public Subscription watch(JobListener listener) {
        return jobs.watch(listener)::run;
    }

    @Override
    public void close() {
        jobs.leave();
        Executors.stop(teller, "recorded-jobs", PATIENCE);
        if (!jobsSurvive) {
            jobs.endAll();
        }
    }
}
