package dev.flynn.discovery.etcd;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.discovery.etcd.Deadlines.Due;
import dev.flynn.discovery.etcd.ServiceView.Change;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryCapability;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import io.etcd.jetcd.KeyValue;
import io.etcd.jetcd.kv.TxnResponse;
import io.etcd.jetcd.op.Cmp;
import io.etcd.jetcd.op.Op;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link Discovery} in an etcd cluster, for those who run one already.
 *
 * <p>Any number of processes may open it with the same prefix, each with a {@linkplain EtcdConfig#member name} of its own. An
 * instance is a key with the lease of the process that takes its heartbeats. That process deletes the key when no heartbeat
 * came for the time to live; when the process is gone, etcd does.
 */
public final class EtcdDiscovery implements Discovery {

    private static final Logger log = LoggerFactory.getLogger(EtcdDiscovery.class);

    private static final Pattern SERVICE_NAME = Pattern.compile("[a-z0-9-]+");
    private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);
    private static final int ATTEMPTS = 10;
    private static final int AT_ONCE = 64;
    private static final long STOP_SECONDS = 5;

    private final EtcdConfig config;
    private final Keys keys;
    private final Records records = new Records();
    private final Etcd etcd;
    private final ProcessLease lease;
    private final Deadlines deadlines;
    private final Set<EtcdWatch> watches = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService timer =
            Executors.newScheduledThreadPool(2, new NamedThreads("etcd-discovery"));
    private final ExecutorService watchThreads = Executors.newCachedThreadPool(new NamedThreads("etcd-watch"));
    private volatile boolean closed;

    private EtcdDiscovery(EtcdConfig config) {
        this.config = config;
        this.keys = new Keys(config.prefix());
        this.etcd = new Etcd(config);
        this.lease = new ProcessLease(etcd, config.ttl());
        this.deadlines = new Deadlines(config.ttl(), System::nanoTime);
        try {
            adopt();
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
        long look = Math.min(LONGEST_LOOK.toMillis(), config.ttl().toMillis() / 4);
        long renewal = config.ttl().toMillis() / 2;
        var looks = timer.scheduleWithFixedDelay(this::expire, look, look, TimeUnit.MILLISECONDS);
        var renewals = timer.scheduleAtFixedRate(this::renewLease, renewal, renewal, TimeUnit.MILLISECONDS);
    }

    /**
     * Opens discovery.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if etcd does not answer
     */
    public static EtcdDiscovery open(EtcdConfig config) {
        return new EtcdDiscovery(config);
    }

    @Override
    public Set<DiscoveryCapability> capabilities() {
        return Set.of(DiscoveryCapability.values());
    }

    @Override
    public Duration ttl() {
        return config.ttl();
    }

    // ---- services

    @Override
    public void createService(String service, LeaderType leaderType) {
        requireOpen();
        if (!SERVICE_NAME.matcher(service).matches()) {
            throw FlynnException.invalid(
                    "a service's name is lower-case letters, digits and dashes, was \"%s\"".formatted(service));
        }
        String type = records.write(leaderType);
        TxnResponse created = etcd.transact(
                List.of(Etcd.isAbsent(keys.service(service))),
                Etcd.put(keys.service(service), type),
                Etcd.put(keys.leaderType(service), type));
        if (!created.isSucceeded()) {
            throw FlynnException.exists("service \"%s\" exists".formatted(service));
        }
    }

    @Override
    public void removeService(String service) {
        requireOpen();
        TxnResponse removed = etcd.transact(
                List.of(Etcd.exists(keys.service(service))),
                Etcd.delete(keys.service(service)),
                Etcd.deleteAll(keys.facts(service)));
        if (!removed.isSucceeded()) {
            throw FlynnException.notFound("service", service);
        }
    }

    @Override
    public Set<String> services() {
        requireOpen();
        Set<String> names = new TreeSet<>();
        for (KeyValue found : etcd.listKeys(keys.services()).getKvs()) {
            names.add(found.getKey()
                    .toString(StandardCharsets.UTF_8)
                    .substring(keys.services().length()));
        }
        return names;
    }

    // ---- instances

    @Override
    public Instance register(String service, Instance instance) {
        requireOpen();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            Optional<Instance> registered = tryToRegister(service, instance);
            if (registered.isPresent()) {
                return registered.get();
            }
        }
        throw FlynnException.unavailable(
                "instance %s of \"%s\" changes too often to be registered".formatted(instance.id(), service), null);
    }

    /** Empty if somebody else changed the instance meanwhile, or the lease ran out. */
    private Optional<Instance> tryToRegister(String service, Instance instance) {
        long held = lease.current();
        String key = keys.instance(service, instance.id());
        String value = records.write(instance, config.member());
        TxnResponse found = etcd.transact(List.of(Etcd.exists(keys.service(service))), Etcd.get(key));
        if (!found.isSucceeded()) {
            throw FlynnException.notFound("service", service);
        }
        Fact before = found.getGetResponses().get(0).getKvs().stream()
                .findFirst()
                .map(Fact::of)
                .orElse(null);
        if (before != null
                && before.value().equals(value)
                && before.lease() == held
                && deadlines.renew(key, before.modRevision())) {
            return Optional.of(instance.withIndex(before.createRevision()));
        }
        return write(service, instance, key, value, before, held);
    }

    private Optional<Instance> write(
            String service, Instance instance, String key, String value, @Nullable Fact before, long held) {
        TxnResponse written;
        try {
            written = etcd.transact(
                    List.of(
                            Etcd.exists(keys.service(service)),
                            Etcd.isUnchanged(key, before == null ? 0 : before.modRevision())),
                    Etcd.put(key, value, held));
        } catch (FlynnException e) {
            if (Etcd.isLeaseGone(e)) {
                lease.lost(held);
                return Optional.empty();
            }
            throw e;
        }
        if (!written.isSucceeded()) {
            return Optional.empty();
        }
        long revision = written.getHeader().getRevision();
        deadlines.wrote(key, revision);
        return Optional.of(instance.withIndex(before == null ? revision : before.createRevision()));
    }

    @Override
    public void deregister(String service, String instanceId) {
        requireOpen();
        String key = keys.instance(service, instanceId);
        deadlines.forget(key);
        etcd.transact(List.of(), Etcd.delete(key));
    }

    @Override
    public List<Instance> instances(String service) {
        requireOpen();
        return view(service, Etcd.getAll(keys.instances(service))).instances();
    }

    @Override
    public Optional<Instance> leader(String service) {
        requireOpen();
        return view(
                        service,
                        Etcd.get(keys.leaderType(service)),
                        Etcd.get(keys.leader(service)),
                        Etcd.getAll(keys.instances(service)))
                .leader();
    }

    /** What the answers to these questions, all of one revision, say of a service. */
    private ServiceView view(String service, Op... questions) {
        List<Change> facts = new ArrayList<>();
        etcd.transact(List.of(), questions)
                .getGetResponses()
                .forEach(answer -> answer.getKvs().stream()
                        .map(Fact::of)
                        .forEach(fact -> facts.add(new Change(fact.key(), Optional.of(fact)))));
        var view = new ServiceView(service, keys, records);
        view.apply(facts);
        return view;
    }

    // ---- leaders set by hand, metadata

    @Override
    public void setLeader(String service, String instanceId) {
        requireOpen();
        TxnResponse set = etcd.transact(List.of(isManual(service)), Etcd.put(keys.leader(service), instanceId));
        if (!set.isSucceeded()) {
            throw notManual(service);
        }
    }

    private Cmp isManual(String service) {
        return Etcd.holds(keys.service(service), records.write(LeaderType.MANUAL));
    }

    private static FlynnException notManual(String service) {
        return FlynnException.invalid("the leader of \"%s\" is not set by hand".formatted(service));
    }

    @Override
    public Optional<ServiceMeta> meta(String service) {
        requireOpen();
        return view(service, Etcd.get(keys.meta(service))).meta();
    }

    @Override
    public ServiceMeta setMeta(String service, ServiceMeta meta) {
        requireOpen();
        String data = records.requireJson(meta.data());
        TxnResponse written = etcd.transact(
                List.of(Etcd.exists(keys.service(service)), Etcd.isUnchanged(keys.meta(service), meta.index())),
                Etcd.put(keys.meta(service), data));
        if (!written.isSucceeded()) {
            throw refusal(service, meta);
        }
        return new ServiceMeta(data, written.getHeader().getRevision());
    }

    @Override
    public ServiceMeta setMetaAndLeader(String service, ServiceMeta meta, String instanceId) {
        requireOpen();
        String data = records.requireJson(meta.data());
        TxnResponse written = etcd.transact(
                List.of(isManual(service), Etcd.isUnchanged(keys.meta(service), meta.index())),
                Etcd.put(keys.meta(service), data),
                Etcd.put(keys.leader(service), instanceId));
        if (written.isSucceeded()) {
            return new ServiceMeta(data, written.getHeader().getRevision());
        }
        if (!etcd.transact(List.of(isManual(service))).isSucceeded()) {
            throw notManual(service);
        }
        throw refusal(service, meta);
    }

    /** Why metadata was not written. */
    private FlynnException refusal(String service, ServiceMeta meta) {
        if (!etcd.transact(List.of(Etcd.exists(keys.service(service)))).isSucceeded()) {
            return FlynnException.notFound("service", service);
        }
        return meta.index() == 0
                ? FlynnException.exists("service \"%s\" has metadata".formatted(service))
                : new FlynnException(
                        ErrorCode.PRECONDITION_FAILED,
                        "the metadata of \"%s\" has another index than %d".formatted(service, meta.index()));
    }

    // ---- watches

    @Override
    public Subscription watch(String service, DiscoveryWatcher watcher) {
        return begin(keys.facts(service), watcher);
    }

    @Override
    public Subscription watchAll(DiscoveryWatcher watcher) {
        return begin(keys.facts(), watcher);
    }

    private Subscription begin(String prefix, DiscoveryWatcher watcher) {
        requireOpen();
        var watch = new EtcdWatch(etcd, keys, records, prefix, watcher, watchThreads, timer, watches::remove);
        watches.add(watch);
        try {
            watch.begin();
        } catch (RuntimeException | Error e) {
            watch.close();
            throw e;
        }
        return watch;
    }

    // ---- expiry

    /** Takes over what registered with this process before it was started again. */
    private void adopt() {
        List<Fact> mine = etcd.list(keys.facts()).getKvs().stream()
                .map(Fact::of)
                .filter(fact -> keys.isInstance(fact.key()))
                .filter(fact -> records.member(fact).equals(config.member()))
                .toList();
        for (int begin = 0; begin < mine.size(); begin += AT_ONCE) {
            List<Fact> some = mine.subList(begin, Math.min(mine.size(), begin + AT_ONCE));
            long held = lease.current();
            List<CompletableFuture<TxnResponse>> answers = some.stream()
                    .map(fact -> etcd.transactLater(
                            List.of(Etcd.isUnchanged(fact.key(), fact.modRevision())),
                            Etcd.put(fact.key(), fact.value(), held)))
                    .toList();
            for (int i = 0; i < some.size(); i++) {
                TxnResponse answer = etcd.await(answers.get(i));
                if (answer.isSucceeded()) {
                    deadlines.adopted(some.get(i).key(), answer.getHeader().getRevision());
                }
            }
        }
    }

    private void expire() {
        List<Due> due = deadlines.takeDue();
        for (int begin = 0; begin < due.size(); begin += AT_ONCE) {
            List<Due> some = due.subList(begin, Math.min(due.size(), begin + AT_ONCE));
            List<CompletableFuture<TxnResponse>> answers = some.stream()
                    .map(each -> etcd.transactLater(
                            List.of(Etcd.isUnchanged(each.key(), each.modRevision())), Etcd.delete(each.key())))
                    .toList();
            for (int i = 0; i < some.size(); i++) {
                expired(some.get(i), answers.get(i));
            }
        }
    }

    private void expired(Due due, CompletableFuture<TxnResponse> answer) {
        try {
            // if it was refused, another process has it by now, or it is gone
            etcd.await(answer);
            deadlines.removed(due);
        } catch (RuntimeException e) {
            deadlines.stillThere(due);
            if (!closed) {
                log.atWarn()
                        .addKeyValue("instance", due.key())
                        .addKeyValue("reason", e.getMessage())
                        .log("an instance that expired is not removed yet; trying again");
            }
        }
    }

    private void renewLease() {
        try {
            if (!deadlines.isEmpty()) {
                lease.renew();
            }
        } catch (RuntimeException e) {
            if (!closed) {
                log.atWarn()
                        .addKeyValue("reason", e.getMessage())
                        .log("the lease of this process is not renewed; trying again");
            }
        }
    }

    // ---- end

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("discovery is closed");
        }
    }

    /** Ends the watches. What is registered stays until its time is over: a restart is no end (DI-5). */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        watches.forEach(EtcdWatch::closed);
        watchThreads.shutdown();
        try {
            if (!watchThreads.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                watchThreads.shutdownNow();
            }
        } catch (InterruptedException e) {
            watchThreads.shutdownNow();
            Thread.currentThread().interrupt();
        }
        timer.shutdownNow();
        etcd.close();
    }
}
