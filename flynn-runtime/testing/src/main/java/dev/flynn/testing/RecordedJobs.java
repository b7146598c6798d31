package dev.flynn.testing;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.JobListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apiguardian.api.API;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of one host of an {@link EmbeddedCluster}, which are no processes: they are recorded, listen on their ports for
 * real so that health checks see them, and do what the test says.
 *
 * <p>Promises: what the host starts runs when {@link #running} has it, and ends only by {@link #exit}, {@link #kill}, its
 * {@linkplain #onStart behaviour}, or the host. The host is told of everything in order, on another thread. Thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class RecordedJobs {

    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;

    private final String address;
    private final Clock clock;
    private final List<JobListener> listeners = new CopyOnWriteArrayList<>();

    // guarded by this
    private final List<JobSpec> started = new ArrayList<>();
    private final Map<JobId, Recorded> jobs = new LinkedHashMap<>();
    private JobBehaviour.Choice behaviour = job -> JobBehaviour.WORKS;
    private @Nullable ScheduledExecutorService teller;

    /** @param clock the host's */
    RecordedJobs(String address, Clock clock) {
        this.address = address;
        this.clock = clock;
    }

    // what the test sees

    /** Everything that was ever started here, in order. */
    public synchronized List<JobSpec> started() {
        return List.copyOf(started);
    }

    /** What runs now, as the host's operating system would show it, whatever the cluster believes. */
    public synchronized List<JobSpec> running() {
        return jobs.values().stream()
                .filter(job -> job.status.state() == JobStatus.State.RUNNING)
                .map(job -> job.spec)
                .toList();
    }

    public boolean isRunning(JobId id) {
        return running().stream().anyMatch(job -> job.id().equals(id));
    }

    // what the test says

    /** Decides what jobs do that are started from now on; {@link JobBehaviour#WORKS} unless said. */
    public synchronized void onStart(JobBehaviour.Choice choice) {
        behaviour = requireNonNull(choice, "choice");
    }

    /**
     * The job's process ends by itself.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if it does not run
     */
    public synchronized void exit(JobId id, int status) {
        requireRunning(id);
        end(id, job -> job.exited(status, now()));
    }

    /**
     * A signal ends the job's process.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if it does not run
     */
    public synchronized void kill(JobId id, int signal) {
        requireRunning(id);
        end(id, job -> job.signalled(signal, now()));
    }

    /**
     * The job writes a line to its standard output.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if it does not run
     */
    public synchronized void print(JobId id, String line) {
        requireRunning(id);
        byte[] bytes = (line + "\n").getBytes(StandardCharsets.UTF_8);
        tell(listener -> listener.onOutput(id, OutputStreamKind.STDOUT, bytes));
    }

    /**
     * The job listens on its ports from now on, or does not any more.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if it does not run
     */
    public synchronized void setHealthy(JobId id, boolean healthy) {
        Recorded job = requireRunning(id);
        job.closePorts();
        if (healthy) {
            try {
                job.ports = JobPorts.open(job.spec, address);
            } catch (IOException e) {
                throw FlynnException.unavailable("job %s cannot listen".formatted(id), e);
            }
        }
    }

    private Recorded requireRunning(JobId id) {
        Recorded job = jobs.get(id);
        if (job == null || job.status.state() != JobStatus.State.RUNNING) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job %s does not run on this host".formatted(id));
        }
        return job;
    }

    // what the backend does

    /** The host runs, and is told what happens by this timer. */
    synchronized void open(ScheduledExecutorService newTeller) {
        teller = newTeller;
    }

    /** Nobody is told any more. */
    synchronized void leave() {
        listeners.clear();
        teller = null;
    }

    /** Everything ends; nobody is told. */
    synchronized void endAll() {
        jobs.values().forEach(Recorded::closePorts);
        jobs.clear();
    }

    synchronized JobStatus start(JobSpec spec) {
        Recorded known = jobs.get(spec.id());
        if (known != null) {
            return known.status;
        }
        started.add(spec);
        JobBehaviour does = behaviour.of(spec);
        var job = new Recorded(spec, does, JobStatus.starting(spec.id(), now()));
        jobs.put(spec.id(), job);
        tellStatus(job.status);
        if (does.error().isPresent()) {
            end(spec.id(), status -> status.failed(does.error().get(), now()));
            return job.status;
        }
        try {
            if (does.listens()) {
                job.ports = JobPorts.open(spec, address);
            }
        } catch (IOException e) {
            end(spec.id(), status -> status.failed("cannot listen: " + e.getMessage(), now()));
            return job.status;
        }
        job.status = job.status.running(address, now());
        tellStatus(job.status);
        does.exitStatus().ifPresent(status -> end(spec.id(), running -> running.exited(status, now())));
        return job.status;
    }

    synchronized void stop(JobId id, Duration grace) {
        Recorded job = jobs.get(id);
        if (job == null || job.status.isDown()) {
            return;
        }
        if (grace.isZero()) {
            end(id, status -> status.signalled(SIGKILL, now()));
        } else if (job.does.heedsTerm()) {
            end(id, status -> status.signalled(SIGTERM, now()));
        } else if (teller != null) {
            var unused = teller.schedule(() -> stop(id, Duration.ZERO), grace.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    synchronized Optional<JobStatus> status(JobId id) {
        return Optional.ofNullable(jobs.get(id)).map(job -> job.status);
    }

    synchronized List<JobStatus> all() {
        return jobs.values().stream().map(job -> job.status).toList();
    }

    synchronized void forget(JobId id) {
        Recorded job = jobs.get(id);
        if (job != null && job.status.isDown()) {
            jobs.remove(id);
        }
    }

    Runnable watch(JobListener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    // telling

    private void end(JobId id, UnaryOperator<JobStatus> how) {
        Recorded job = jobs.get(id);
        if (job != null && !job.status.isDown()) {
            job.closePorts();
            job.status = how.apply(job.status);
            tellStatus(job.status);
        }
    }

    private void tellStatus(JobStatus status) {
        tell(listener -> listener.onStatus(status));
    }

    private void tell(Consumer<JobListener> what) {
        if (teller == null) {
            return;
        }
        try {
            teller.execute(() -> listeners.forEach(what));
        } catch (RejectedExecutionException closed) {
            // the host is gone, and asks when it comes back
        }
    }

    private Instant now() {
        return clock.instant();
    }

    /** One job; guarded by what surrounds it. */
    private static final class Recorded {

        private final JobSpec spec;
        private final JobBehaviour does;
        private JobStatus status;
        private @Nullable JobPorts ports;

        Recorded(JobSpec spec, JobBehaviour does, JobStatus status) {
            this.spec = spec;
            this.does = does;
            this.status = status;
        }

        void closePorts() {
            if (ports != null) {
                ports.close();
                ports = null;
            }
        }
    }
}
