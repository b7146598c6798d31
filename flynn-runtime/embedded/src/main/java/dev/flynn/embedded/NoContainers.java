package dev.flynn.embedded;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobListener;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Stands where a backend would be in a host that runs programs only; refuses all jobs. */
final class NoContainers implements ContainerBackend {

    static FlynnException noHost(String id) {
        return FlynnException.unavailable(
                "host \"%s\" cannot be reached from a program without a host; give the builder a backend or a program"
                        .formatted(id),
                null);
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of();
    }

    @Override
    public JobStatus start(JobSpec spec) {
        throw FlynnException.invalid("this host runs programs only, not %s of type %s; give the builder a backend"
                .formatted(spec.image().uri(), spec.image().type()));
    }

    @Override
    public void stop(JobId id, Duration grace) {}

    @Override
    public Optional<JobStatus> status(JobId id) {
        return Optional.empty();
    }

    @Override
    public Collection<JobStatus> jobs() {
        return List.of();
    }

    @Override
    public void forget(JobId id) {}

    @Override
    public Subscription watch(JobListener listener) {
        return () -> {};
    }

    @Override
    public void close() {}
}
