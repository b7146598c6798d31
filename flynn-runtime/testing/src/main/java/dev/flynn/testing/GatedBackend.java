package dev.flynn.testing;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.ExecResult;
import dev.flynn.spi.container.JobListener;
import java.io.OutputStream;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A backend behind its host's gate, which can be made to fail.
 *
 * <p>When the host dies, the agent is told that all its jobs ended, so that it gets to its end; nothing that it does about them
 * reaches the backend any more.
 */
final class GatedBackend implements ContainerBackend {

    private static final int SIGKILL = 9;

    private final ContainerBackend backend;
    private final Gate gate;
    private final Clock clock;
    private final List<JobListener> listeners = new CopyOnWriteArrayList<>();
    private final Map<JobId, JobStatus> living = new ConcurrentHashMap<>();
    private volatile Optional<String> failure = Optional.empty();

    GatedBackend(ContainerBackend backend, Gate gate, Clock clock) {
        this.backend = backend;
        this.gate = gate;
        this.clock = clock;
        backend.jobs().stream().filter(job -> !job.isDown()).forEach(job -> living.put(job.id(), job));
    }

    /** Refuses to start anything for this reason, or starts again. */
    void fail(Optional<String> reason) {
        failure = reason;
    }

    /** The host died. */
    void sever() {
        gate.die();
        living.values().forEach(job -> {
            JobStatus down = job.signalled(SIGKILL, clock.instant());
            listeners.forEach(listener -> listener.onStatus(down));
        });
    }

    @Override
    public Set<Capability> capabilities() {
        return backend.capabilities();
    }

    @Override
    public JobStatus start(JobSpec spec) {
        requireAlive();
        failure.ifPresent(reason -> {
            throw FlynnException.unavailable(reason, null);
        });
        living.put(spec.id(), JobStatus.starting(spec.id(), clock.instant()));
        return backend.start(spec);
    }

    private void requireAlive() {
        gate.pass();
        if (gate.isDead()) {
            throw FlynnException.unavailable("the host is dead", null);
        }
    }

    @Override
    public void stop(JobId id, Duration grace) {
        gate.pass();
        if (!gate.isDead()) {
            backend.stop(id, grace);
        }
    }

    @Override
    public Optional<JobStatus> status(JobId id) {
        requireAlive();
        return backend.status(id);
    }

    @Override
    public Collection<JobStatus> jobs() {
        requireAlive();
        return backend.jobs();
    }

    @Override
    public void forget(JobId id) {
        gate.pass();
        if (!gate.isDead()) {
            backend.forget(id);
        }
    }

    @Override
    public Subscription watch(JobListener listener) {
        listeners.add(listener);
        Subscription subscription = backend.watch(new JobListener() {
            @Override
            public void onStatus(JobStatus status) {
                gate.pass();
                if (gate.isDead()) {
                    return;
                }
                if (status.isDown()) {
                    living.remove(status.id());
                } else {
                    living.put(status.id(), status);
                }
                listener.onStatus(status);
            }

            @Override
            public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
                gate.pass();
                if (!gate.isDead()) {
                    listener.onOutput(job, stream, bytes);
                }
            }
        });
        return () -> {
            listeners.remove(listener);
            subscription.close();
        };
    }

    @Override
    public void signal(JobId id, int number) {
        requireAlive();
        backend.signal(id, number);
    }

    @Override
    public OutputStream stdin(JobId id) {
        requireAlive();
        return backend.stdin(id);
    }

    @Override
    public void resize(JobId id, TerminalSize size) {
        requireAlive();
        backend.resize(id, size);
    }

    @Override
    public ExecResult exec(JobId id, List<String> command, Duration timeout) {
        requireAlive();
        return backend.exec(id, command, timeout);
    }

    @Override
    public void close() {
        backend.close();
    }
}
