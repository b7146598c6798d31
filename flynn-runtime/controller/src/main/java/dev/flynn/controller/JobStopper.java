package dev.flynn.controller;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** Ends jobs, and waits until they are down. */
public final class JobStopper {

    /** A host drains a job's connections, then gives it 10 s before it kills it. */
    private static final Duration PATIENCE = Duration.ofSeconds(45);

    private final ClusterState state;

    JobStopper(ClusterState state) {
        this.state = state;
    }

    /**
     * Returns once the job is down.
     *
     * @param id a job id, or the part of it behind the host
     * @throws FlynnException {@code OBJECT_NOT_FOUND}, {@code VALIDATION} if it is down already, {@code SERVICE_UNAVAILABLE}
     *     if its host does not end it in time
     */
    public void stop(String id) {
        JobRecord job = find(id);
        if (job.state() == JobState.DOWN) {
            throw FlynnException.invalid("job %s is not running any more".formatted(job.id()));
        }
        var changed = new Semaphore(0);
        String key = state.jobs().table().key(job.id().value());
        long revision = state.store().list(key).revision();
        try (Subscription watch = state.store().watch(key, revision, new Wakeup(changed))) {
            state.jobs()
                    .update(
                            job.id(),
                            record -> record.stopRequested()
                                    ? record
                                    : record.withStopRequested(state.clock().instant()));
            awaitDown(job.id(), changed);
        }
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public JobRecord find(String id) {
        if (id.indexOf('-') > 0) {
            var known = state.jobs().table().find(id);
            if (known.isPresent()) {
                return known.get().value();
            }
        }
        return state.jobs().table().list().stream()
                .map(record -> record.value())
                .filter(record -> record.id().uuid().equals(id))
                .findFirst()
                .orElseThrow(() -> FlynnException.notFound("job", id));
    }

    private void awaitDown(JobId id, Semaphore changed) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (state.jobs().find(id).filter(job -> job.state() != JobState.DOWN).isPresent()) {
            try {
                if (!changed.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                    throw FlynnException.unavailable(
                            "job %s is not down %d s after it was asked to stop".formatted(id, PATIENCE.toSeconds()),
                            null);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw FlynnException.unavailable("interrupted while job %s stops".formatted(id), e);
            }
        }
    }

    private record Wakeup(Semaphore changed) implements StoreWatcher {

        @Override
        public void onChange(StoreChange change) {
            changed.release();
        }

        @Override
        public void onEnd(FlynnException reason) {
            changed.release();
        }
    }
}
