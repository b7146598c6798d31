package dev.flynn.containers.builtin;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.Artifact;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobListener;
import dev.flynn.spi.container.Requirements;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Runs programs of this process as jobs: {@code builtin:<name>} names a {@link BuiltinProgram}.
 *
 * <p>Each job has a thread group of its own, see {@link JobThreadGroup}. A job has no process, so there are no signals, no
 * limits and no isolation; what it writes to its streams is delivered like any job's output.
 */
public final class BuiltinContainerBackend implements ContainerBackend {

    private static final String SCHEME = "builtin:";
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(5);

    private final Map<String, BuiltinProgram> programs;
    private final String address;
    private final Clock clock;
    private final Map<JobId, RunningProgram> jobs = new ConcurrentHashMap<>();
    private final List<JobListener> listeners = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    /** @param address where the programs' ports are reachable, such as {@code 127.0.0.1} */
    public BuiltinContainerBackend(Collection<? extends BuiltinProgram> programs, String address, Clock clock) {
        this.programs =
                programs.stream().collect(Collectors.toUnmodifiableMap(BuiltinProgram::name, Function.identity()));
        this.address = address;
        this.clock = clock;
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.HOST_NETWORK, Capability.IMAGE_BUILTIN);
    }

    @Override
    public JobStatus start(JobSpec spec) {
        requireOpen();
        String uri = spec.image().uri();
        if (!spec.image().type().equals(Artifact.BUILTIN) || !uri.startsWith(SCHEME)) {
            throw FlynnException.invalid("the builtin backend runs images %s<name>, not %s of type %s"
                    .formatted(SCHEME, uri, spec.image().type()));
        }
        Requirements.check(spec, capabilities());
        var created = new boolean[1];
        RunningProgram job = jobs.computeIfAbsent(spec.id(), id -> {
            created[0] = true;
            return new RunningProgram(spec, address, clock, delivery(id));
        });
        if (created[0]) {
            job.start(Optional.ofNullable(programs.get(uri.substring(SCHEME.length()))), programs.keySet());
        }
        return job.status();
    }

    @Override
    public void stop(JobId id, Duration grace) {
        RunningProgram job = jobs.get(id);
        if (job != null) {
            job.stop(grace);
        }
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        return Optional.ofNullable(jobs.get(id)).map(RunningProgram::status);
    }

    @Override
    public Collection<JobStatus> jobs() {
        return jobs.values().stream().map(RunningProgram::status).toList();
    }

    @Override
    public void forget(JobId id) {
        jobs.computeIfPresent(id, (key, job) -> job.status().isDown() ? null : job);
    }

    @Override
    public Subscription watch(JobListener listener) {
        requireOpen();
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public void close() {
        closed = true;
        jobs.values().forEach(job -> job.stop(CLOSE_GRACE));
        jobs.values().forEach(job -> job.awaitDown(CLOSE_GRACE.plusSeconds(1)));
        listeners.clear();
    }

    private JobDelivery delivery(JobId id) {
        var delivery = new JobDelivery(id, listeners);
        delivery.start(new NamedThreads("deliver-" + id));
        return delivery;
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the backend is closed");
        }
    }
}
