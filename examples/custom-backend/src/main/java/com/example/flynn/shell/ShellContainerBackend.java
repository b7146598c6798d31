package com.example.flynn.shell;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.container.Requirements;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/**
 * Runs jobs as processes of this machine: the command line of the spec, in a directory of its own. It needs Linux and
 * Perl, and it can do what every backend must and nothing more; {@link #capabilities} says so.
 */
public final class ShellContainerBackend implements ContainerBackend {

    private static final String IMAGE_TYPE = "host";
    private static final Pattern DIRECTORY_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");

    private final Path jobsDirectory;
    private final Path reaper;
    private final String address;
    private final Clock clock;
    private final Map<JobId, ShellJob> jobs = new ConcurrentHashMap<>();
    private final List<JobListener> listeners = new CopyOnWriteArrayList<>();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private volatile boolean closed;

    /**
     * @param dataDirectory of this backend alone
     * @param address where jobs are reachable
     */
    public ShellContainerBackend(Path dataDirectory, String address, Clock clock) {
        this.address = address;
        this.clock = clock;
        try {
            Path directory = Files.createDirectories(dataDirectory).toRealPath();
            this.jobsDirectory = Files.createDirectories(directory.resolve("jobs"));
            this.reaper = directory.resolve("reaper.pl");
            try (InputStream script = getClass().getResourceAsStream("reaper.pl")) {
                Files.copy(Objects.requireNonNull(script), reaper, StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw FlynnException.unavailable("the shell backend cannot use " + dataDirectory + ": " + e, e);
        }
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.IMAGE_HOST);
    }

    @Override
    public JobStatus start(JobSpec spec) {
        if (closed) {
            throw new IllegalStateException("the backend is closed");
        }
        if (!spec.image().type().equals(IMAGE_TYPE)) {
            throw FlynnException.invalid(
                    "the shell backend runs images of type host, not " + spec.image().type());
        }
        if (!DIRECTORY_NAME.matcher(spec.id().value()).matches()) {
            throw FlynnException.invalid("job id \"" + spec.id() + "\" cannot name a directory");
        }
        Requirements.check(spec, capabilities());
        return jobs.computeIfAbsent(spec.id(), id -> {
                    var job = new ShellJob(
                            spec, jobsDirectory.resolve(id.value()), reaper, address, clock, threads, this::tell);
                    threads.execute(job);
                    return job;
                })
                .status();
    }

    @Override
    public void stop(JobId id, Duration grace) {
        Optional.ofNullable(jobs.get(id)).ifPresent(job -> job.stop(grace));
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        return Optional.ofNullable(jobs.get(id)).map(ShellJob::status);
    }

    @Override
    public Collection<JobStatus> jobs() {
        return jobs.values().stream().map(ShellJob::status).toList();
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
        closed = true;
        jobs.values().forEach(job -> job.stop(Duration.ZERO));
        jobs.values().forEach(ShellJob::awaitDown);
        threads.shutdown();
        listeners.clear();
    }

    private void tell(ShellJob.News news) {
        for (JobListener listener : listeners) {
            try {
                news.tell(listener);
            } catch (RuntimeException e) {
                System.getLogger(ShellContainerBackend.class.getName())
                        .log(System.Logger.Level.ERROR, "a listener failed", e);
            }
        }
    }
}
