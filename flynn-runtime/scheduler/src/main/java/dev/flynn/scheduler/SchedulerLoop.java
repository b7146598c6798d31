package dev.flynn.scheduler;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Host;
import dev.flynn.api.release.Release;
import dev.flynn.base.Closer;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.base.TimeSource;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the jobs of a cluster as its formations want them: it follows formations, jobs, hosts and releases, asks a
 * {@link Scheduler} for a plan after each change, and writes what the plan says.
 *
 * <p>It works from construction until {@link #close}, on one thread of its own. Several loops on one cluster are safe: what
 * one decided while another wrote is refused by the store, and decided again. Changes that come in a burst are looked at
 * together; every 30 seconds everything is read anew, whatever was told.
 */
public final class SchedulerLoop implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(SchedulerLoop.class);

    private static final Duration FULL_SYNC = Duration.ofSeconds(30);
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Clock clock;

    private final ScheduledExecutorService executor;
    private final AtomicBoolean awake = new AtomicBoolean();
    private final Closer views = new Closer();
    private final HostWatch watch;
    private final SchedulerPass pass;
    private final TableView<Formation> formations;
    private final TableView<JobRecord> jobs;
    private final TableView<Host> hosts;
    private final TableView<VolumeRecord> volumes;
    private final TableView<Release> releases;

    /** The thread's own. */
    private @Nullable ScheduledFuture<?> alarm;

    private volatile boolean started;

    /**
     * A loop for a cluster whose hosts live for ever.
     *
     * @param scheduler stays open when this is closed
     */
    public SchedulerLoop(ClusterState state, Scheduler scheduler, RestartPolicy restarts, Clock clock) {
        this(state, scheduler, restarts, clock, TimeSource.SYSTEM, onChange -> HostWatch.NONE);
    }

    /**
     * A loop that starts jobs only on hosts that discovery knows, and gives up those of hosts that are dead.
     *
     * @param scheduler stays open when this is closed
     * @param discovery likewise
     */
    public SchedulerLoop(
            ClusterState state, Scheduler scheduler, RestartPolicy restarts, Clock clock, Discovery discovery) {
        this(
                state,
                scheduler,
                restarts,
                clock,
                TimeSource.SYSTEM,
                onChange -> new DiscoveredHosts(discovery, onChange, System::nanoTime));
    }

    /**
     * The same by another time than the machine's.
     *
     * @param scheduler stays open when this is closed
     * @param discovery likewise
     */
    public SchedulerLoop(
            ClusterState state, Scheduler scheduler, RestartPolicy restarts, TimeSource time, Discovery discovery) {
        this(
                state,
                scheduler,
                restarts,
                time.clock(),
                time,
                onChange -> new DiscoveredHosts(discovery, onChange, time::nanoTime));
    }

    private SchedulerLoop(
            ClusterState state,
            Scheduler scheduler,
            RestartPolicy restarts,
            Clock clock,
            TimeSource time,
            Function<Runnable, HostWatch> watching) {
        this.clock = clock;
        this.executor = time.newTimer(1, new NamedThreads("scheduler"));
        this.watch = views.register(watching.apply(this::wake));
        this.pass = new SchedulerPass(state, scheduler, restarts, clock, watch);
        try {
            this.formations = views.register(state.formations().view(this::wake));
            this.jobs = views.register(state.jobs().table().view(this::wake));
            this.hosts = views.register(state.hosts().view(this::wake));
            this.volumes = views.register(state.volumes().view(this::wake));
            this.releases = views.register(state.releases().view(this::wake));
        } catch (RuntimeException e) {
            views.closeAfter(e);
            throw e;
        }
        this.started = true;
        var unused = executor.scheduleWithFixedDelay(() -> guarded(pass::run), 0, FULL_SYNC.toMillis(), MILLISECONDS);
    }

    private void wake() {
        if (!started || !awake.compareAndSet(false, true)) {
            return;
        }
        try {
            executor.execute(() -> {
                awake.set(false);
                guarded(() -> pass.run(picture()));
            });
        } catch (RejectedExecutionException closed) {
            log.atTrace().log("closed before it looked; another scheduler does");
        }
    }

    private void guarded(Supplier<Optional<Instant>> work) {
        try {
            work.get().ifPresent(this::lookAgainAt);
        } catch (RuntimeException e) {
            if (!executor.isShutdown()) {
                log.atError().setCause(e).log("scheduling failed; it is tried again");
                lookAgainAt(clock.instant().plus(AFTER_FAILURE));
            }
        }
    }

    private void lookAgainAt(Instant when) {
        if (alarm != null) {
            alarm.cancel(false);
        }
        long millis = Math.max(1, Duration.between(clock.instant(), when).toMillis() + 1);
        alarm = executor.schedule(this::wake, millis, MILLISECONDS);
    }

    private ClusterPicture picture() {
        Collection<Versioned<JobRecord>> allJobs = jobs.records().values();
        Collection<Versioned<Host>> allHosts = hosts.records().values();
        return new ClusterPicture(
                formations.records().values(),
                allJobs,
                allHosts,
                volumes.records().values(),
                id -> releases.find(id.toString()),
                watch.look(ClusterPicture.hostsOf(allHosts, allJobs)),
                watch::isServed);
    }

    /** Ends within ten seconds; what was written stays as it is. */
    @Override
    public void close() {
        views.close();
        Executors.stop(executor, "scheduler", PATIENCE);
    }
}
