package com.example.flynn.bubblewrap;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.container.Requirements;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Runs each job in a sandbox of bubblewrap: with namespaces of its own for processes, mounts, IPC and the host's name, on the
 * host's programs read-only, and on the host's network. Jobs end with this backend.
 */
public final class BubblewrapBackend implements ContainerBackend {

    private static final Set<Capability> CAPABILITIES = Set.of(
            Capability.IMAGE_HOST,
            Capability.ISOLATION,
            Capability.MOUNTS,
            Capability.HOST_NETWORK,
            Capability.STDIN,
            Capability.SIGNAL,
            Capability.LIMIT_MAX_FD);
    private static final String IMAGE_TYPE = "host";
    private static final Pattern IMAGE_URI = Pattern.compile("host:([A-Za-z0-9][A-Za-z0-9._-]*)");
    private static final Pattern DIRECTORY_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");

    private final JobDirectories directories;
    private final Sandbox sandbox;
    private final String address;
    private final Clock clock;
    private final JobFiles files;
    private final Map<JobId, BubblewrapJob> jobs = new ConcurrentHashMap<>();
    private final List<JobListener> listeners = new CopyOnWriteArrayList<>();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private boolean closed;

    /**
     * @param dataDirectory of this backend alone
     * @param images has a folder for each image of type {@code host}, with the program {@code init}
     * @param address where jobs are reachable
     */
    public BubblewrapBackend(Path dataDirectory, Path images, String address, Clock clock, JobFiles files) {
        this.address = address;
        this.clock = clock;
        this.files = files;
        try {
            this.directories = JobDirectories.open(dataDirectory);
            this.sandbox = Sandbox.open(directories, images.toAbsolutePath());
        } catch (IOException e) {
            throw FlynnException.unavailable("the bubblewrap backend cannot be opened: " + e.getMessage(), e);
        }
    }

    @Override
    public Set<Capability> capabilities() {
        return CAPABILITIES;
    }

    @Override
    public synchronized JobStatus start(JobSpec spec) {
        if (closed) {
            throw new IllegalStateException("the backend is closed");
        }
        if (!spec.image().type().equals(IMAGE_TYPE)
                || !IMAGE_URI.matcher(spec.image().uri()).matches()) {
            throw FlynnException.invalid("the bubblewrap backend runs images host:<name>, not %s of type %s"
                    .formatted(spec.image().uri(), spec.image().type()));
        }
        if (!DIRECTORY_NAME.matcher(spec.id().value()).matches()) {
            throw FlynnException.invalid("job id \"" + spec.id() + "\" cannot name a directory");
        }
        Requirements.check(spec, CAPABILITIES);
        return jobs.computeIfAbsent(spec.id(), id -> {
                    var job = new BubblewrapJob(spec, this);
                    new Thread(job, "job-" + id).start();
                    return job;
                })
                .status();
    }

    @Override
    public void stop(JobId id, Duration grace) {
        Optional.ofNullable(jobs.get(id)).ifPresent(job -> job.stop(grace));
    }

    @Override
    public void signal(JobId id, int number) {
        running(id).signal(number);
    }

    @Override
    public OutputStream stdin(JobId id) {
        return running(id).stdin();
    }

    private BubblewrapJob running(JobId id) {
        BubblewrapJob job = jobs.get(id);
        if (job == null || job.status().state() != JobStatus.State.RUNNING) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + id + " does not run");
        }
        return job;
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        return Optional.ofNullable(jobs.get(id)).map(BubblewrapJob::status);
    }

    @Override
    public Collection<JobStatus> jobs() {
        return jobs.values().stream().map(BubblewrapJob::status).toList();
    }

    @Override
    public void forget(JobId id) {
        jobs.computeIfPresent(id, (key, job) -> job.status().isDown() ? null : job);
    }

    @Override
    public Subscription watch(JobListener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    /** Ends all jobs: they do not survive a restart. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        jobs.values().forEach(job -> job.stop(Duration.ZERO));
        jobs.values().forEach(BubblewrapJob::awaitDown);
        timer.shutdownNow();
        listeners.clear();
    }

    // what a job needs of its backend

    JobDirectories directories() {
        return directories;
    }

    Sandbox sandbox() {
        return sandbox;
    }

    String address() {
        return address;
    }

    Clock clock() {
        return clock;
    }

    JobFiles files() {
        return files;
    }

    ScheduledExecutorService timer() {
        return timer;
    }

    /** The caller sees to it that this comes one at a time for each job. */
    void tell(Consumer<JobListener> news) {
        for (JobListener listener : listeners) {
            try {
                news.accept(listener);
            } catch (RuntimeException e) {
                System.getLogger(BubblewrapBackend.class.getName())
                        .log(System.Logger.Level.ERROR, "a listener failed", e);
            }
        }
    }
}
