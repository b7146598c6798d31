package dev.flynn.scheduler;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Host;
import dev.flynn.base.Closer;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.base.TimeSource;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.TableFeed;
import dev.flynn.state.Turn;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
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
    private static final int EVERYTHING_TO_REST = 100;
    private static final Duration AFTER_FAILURE = Duration.ofSeconds(1);
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Clock clock;
    private final TimeSource time;
    private final ScheduledExecutorService executor;
    private final AtomicBoolean awake = new AtomicBoolean();
    private final Closer feeds = new Closer();
    private final SchedulerPass pass;
    private final ClusterIndex index;
    private final TableFeed<String> turns;
    private final TableFeed<Formation> formations;
    private final TableFeed<JobRecord> jobs;
    private final TableFeed<Host> hosts;
    private final TableFeed<VolumeRecord> volumes;
    private final TableFeed<String> releases;
    private final TableFeed<String> apps;

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
        this.time = time;
        this.executor = time.newTimer(1, new NamedThreads("scheduler"));
        HostWatch watch = feeds.register(watching.apply(this::hostsStirred));
        this.pass = new SchedulerPass(state, scheduler, restarts, clock, watch);
        this.index = indexOf(state);
        try {
            this.turns = feeds.register(state.table(Turn.PREFIX, String.class).feed(this::wake));
            this.formations = feeds.register(state.formations().feed(this::wake));
            this.jobs = feeds.register(state.jobs().table().feed(this::wake));
            this.hosts = feeds.register(state.hosts().feed(this::wake));
            this.volumes = feeds.register(state.volumes().feed(this::wake));
            this.releases = feeds.register(state.releases().unreadFeed(this::wake));
            this.apps = feeds.register(state.apps().unreadFeed(this::wake));
        } catch (RuntimeException e) {
            feeds.closeAfter(e);
            throw e;
        }
        this.started = true;
        wake();
        lookAtEverythingIn(FULL_SYNC);
    }

    /** An index that reads from this replica, whose feeds tell it what changed. */
    static ClusterIndex indexOf(ClusterState state) {
        return new ClusterIndex(
                id -> state.apps().known(id.toString()).map(Versioned::value),
                id -> state.releases().known(id.toString()).map(Versioned::value));
    }

    private void hostsStirred() {
        SchedulerPass looking = pass;
        if (looking != null) {
            looking.hostsStirred();
        }
        wake();
    }

    /** Seldom enough that it takes one part in a hundred of the time. */
    private void lookAtEverythingIn(Duration time) {
        var unused = executor.schedule(this::lookAtEverything, time.toMillis(), MILLISECONDS);
    }

    private void lookAtEverything() {
        long began = time.nanoTime();
        guarded(pass::run);
        Duration took = Duration.ofNanos(time.nanoTime() - began);
        Duration rest = took.multipliedBy(EVERYTHING_TO_REST);
        try {
            lookAtEverythingIn(rest.compareTo(FULL_SYNC) > 0 ? rest : FULL_SYNC);
        } catch (RejectedExecutionException closed) {
            log.atTrace().log("closed before it looked at everything again; another scheduler does");
        }
    }

    private void wake() {
        if (!started || !awake.compareAndSet(false, true)) {
            return;
        }
        try {
            executor.execute(() -> {
                awake.set(false);
                guarded(() -> {
                    follow();
                    return pass.run(index);
                });
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

    private void follow() {
        index.applyTurns(turns.take());
        index.applyReleases(releases.take());
        index.applyApps(apps.take());
        index.applyFormations(formations.take());
        index.applyVolumes(volumes.take());
        index.applyHosts(hosts.take());
        index.applyJobs(jobs.take());
    }

    /** Ends within ten seconds; what was written stays as it is. */
    @Override
    public void close() {
        feeds.close();
        Executors.stop(executor, "scheduler", PATIENCE);
    }
}
