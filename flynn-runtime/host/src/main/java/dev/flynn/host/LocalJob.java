package dev.flynn.host;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A job that this host has taken on: its backend, its streams, and the services that it is registered in. */
final class LocalJob {

    final JobSpec spec;
    final ContainerBackend backend;
    final JobStreams streams;

    private final List<ServicePort> services = new ArrayList<>();
    private boolean servicesClosed;
    private boolean stopping;
    private volatile boolean running;

    LocalJob(JobSpec spec, ContainerBackend backend, JobStreams streams) {
        this.spec = spec;
        this.backend = backend;
        this.streams = streams;
    }

    JobId id() {
        return spec.id();
    }

    void markRunning() {
        running = true;
    }

    boolean isRunning() {
        return running;
    }

    /** Adds a service; refused once the job is on its way down. */
    synchronized boolean addService(ServicePort service) {
        if (servicesClosed) {
            return false;
        }
        services.add(service);
        return true;
    }

    /** Leaves discovery; tells whether the job was in it. */
    synchronized boolean closeServices() {
        servicesClosed = true;
        boolean had = !services.isEmpty();
        services.forEach(ServicePort::close);
        services.clear();
        return had;
    }

    synchronized boolean stopping() {
        return stopping;
    }

    /** True for the first caller. */
    synchronized boolean beginStopping() {
        boolean first = !stopping;
        stopping = true;
        return first;
    }

    void awaitDown(long nanos, BooleanSupplier isDown) {
        long deadline = System.nanoTime() + nanos;
        while (!isDown.getAsBoolean() && System.nanoTime() < deadline) {
            try {
                TimeUnit.MILLISECONDS.sleep(5);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
