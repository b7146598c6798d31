package dev.flynn.discovery;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryCapability;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Discovery} on a {@link ClusterStore}: registrations are entries under {@code discovery/}, heartbeats are in memory,
 * and what nobody renews is deleted.
 *
 * <p>One process of a cluster expires registrations: the one that all heartbeats go to. The store is the caller's and stays
 * open.
 *
 * <pre>{@code
 * try (var discovery = StoreDiscovery.builder(store).build()) {
 *     discovery.createService("web", LeaderType.OLDEST);
 *     discovery.register("web", Instance.of("http", "10.0.0.1:80", Map.of()));
 * }
 * }</pre>
 */
public final class StoreDiscovery implements Discovery {

    private static final Logger log = LoggerFactory.getLogger(StoreDiscovery.class);

    private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);
    private static final Pattern SERVICE_NAME = Pattern.compile("[a-z0-9-]+");

    private final ClusterStore store;
    private final Clock clock;
    private final Duration ttl;
    private final Records records = new Records();
    private final ScheduledExecutorService timer =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("discovery-expiry"));
    private final Set<Watch> watches = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /** Held while a heartbeat finds its instance alive, and while the dead are chosen and deleted: never both at once. */
    private final Object leaseLock = new Object();

    private final Leases leases;

    private StoreDiscovery(Builder builder) {
        this.store = builder.store;
        this.clock = builder.clock;
        this.ttl = builder.ttl;
        this.leases = new Leases(
                ttl, clock.instant(), registered(Consistency.LINEARIZABLE).keySet());
        if (builder.expiresByItself) {
            long look = lookEvery().toMillis();
            var unused = timer.scheduleWithFixedDelay(this::expire, look, look, TimeUnit.MILLISECONDS);
        }
    }

    /** Discovery on this store, with the usual time to live. */
    public static Builder builder(ClusterStore store) {
        return new Builder(store);
    }

    @Override
    public Set<DiscoveryCapability> capabilities() {
        Set<DiscoveryCapability> capabilities =
                EnumSet.of(DiscoveryCapability.MANUAL_LEADER, DiscoveryCapability.SERVICE_METADATA);
        if (store.capabilities().contains(StoreCapability.DURABLE)) {
            capabilities.add(DiscoveryCapability.DURABLE);
        }
        return Set.copyOf(capabilities);
    }

    @Override
    public Duration ttl() {
        return ttl;
    }

    /** How often registrations are looked at: often enough to be rid of a dead one within two seconds of its time. */
    Duration lookEvery() {
        Duration quarter = ttl.dividedBy(4);
        return quarter.compareTo(LONGEST_LOOK) < 0 ? quarter : LONGEST_LOOK;
    }

    @Override
    public void createService(String service, LeaderType leaderType) {
        requireOpen();
        ServiceKeys keys = validKeys(service);
        CommitResult result = store.commit(Transaction.builder()
                .whenAbsent(keys.configuration())
                .put(keys.configuration(), records.write(leaderType))
                .build());
        if (!result.committed()) {
            throw FlynnException.exists("discoverd: service \"%s\" already exists".formatted(service));
        }
    }

    @Override
    public void removeService(String service) {
        requireOpen();
        ServiceKeys keys = validKeys(service);
        boolean removed = false;
        while (!removed) {
            long configured =
                    store.get(keys.configuration()).map(StoreEntry::modRevision).orElseThrow(() -> noService(service));
            removed = deleteAll(keys, configured);
        }
        // now nobody can register any more; who was just about to is deleted next, unless the service is created again
        while (!store.list(keys.prefix()).entries().isEmpty()) {
            if (!deleteAll(keys, 0)) {
                return;
            }
        }
    }

    /** Deletes all that is known of a service, instances first, if its configuration is as the caller saw it. */
    private boolean deleteAll(ServiceKeys keys, long configured) {
        List<StoreEntry> all = store.list(keys.prefix()).entries();
        Transaction.Builder transaction = Transaction.builder().whenUnchanged(keys.configuration(), configured);
        all.stream()
                .filter(entry -> ServiceKeys.isInstance(entry.key()))
                .sorted(Comparator.comparingLong(StoreEntry::createRevision))
                .forEach(entry -> transaction.delete(entry.key()));
        all.stream()
                .filter(entry -> !ServiceKeys.isInstance(entry.key()))
                .forEach(entry -> transaction.delete(entry.key()));
        return store.commit(transaction.build()).committed();
    }

    @Override
    public Set<String> services() {
        requireOpen();
        return store.list(ServiceKeys.ROOT).entries().stream()
                .map(StoreEntry::key)
                .filter(ServiceKeys::isConfiguration)
                .map(key -> ServiceKeys.ofKey(key).service())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Override
    public Instance register(String service, Instance instance) {
        requireOpen();
        ServiceKeys keys = new ServiceKeys(service);
        String key = keys.instance(instance.id());
        Optional<StoreEntry> before = renew(key);
        while (before.isEmpty() || !isSame(before.get(), instance)) {
            long configured =
                    store.get(keys.configuration()).map(StoreEntry::modRevision).orElseThrow(() -> noService(service));
            CommitResult result = store.commit(Transaction.builder()
                    .whenUnchanged(keys.configuration(), configured)
                    .whenUnchanged(key, before.map(StoreEntry::modRevision).orElse(0L))
                    .put(key, records.write(instance))
                    .build());
            before = renew(key);
            if (result.committed() && before.isPresent()) {
                break;
            }
        }
        return instance.withIndex(before.orElseThrow().createRevision());
    }

    private boolean isSame(StoreEntry entry, Instance instance) {
        return records.instance(entry).withIndex(0).equals(instance.withIndex(0));
    }

    /** Takes note of a heartbeat, if the instance is registered. */
    private Optional<StoreEntry> renew(String key) {
        synchronized (leaseLock) {
            Optional<StoreEntry> registered = store.get(key);
            registered.ifPresent(found -> leases.renew(key, clock.instant()));
            return registered;
        }
    }

    @Override
    public void deregister(String service, String instanceId) {
        requireOpen();
        String key = new ServiceKeys(service).instance(instanceId);
        if (store.get(key).isPresent()) {
            store.commit(Transaction.builder().delete(key).build());
        }
    }

    /** Deletes what nobody renewed in time: all in one transaction, so that watchers see one change. */
    void expire() {
        try {
            synchronized (leaseLock) {
                Map<String, StoreEntry> registered = registered(Consistency.STALE);
                List<String> dead = leases.expired(registered.keySet(), clock.instant());
                if (dead.isEmpty()) {
                    return;
                }
                Transaction.Builder transaction = Transaction.builder();
                for (String key : dead) {
                    transaction
                            .whenUnchanged(
                                    key, requireNonNull(registered.get(key)).modRevision())
                            .delete(key);
                }
                if (store.commit(transaction.build()).committed()) {
                    log.atInfo().addKeyValue("instances", dead).log("registrations expired");
                }
            }
        } catch (RuntimeException e) {
            log.atWarn().setCause(e).log("registrations could not be expired; the next look is in a second");
        }
    }

    private Map<String, StoreEntry> registered(Consistency consistency) {
        return store.list(ServiceKeys.ROOT, consistency).entries().stream()
                .filter(entry -> ServiceKeys.isInstance(entry.key()))
                .collect(Collectors.toMap(StoreEntry::key, Function.identity()));
    }

    @Override
    public List<Instance> instances(String service) {
        return view(service).instances();
    }

    @Override
    public Optional<Instance> leader(String service) {
        return view(service).leader();
    }

    private ServiceView view(String service) {
        requireOpen();
        return ServiceView.of(service, store.list(new ServiceKeys(service).prefix()), records);
    }

    @Override
    public void setLeader(String service, String instanceId) {
        requireOpen();
        ServiceKeys keys = new ServiceKeys(service);
        CommitResult result;
        do {
            StoreEntry configuration = store.get(keys.configuration())
                    .filter(entry -> records.leaderType(entry) == LeaderType.MANUAL)
                    .orElseThrow(() -> FlynnException.invalid("service leader election type is not manual"));
            result = store.commit(Transaction.builder()
                    .whenUnchanged(keys.configuration(), configuration.modRevision())
                    .put(keys.leader(), records.writeLeader(instanceId))
                    .build());
        } while (!result.committed());
    }

    @Override
    public Optional<ServiceMeta> meta(String service) {
        requireOpen();
        return store.get(new ServiceKeys(service).meta()).map(records::meta);
    }

    @Override
    public ServiceMeta setMeta(String service, ServiceMeta meta) {
        requireOpen();
        ServiceKeys keys = new ServiceKeys(service);
        String data = records.requireJson(meta.data());
        while (true) {
            long configured =
                    store.get(keys.configuration()).map(StoreEntry::modRevision).orElseThrow(() -> noService(service));
            long current = store.get(keys.meta()).map(StoreEntry::modRevision).orElse(0L);
            requireIndex(service, current, meta.index());
            CommitResult result = store.commit(Transaction.builder()
                    .whenUnchanged(keys.configuration(), configured)
                    .whenUnchanged(keys.meta(), current)
                    .put(keys.meta(), data)
                    .build());
            if (result.committed()) {
                return new ServiceMeta(data, result.revision());
            }
        }
    }

    private static void requireIndex(String service, long current, long given) {
        if (given == current) {
            return;
        }
        if (given == 0) {
            throw FlynnException.exists(
                    "Service metadata for \"%s\" already exists, use index=%d to set".formatted(service, current));
        }
        throw new FlynnException(
                ErrorCode.PRECONDITION_FAILED,
                current == 0
                        ? "Service metadata for \"%s\" does not exist, use index=0 to set".formatted(service)
                        : "Service metadata for \"%s\" exists, but wrong index provided".formatted(service));
    }

    /** {@inheritDoc} What is true now is told on this thread, before this returns. */
    @Override
    public Subscription watch(String service, DiscoveryWatcher watcher) {
        requireOpen();
        ServiceKeys keys = new ServiceKeys(service);
        StoreSnapshot snapshot = store.list(keys.prefix());
        var watch = new Watch(ServiceView.of(service, snapshot, records), watcher);
        watches.add(watch);
        watch.view.current().forEach(watch::deliver);
        watch.follow(keys.prefix(), snapshot.revision());
        if (closed) {
            watch.onEnd(closedNow());
        }
        return watch;
    }

    /** Ends the watches and the expiry; the store stays open. */
    @Override
    public void close() {
        closed = true;
        Executors.stop(timer, "discovery", STOP_PATIENCE);
        watches.forEach(watch -> watch.onEnd(closedNow()));
    }

    private static FlynnException closedNow() {
        return FlynnException.unavailable("discovery was closed", null);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("discovery is closed");
        }
    }

    private static ServiceKeys validKeys(String service) {
        if (!SERVICE_NAME.matcher(service).matches()) {
            throw FlynnException.invalid("discoverd: service must be lowercase alphanumeric plus dash");
        }
        return new ServiceKeys(service);
    }

    private static FlynnException noService(String service) {
        return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "discoverd: service \"%s\" not found".formatted(service));
    }

    /** One watcher and what it has been told. */
    private final class Watch implements Subscription, StoreWatcher {

        private final ServiceView view;
        private final DiscoveryWatcher watcher;
        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile @Nullable Subscription source;

        Watch(ServiceView view, DiscoveryWatcher watcher) {
            this.view = view;
            this.watcher = watcher;
        }

        void follow(String prefix, long revision) {
            source = store.watch(prefix, revision, this);
            if (ended.get()) {
                stop();
            }
        }

        @Override
        public void onChange(StoreChange change) {
            view.apply(change).forEach(this::deliver);
        }

        private synchronized void deliver(DiscoveryEvent event) {
            if (ended.get()) {
                return;
            }
            try {
                watcher.onEvent(event);
            } catch (RuntimeException e) {
                log.atError()
                        .setCause(e)
                        .addKeyValue("event", event)
                        .log("watcher failed; it goes on with the next event");
            }
        }

        @Override
        public void onEnd(FlynnException reason) {
            if (ended.compareAndSet(false, true)) {
                stop();
                synchronized (this) {
                    watcher.onEnd(reason);
                }
            }
        }

        @Override
        public void close() {
            ended.set(true);
            stop();
        }

        private void stop() {
            watches.remove(this);
            Subscription following = source;
            if (following != null) {
                following.close();
            }
        }
    }

    /** What discovery needs to know before it begins. */
    public static final class Builder {

        private final ClusterStore store;
        private Clock clock = new MonotonicClock();
        private Duration ttl = DEFAULT_TTL;
        private boolean expiresByItself = true;

        private Builder(ClusterStore store) {
            this.store = requireNonNull(store, "store");
        }

        /** Where it takes the time from; by default a clock that does not jump when the machine's is set. */
        public Builder clock(Clock value) {
            clock = requireNonNull(value, "clock");
            return this;
        }

        /** How long a registration lives without being renewed. */
        public Builder ttl(Duration value) {
            if (value.compareTo(Duration.ofMillis(100)) < 0) {
                throw FlynnException.invalid("the time to live is at least 100 ms, was " + value);
            }
            ttl = value;
            return this;
        }

        /** Leaves it to a test to call {@link #expire}. */
        Builder expiringByHand() {
            expiresByItself = false;
            return this;
        }

        public StoreDiscovery build() {
            return new StoreDiscovery(this);
        }
    }
}
