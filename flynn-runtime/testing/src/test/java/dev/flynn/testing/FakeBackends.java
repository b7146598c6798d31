package dev.flynn.testing;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobListener;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Backends as somebody else may write them. */
final class FakeBackends {

    private final Map<String, Fake> open = new ConcurrentHashMap<>();
    private final Map<String, List<JobId>> started = new ConcurrentHashMap<>();

    ContainerBackend open(EmbeddedHost host) {
        var backend = new Fake(host.id(), host.address(), host.clock());
        open.put(host.id(), backend);
        return backend;
    }

    Set<String> open() {
        return open.keySet();
    }

    List<JobId> started(String host) {
        return started.getOrDefault(host, List.of());
    }

    private final class Fake implements ContainerBackend {

        private final String host;
        private final String address;
        private final Clock clock;
        private final List<JobListener> listeners = new CopyOnWriteArrayList<>();
        private final Map<JobId, JobStatus> jobs = new ConcurrentHashMap<>();

        Fake(String host, String address, Clock clock) {
            this.host = host;
            this.address = address;
            this.clock = clock;
        }

        @Override
        public Set<Capability> capabilities() {
            return Set.of(Capability.IMAGE_HOST);
        }

        @Override
        public JobStatus start(JobSpec spec) {
            started.computeIfAbsent(host, id -> new CopyOnWriteArrayList<>()).add(spec.id());
            return tell(JobStatus.starting(spec.id(), clock.instant()).running(address, clock.instant()));
        }

        private JobStatus tell(JobStatus status) {
            jobs.put(status.id(), status);
            var thread = new Thread(() -> listeners.forEach(listener -> listener.onStatus(status)));
            thread.start();
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return status;
        }

        @Override
        public void stop(JobId id, Duration grace) {
            JobStatus status = jobs.get(id);
            if (status != null && !status.isDown()) {
                tell(status.signalled(15, clock.instant()));
            }
        }

        @Override
        public Optional<JobStatus> status(JobId id) {
            return Optional.ofNullable(jobs.get(id));
        }

        @Override
        public Collection<JobStatus> jobs() {
            return jobs.values();
        }

        @Override
        public void forget(JobId id) {
            jobs.remove(id);
        }

        @Override
        public Subscription watch(JobListener listener) {
            listeners.add(listener);
            return () -> listeners.remove(listener);
        }

        @Override
        public void close() {
            open.remove(host);
        }
    }
}
