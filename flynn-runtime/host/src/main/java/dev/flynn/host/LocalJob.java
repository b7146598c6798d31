package dev.flynn.host;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A job that this host has taken on: its backend, its streams, its services, and what of it is not recorded yet. */
final class LocalJob {

    final JobSpec spec;
    final ContainerBackend backend;
    final JobStreams streams;

    private final List<ServicePort> services = new ArrayList<>();
    private final List<DrainWait.Served> served = new ArrayList<>();
    private final AtomicReference<@Nullable AttachSession> stdinOwner = new AtomicReference<>();
    private boolean servicesClosed;
    private boolean stopping;
    private JobStatus observed;
    private JobStatus.State recorded = JobStatus.State.STARTING;

    LocalJob(JobSpec spec, ContainerBackend backend, JobStreams streams, JobStatus observed) {
        this.spec = spec;
        this.backend = backend;
        this.streams = streams;
        this.observed = observed;
    }

    JobId id() {
        return spec.id();
    }

    /** Takes in what the backend tells; false if it is nothing new. */
    synchronized boolean observe(JobStatus status) {
        if (status.state().compareTo(observed.state()) <= 0) {
            return false;
        }
        observed = status;
        return true;
    }

    synchronized JobStatus observed() {
        return observed;
    }

    synchronized boolean isRecorded() {
        return recorded == observed.state();
    }

    synchronized void recorded(JobStatus.State state) {
        recorded = state;
    }

    /** Only one attachment writes to the job, the first that wants to. */
    boolean takeStdin(AttachSession session) {
        return stdinOwner.compareAndSet(null, session) || stdinOwner.get() == session;
    }

    /** Adds a service; refused once the job is on its way down. */
    synchronized boolean addService(ServicePort service) {
        if (servicesClosed) {
            return false;
        }
        services.add(service);
        served.add(service.served());
        return true;
    }

    /** Leaves discovery; tells whether the job was in it. */
    boolean closeServices() {
        List<ServicePort> left;
        synchronized (this) {
            servicesClosed = true;
            left = List.copyOf(services);
            services.clear();
        }
        left.forEach(ServicePort::close);
        return !left.isEmpty();
    }

    /** Its services, also those that it has left. */
    synchronized List<DrainWait.Served> served() {
        return List.copyOf(served);
    }

    /** True for the first caller. */
    synchronized boolean beginStopping() {
        boolean first = !stopping;
        stopping = true;
        return first;
    }
}
