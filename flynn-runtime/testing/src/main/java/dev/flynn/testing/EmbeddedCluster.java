package dev.flynn.testing;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.ProcessType;
import dev.flynn.base.Closer;
import dev.flynn.json.FlynnJson;
import dev.flynn.scheduler.SpreadScheduler;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.log.LogSink;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apiguardian.api.API;

/**
 * Several hosts in this JVM for tests: each with discovery, host agent and scheduler as in the product, on one cluster store in
 * memory. Time stands still until the test moves it, and hosts fail when the test says so.
 *
 * <pre>{@code
 * try (EmbeddedCluster cluster = EmbeddedCluster.builder().hosts(3).start()) {
 *     EmbeddedApp shop = cluster.app("shop", Map.of("web", ProcessType.ofCommand(List.of("serve"))));
 *     shop.scale("web", 3);                              // one on each host
 *
 *     cluster.host(1).kill();
 *     cluster.advance(Duration.ofSeconds(25));           // takes some milliseconds
 *     assertThat(shop.upByHost()).containsOnlyKeys("host2", "host3");
 * }
 * }</pre>
 *
 * <p>Promises: it starts in less than a second; no time passes but by {@link #advance}; clusters in one JVM know nothing of each
 * other; {@link #close} leaves no thread and no port behind. Every call returns when the cluster is quiet: all that is due is
 * done, and what hosts have to tell each other is told, except by and to those that are paused, cut off or dead. Threads are
 * real, so of what happens at the same time the order is not fixed.
 *
 * <p>What is not there: the platform's own apps (controller, router and the like), DNS, and the links between hosts, which meet
 * in the store. Thread-safe, but for one thread at a time to move the time.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class EmbeddedCluster implements AutoCloseable {

    private final ClusterThreads threads = new ClusterThreads();
    private final ManualTime time = new ManualTime();
    private final Quiet quiet;
    private final Wires wires;
    private final MemoryClusterStore store;
    private final ClusterState state;
    private final List<EmbeddedHost> hosts;

    private EmbeddedCluster(Builder builder) {
        var deliveries = new Deliveries();
        this.wires = new Wires(builder.seed);
        this.quiet = new Quiet(time, deliveries, wires, threads);
        this.store = inside(() -> new MemoryClusterStore(time.clock()));
        var around = new Surroundings(time, store, wires, deliveries, builder.scheduler, builder.logSink);
        var nobody = new Gate("the test");
        this.state = new ClusterState(
                new HostStore(store, nobody, new Wires(builder.seed), deliveries), new FlynnJson(), time.clock());
        this.hosts = IntStream.rangeClosed(1, builder.hosts)
                .mapToObj(number -> new EmbeddedHost(number, this, around, builder))
                .toList();
        try {
            hosts.forEach(EmbeddedHost::begin);
            settle();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    <T> T inside(Supplier<T> work) {
        return threads.inside(work);
    }

    ClusterThreads threads() {
        return threads;
    }

    // what there is

    /** All hosts, the first one first, dead or alive. */
    public List<EmbeddedHost> hosts() {
        return hosts;
    }

    /**
     * A host.
     *
     * @param number from 1, as in its id
     */
    public EmbeddedHost host(int number) {
        return hosts.get(number - 1);
    }

    /** The records of the cluster, to read and to write, whatever befalls hosts. Call {@link #settle} after a change. */
    public ClusterState state() {
        return state;
    }

    /** The right time, which a host may have wrong. */
    public Clock clock() {
        return time.clock();
    }

    /**
     * Adds an app with one release, of which nothing runs until it is {@linkplain EmbeddedApp#scale scaled}.
     *
     * @throws dev.flynn.api.error.FlynnException {@code OBJECT_EXISTS} if there is an app of that name
     */
    public EmbeddedApp app(String name, Map<String, ProcessType> types) {
        return EmbeddedApp.create(this, name, types);
    }

    // what happens

    /**
     * Lets time pass, over everything that becomes due meanwhile.
     *
     * @throws IllegalStateException if the cluster does not come to rest, with what it is busy with
     */
    public void advance(Duration by) {
        advance(by, () -> false);
    }

    /**
     * Lets time pass until something is true.
     *
     * <p>With a backend that has a time of its own, such as one that starts processes, ask that first.
     *
     * @return how much time passed
     * @throws IllegalStateException if it did not become true in time, or the cluster does not come to rest
     */
    public Duration advanceUntil(BooleanSupplier condition, Duration atMost) {
        long start = time.nanoTime();
        if (!advance(atMost, condition)) {
            throw new IllegalStateException("it did not become true within %s".formatted(atMost));
        }
        return Duration.ofNanos(time.nanoTime() - start);
    }

    private boolean advance(Duration by, BooleanSupplier condition) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("time only goes forward, was " + by);
        }
        long end = time.nanoTime() + by.toNanos();
        settle();
        while (!condition.getAsBoolean()) {
            if (!time.step(end)) {
                settle();
                return condition.getAsBoolean();
            }
            settle();
        }
        settle();
        return true;
    }

    /**
     * Waits until everything that is due is done, without any time passing.
     *
     * @throws IllegalStateException if the cluster does not come to rest, with what it is busy with
     */
    public void settle() {
        quiet.await();
    }

    /**
     * From now on what hosts write, read and are told takes up to this long, in real time: different for every message, so that
     * they overtake each other. Zero takes it back.
     */
    public void delayMessages(Duration atMost) {
        wires.delay(atMost);
    }

    /** Kills all hosts, and their jobs. */
    @Override
    public void close() {
        var closer = new Closer();
        closer.register(threads::awaitEnd);
        closer.register(store);
        hosts.forEach(host -> closer.register(host::remove));
        closer.close();
    }

    /** What a cluster is to be like. */
    public static final class Builder {

        private int hosts = 3;
        private long seed;
        boolean jobsSurvive;
        Optional<Function<EmbeddedHost, ContainerBackend>> backend = Optional.empty();
        private Scheduler scheduler = new SpreadScheduler();
        private LogSink logSink = new NoLogs();

        private Builder() {}

        /** How many; three unless said. */
        public Builder hosts(int value) {
            if (value < 1) {
                throw new IllegalArgumentException("a cluster has at least one host, was " + value);
            }
            hosts = value;
            return this;
        }

        /** What the delays of messages are drawn from. */
        public Builder seed(long value) {
            seed = value;
            return this;
        }

        /**
         * Hosts start their jobs in this, instead of recording them.
         *
         * @param value opens a backend when a host starts; it is closed when the host dies, and finds its jobs again if it
         *     declares {@code SURVIVES_RESTART}
         */
        public Builder backend(Function<EmbeddedHost, ContainerBackend> value) {
            backend = Optional.of(value);
            return this;
        }

        /** Recorded jobs go on when their host dies, and are found by it when it starts again. */
        public Builder jobsSurvive() {
            jobsSurvive = true;
            return this;
        }

        /** Decides where jobs run; the one of the product unless said. */
        public Builder scheduler(Scheduler value) {
            scheduler = requireNonNull(value, "scheduler");
            return this;
        }

        /** Where the lines of jobs go; nowhere unless said. It stays open. */
        public Builder logSink(LogSink value) {
            logSink = requireNonNull(value, "logSink");
            return this;
        }

        /** Starts the hosts, and returns when they know each other. */
        public EmbeddedCluster start() {
            return new EmbeddedCluster(this);
        }
    }

    private static final class NoLogs implements LogSink {

        @Override
        public void accept(AppId app, LogMessage message) {}

        @Override
        public long dropped() {
            return 0;
        }

        @Override
        public void close() {}
    }
}
