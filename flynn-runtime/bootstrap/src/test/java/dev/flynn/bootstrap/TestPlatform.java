package dev.flynn.bootstrap;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Port;
import dev.flynn.base.Closer;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.scheduler.RestartPolicy;
import dev.flynn.scheduler.SchedulerLoop;
import dev.flynn.scheduler.SpreadScheduler;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Predicate;

/**
 * Hosts that run any job at once and register its services at a page that answers 401, a real scheduler as soon as a job of
 * that name runs, and the records of all that.
 */
final class TestPlatform implements AutoCloseable {

    private final Closer closer = new Closer();
    final ClusterStore store = closer.register(new MemoryClusterStore());
    final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    final StoreDiscovery discovery = closer.register(
            StoreDiscovery.builder(store).ttl(Duration.ofHours(1)).build());
    private final ServerSocket page = listen();
    private final ExecutorService threads =
            java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("test-platform"));
    private final Map<JobId, SchedulerLoop> schedulers = new ConcurrentHashMap<>();
    private final TableView<JobRecord> jobs;

    /** The error with which hosts refuse to start a job; null if they do not. */
    volatile Predicate<JobRecord> refused = job -> false;

    TestPlatform(String... hosts) {
        closer.register(() -> Executors.stop(threads, "test-platform", Duration.ofSeconds(10)));
        closer.register(page);
        threads.execute(this::answer);
        for (String host : hosts) {
            addHost(host);
        }
        jobs = closer.register(state.jobs().table().view(() -> threads.execute(this::act)));
    }

    void addHost(String id) {
        Transaction.Builder transaction = Transaction.builder();
        state.hosts().create(transaction, id, new Host(id, "http://127.0.0.1", Map.of()));
        state.commit(transaction);
    }

    int pagePort() {
        return page.getLocalPort();
    }

    // ---- the page

    private static ServerSocket listen() {
        try {
            return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void answer() {
        while (!page.isClosed()) {
            try (Socket client = page.accept()) {
                client.setSoTimeout(1000);
                byte[] head = new byte[4096];
                if (client.getInputStream().read(head) > 0) {
                    client.getOutputStream()
                            .write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
                }
            } catch (IOException e) {
                // the client went away, or the page is closed
            }
        }
    }

    // ---- hosts

    private synchronized void act() {
        for (Versioned<JobRecord> record : jobs.records().values()) {
            JobRecord job = record.value();
            if (job.state() == JobState.PENDING && refused.test(job)) {
                end(job.id(), JobStatus.starting(job.id(), now()).failed("no room on the host", now()));
            } else if (job.state() == JobState.PENDING && !job.stopRequested()) {
                start(job);
            } else if (job.state().isLive() && job.stopRequested()) {
                end(job.id(), JobStatus.starting(job.id(), now()).exited(0, now()));
            }
        }
    }

    private void start(JobRecord job) {
        if (job.type().equals(Optional.of("scheduler"))) {
            schedulers.computeIfAbsent(
                    job.id(),
                    id -> new SchedulerLoop(state, new SpreadScheduler(), RestartPolicy.DEFAULT, state.clock()));
        }
        state.jobs().update(job.id(), read -> read.starting(read.spec(), now()));
        state.jobs().update(job.id(), read -> read.up("127.0.0.1", now()));
        for (Port port : job.spec().ports()) {
            port.service().ifPresent(service -> register(service.name(), job.id()));
        }
    }

    private void register(String service, JobId job) {
        try {
            discovery.createService(service, LeaderType.OLDEST);
        } catch (FlynnException e) {
            // it exists
        }
        discovery.register(service, Instance.of("tcp", "127.0.0.1:" + pagePort(), Map.of("FLYNN_JOB_ID", job.value())));
    }

    private void end(JobId id, JobStatus how) {
        SchedulerLoop scheduler = schedulers.remove(id);
        if (scheduler != null) {
            scheduler.close();
        }
        state.jobs().update(id, read -> read.down(how, now()));
    }

    /** All jobs end, the scheduler first, so that nobody restarts them. */
    synchronized void loseAllJobs() {
        List<JobRecord> all = jobs(job -> job.state().isLive());
        all.stream()
                .filter(job -> schedulers.containsKey(job.id()))
                .forEach(
                        job -> end(job.id(), JobStatus.starting(job.id(), now()).exited(1, now())));
        all.forEach(job -> end(job.id(), JobStatus.starting(job.id(), now()).exited(1, now())));
    }

    List<JobRecord> jobs(Predicate<JobRecord> which) {
        return state.jobs().table().list().stream()
                .map(Versioned::value)
                .filter(which)
                .toList();
    }

    private Instant now() {
        return state.clock().instant();
    }

    @Override
    public void close() {
        schedulers.values().forEach(SchedulerLoop::close);
        closer.close();
    }
}
