package dev.flynn.discovery;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.base.TimeSource;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryCapability;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.time.Clock;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Discovery} on a {@link ClusterStore}: registrations are entries under {@code discovery/}, heartbeats are in the memory
 * of the process that takes them, and what nobody renews is deleted.
 *
 * <p>Many processes, each with its {@linkplain Builder#member name}, may open discovery on stores of the same cluster. Each
 * expires what sends its heartbeats to it, and holds one lease in the store for all of them; when that lease is not renewed,
 * another process removes them. The store is the caller's and stays open.
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

    private static final Duration LONGEST_LOOK = Duration.ofSeconds(2);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);
    private static final Pattern MEMBER = Pattern.compile("[A-Za-z0-9._-]{1,100}");
    private static final Pattern SERVICE_NAME = Pattern.compile("[a-z0-9-]+");

    private final ClusterStore store;
    private final Clock clock;
    private final Duration ttl;
    private final String member;
    private final Records records = new Records();
    private final Feed feed;
    private final Lease lease;
    private final Sweeper sweeper;
    private final ScheduledExecutorService timer;
    private volatile boolean closed;

    /** Held while a heartbeat finds its instance alive, and while the dead are chosen: never both at once. */
    private final Object leaseLock = new Object();

    private final Leases leases;

    /** Keys of the instances that are just being removed; a heartbeat of one of them has to register it anew. */
    private final Set<String> dying = new HashSet<>();

    private StoreDiscovery(Builder builder) {
        this.store = builder.store;
        this.clock = builder.clock.orElseGet(() -> new MonotonicClock(builder.time));
        this.timer = builder.time.newTimer(2, new NamedThreads("discovery-expiry"));
        this.ttl = builder.ttl;
        this.member = builder.member;
        this.feed = new Feed(store, records, new NamedThreads("discovery-watch"));
        this.lease = new Lease(store, records, feed, member, clock, ttl);
        try {
            feed.open();
        } catch (RuntimeException e) {
            Executors.stop(timer, "discovery", STOP_PATIENCE);
            feed.close();
            throw e;
        }
        this.sweeper = new Sweeper(store, records, feed, member, ttl, lease.patience(), clock.instant());
        this.leases = new Leases(ttl, clock.instant(), feed.heldBy(member).keySet());
        if (builder.expiresByItself) {
            long look = lookEvery().toMillis();
            long renewal = lease.interval().toMillis();
            var looks = timer.scheduleWithFixedDelay(this::expire, look, look, TimeUnit.MILLISECONDS);
            var renewals = timer.scheduleWithFixedDelay(this::renewLease, renewal, renewal, TimeUnit.MILLISECONDS);
        }
    }

    /** On a thread of its own, so that nothing that takes long makes this process look dead. */
    private void renewLease() {
        try {
            if (feed.holdsAny(member)) {
                lease.renewIfDue();
            }
        } catch (RuntimeException e) {
            log.atWarn().setCause(e).log("the store did not take this host's lease; trying again");
        }
    }

    /** Discovery on this store, with the usual time to live. */
    public static Builder builder(ClusterStore store) {
        return new Builder(store);
    }

    @Override
    public Set<DiscoveryCapability> capabilities() {
        Set<DiscoveryCapability> capabilities = EnumSet.of(
                DiscoveryCapability.MANUAL_LEADER, DiscoveryCapability.SERVICE_METADATA, DiscoveryCapability.SHARED);
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
        // it nearly always is there, and a look costs far less than a transaction that fails
        if (store.get(keys.configuration()).isPresent()
                || !store.commit(Transaction.builder()
                                .whenAbsent(keys.configuration())
                                .put(keys.configuration(), records.write(leaderType))
                                .build())
                        .committed()) {
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
        CommitResult result = store.commit(transaction.build());
        if (result.committed()) {
            feed.await(result.revision());
        }
        return result.committed();
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
        lease.requireFresh();
        ServiceKeys keys = new ServiceKeys(service);
        String key = keys.instance(instance.id());
        Optional<Registered> registered = renew(keys, instance);
        while (registered.isEmpty()) {
            long configured =
                    store.get(keys.configuration()).map(StoreEntry::modRevision).orElseThrow(() -> noService(service));
            CommitResult result = store.commit(Transaction.builder()
                    .whenUnchanged(keys.configuration(), configured)
                    .whenUnchanged(
                            key, store.get(key).map(StoreEntry::modRevision).orElse(0L))
                    .put(key, records.write(instance, member))
                    .build());
            if (result.committed()) {
                registered = written(keys, instance, result.revision());
            }
        }
        return registered.get().instance();
    }

    /** Takes note of a heartbeat, if it is one; costs no round trip to anybody. */
    private Optional<Registered> renew(ServiceKeys keys, Instance instance) {
        synchronized (leaseLock) {
            String key = keys.instance(instance.id());
            Optional<Registered> registered = feed.isOpen() && !dying.contains(key)
                    ? feed.find(keys.service(), instance.id()).filter(known -> known.isSame(instance, member))
                    : Optional.empty();
            registered.ifPresent(known -> leases.renew(key, clock.instant()));
            return registered;
        }
    }

    /** The registration that this process wrote, unless it is gone already. */
    private Optional<Registered> written(ServiceKeys keys, Instance instance, long revision) {
        String key = keys.instance(instance.id());
        synchronized (leaseLock) {
            leases.renew(key, clock.instant());
        }
        feed.await(revision);
        return store.get(key).map(records::registered).filter(now -> now.isSame(instance, member));
    }

    @Override
    public void deregister(String service, String instanceId) {
        requireOpen();
        String key = new ServiceKeys(service).instance(instanceId);
        Optional<StoreEntry> registered = store.get(key);
        while (registered.isPresent()) {
            CommitResult result = store.commit(Transaction.builder()
                    .whenUnchanged(key, registered.get().modRevision())
                    .delete(key)
                    .build());
            if (result.committed()) {
                feed.await(result.revision());
                return;
            }
            registered = store.get(key);
        }
    }

    /** What is due: shows that this process lives, expires what it has not heard of, and what members that are gone left. */
    void expire() {
        try {
            feed.open();
            if (feed.holdsAny(member)) {
                lease.renewIfDue();
            }
            expireOwn();
            sweeper.look(clock.instant());
        } catch (RuntimeException e) {
            log.atWarn().setCause(e).log("registrations could not be expired; trying again");
        }
    }

    private void expireOwn() {
        Map<String, Registered> dead;
        synchronized (leaseLock) {
            Map<String, Registered> mine = feed.heldBy(member);
            dead = leases.expired(mine.keySet(), clock.instant()).stream()
                    .collect(Collectors.toMap(Function.identity(), key -> requireNonNull(mine.get(key))));
            dying.addAll(dead.keySet());
        }
        if (dead.isEmpty()) {
            return;
        }
        try {
            var removal = new Removal(store, UnaryOperator.identity());
            List<String> removed = removal.remove(dead);
            feed.await(removal.revision());
            log.atInfo().addKeyValue("instances", removed).log("registrations expired");
        } finally {
            synchronized (leaseLock) {
                dying.removeAll(dead.keySet());
            }
        }
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
                    .orElseThrow(StoreDiscovery::notManual);
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
        return writeMeta(new ServiceKeys(service), meta, Optional.empty());
    }

    @Override
    public ServiceMeta setMetaAndLeader(String service, ServiceMeta meta, String instanceId) {
        return writeMeta(new ServiceKeys(service), meta, Optional.of(instanceId));
    }

    private ServiceMeta writeMeta(ServiceKeys keys, ServiceMeta meta, Optional<String> leader) {
        requireOpen();
        String data = records.requireJson(meta.data());
        while (true) {
            StoreEntry configuration = store.get(keys.configuration()).orElseThrow(() -> noService(keys.service()));
            if (leader.isPresent()) {
                requireManual(configuration);
            }
            long current = store.get(keys.meta()).map(StoreEntry::modRevision).orElse(0L);
            requireIndex(keys.service(), current, meta.index());
            Transaction.Builder transaction = Transaction.builder()
                    .whenUnchanged(keys.configuration(), configuration.modRevision())
                    .whenUnchanged(keys.meta(), current)
                    .put(keys.meta(), data);
            leader.ifPresent(id -> transaction.put(keys.leader(), records.writeLeader(id)));
            CommitResult result = store.commit(transaction.build());
            if (result.committed()) {
                return new ServiceMeta(data, result.revision());
            }
        }
    }

    private void requireManual(StoreEntry configuration) {
        if (records.leaderType(configuration) != LeaderType.MANUAL) {
            throw notManual();
        }
    }

    private static FlynnException notManual() {
        return FlynnException.invalid("service leader election type is not manual");
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
        return feed.watch(service, watcher);
    }

    /** {@inheritDoc} What is true now is told on this thread, before this returns. */
    @Override
    public Subscription watchAll(DiscoveryWatcher watcher) {
        requireOpen();
        return feed.watchAll(watcher);
    }

    /** Ends the watches and the expiry; the store stays open. */
    @Override
    public void close() {
        closed = true;
        Executors.stop(timer, "discovery", STOP_PATIENCE);
        feed.close();
    }

    /** What this process knows of an instance, which may be a little older than what the store does. */
    Optional<Registered> known(String service, String instanceId) {
        return feed.find(service, instanceId);
    }

    boolean isOpen() {
        return !closed;
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

    /** What discovery needs to know before it begins. */
    public static final class Builder {

        private final ClusterStore store;
        private TimeSource time = TimeSource.SYSTEM;
        private Optional<Clock> clock = Optional.empty();
        private Duration ttl = DEFAULT_TTL;
        private String member = "local";
        private boolean expiresByItself = true;

        private Builder(ClusterStore store) {
            this.store = requireNonNull(store, "store");
        }

        /** What it lives by; the machine's time unless told otherwise, which does not jump when the machine's clock is set. */
        public Builder time(TimeSource value) {
            time = requireNonNull(value, "time");
            return this;
        }

        /** What it reads instead of the time that wakes it up. */
        public Builder clock(Clock value) {
            clock = Optional.of(value);
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

        /**
         * The name of this process among those that open discovery of the same cluster: the host's id, usually. Each has one
         * of its own, and the same after a restart, when it goes on to take the heartbeats that it took before.
         */
        public Builder member(String value) {
            if (!MEMBER.matcher(value).matches()) {
                throw FlynnException.invalid(
                        "a member's name has 1 to 100 letters, digits, dots and dashes, was \"" + value + "\"");
            }
            member = value;
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
