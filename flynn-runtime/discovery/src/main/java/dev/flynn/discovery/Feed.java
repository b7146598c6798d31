package dev.flynn.discovery;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All services as this process knows them, kept up to date by one watch of the store that every watcher shares. It lags
 * behind the store by the time a change needs to arrive.
 */
final class Feed implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Feed.class);

    private static final int THREADS = 4;
    private static final Duration ARRIVAL_PATIENCE = Duration.ofSeconds(10);

    private final ClusterStore store;
    private final Records records;
    private final ThreadPoolExecutor threads;

    // guarded by this
    private final Map<String, ServiceView> services = new HashMap<>();
    private final Map<String, Map<String, Registered>> byMember = new HashMap<>();
    private final Map<String, Set<Watch>> watches = new HashMap<>();
    private @Nullable Source source;
    private long revision;
    private boolean closed;

    /** @param threads those that tell the watchers; ended with this */
    Feed(ClusterStore store, Records records, ThreadFactory threads) {
        this.store = store;
        this.records = records;
        this.threads = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                threads,
                // after the end there is nobody else left to tell the watcher
                (task, pool) -> task.run());
        this.threads.allowCoreThreadTimeOut(true);
    }

    // ---- what is known

    synchronized boolean isOpen() {
        return source != null;
    }

    /** Reads everything and follows it from there, unless it does so already. */
    synchronized void open() {
        if (closed || source != null) {
            return;
        }
        StoreSnapshot snapshot = store.list(ServiceKeys.ROOT);
        services.clear();
        byMember.clear();
        revision = snapshot.revision();
        snapshot.entries().forEach(entry -> follow(new KeyChange(entry.key(), Optional.of(entry))));
        var opened = new Source();
        source = opened;
        opened.subscription = store.watch(ServiceKeys.ROOT, snapshot.revision(), opened);
    }

    synchronized Optional<Registered> find(String service, String instanceId) {
        return Optional.ofNullable(services.get(service)).flatMap(view -> view.find(instanceId));
    }

    /** Keys of the instances whose heartbeats this member takes, with what is registered. */
    synchronized Map<String, Registered> heldBy(String member) {
        return Map.copyOf(byMember.getOrDefault(member, Map.of()));
    }

    synchronized boolean holdsAny(String member) {
        return byMember.containsKey(member);
    }

    /** All who take heartbeats of an instance that is registered. */
    synchronized Set<String> members() {
        return Set.copyOf(byMember.keySet());
    }

    /** Waits until a change of this process's own has arrived here too. */
    synchronized void await(long committed) {
        long deadline = System.nanoTime() + ARRIVAL_PATIENCE.toNanos();
        try {
            while (revision < committed && source != null) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    throw FlynnException.unavailable(
                            "revision %d did not arrive within %s".formatted(committed, ARRIVAL_PATIENCE), null);
                }
                wait(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while a change arrived", e);
        }
    }

    private synchronized void apply(Source from, StoreChange change) {
        if (from != source) {
            return;
        }
        Map<String, List<KeyChange>> byService = new LinkedHashMap<>();
        for (KeyChange key : change.changes()) {
            byService
                    .computeIfAbsent(ServiceKeys.ofKey(key.key()).service(), any -> new ArrayList<>())
                    .add(key);
        }
        byService.forEach((service, keys) -> {
            keys.forEach(this::followMember);
            ServiceView view = services.computeIfAbsent(service, name -> new ServiceView(name, records));
            List<DiscoveryEvent> events = view.apply(new StoreChange(change.revision(), keys));
            if (view.isEmpty()) {
                services.remove(service);
            }
            tell(service, change.revision(), events);
        });
        revision = change.revision();
        notifyAll();
    }

    private void tell(String service, long at, List<DiscoveryEvent> events) {
        if (events.isEmpty()) {
            return;
        }
        watches.getOrDefault(service, Set.of()).forEach(watch -> watch.offer(at, events));
        watches.getOrDefault(Discovery.EVERYTHING, Set.of()).forEach(watch -> watch.offer(at, events));
    }

    private void follow(KeyChange change) {
        followMember(change);
        String service = ServiceKeys.ofKey(change.key()).service();
        services.computeIfAbsent(service, name -> new ServiceView(name, records))
                .apply(new StoreChange(revision, List.of(change)));
    }

    /** Before the service's view changes, which knows who took the heartbeats until now. */
    private void followMember(KeyChange change) {
        if (!ServiceKeys.isInstance(change.key())) {
            return;
        }
        ServiceKeys keys = ServiceKeys.ofKey(change.key());
        String id = change.key().substring(keys.instances().length());
        find(keys.service(), id)
                .ifPresent(before -> byMember.computeIfPresent(before.member(), (member, held) -> {
                    held.remove(change.key());
                    return held.isEmpty() ? null : held;
                }));
        change.entry()
                .map(records::registered)
                .ifPresent(now -> byMember.computeIfAbsent(now.member(), any -> new HashMap<>())
                        .put(change.key(), now));
    }

    // ---- watches

    /** What is true now is told on this thread, before this returns. */
    Subscription watch(String service, DiscoveryWatcher watcher) {
        Watch watch = join(service, watcher);
        try {
            StoreSnapshot snapshot = store.list(new ServiceKeys(service).prefix());
            watch.begin(
                    snapshot.revision(),
                    ServiceView.of(service, snapshot, records).current());
        } catch (RuntimeException e) {
            watch.close();
            throw e;
        }
        return watch;
    }

    Subscription watchAll(DiscoveryWatcher watcher) {
        Watch watch = join(Discovery.EVERYTHING, watcher);
        try {
            StoreSnapshot snapshot = store.list(ServiceKeys.ROOT);
            watch.begin(snapshot.revision(), everything(snapshot));
        } catch (RuntimeException e) {
            watch.close();
            throw e;
        }
        return watch;
    }

    private List<DiscoveryEvent> everything(StoreSnapshot snapshot) {
        Map<String, List<StoreEntry>> byService = new TreeMap<>();
        for (StoreEntry entry : snapshot.entries()) {
            if (ServiceKeys.isMark(entry.key())) {
                continue;
            }
            byService
                    .computeIfAbsent(ServiceKeys.ofKey(entry.key()).service(), any -> new ArrayList<>())
                    .add(entry);
        }
        List<DiscoveryEvent> events = new ArrayList<>();
        byService.forEach((service, entries) ->
                events.addAll(ServiceView.of(service, new StoreSnapshot(snapshot.revision(), entries), records)
                        .current()));
        events.add(new DiscoveryEvent.Current(Discovery.EVERYTHING));
        return events;
    }

    /** From now on changes are kept for this watch. */
    private synchronized Watch join(String service, DiscoveryWatcher watcher) {
        if (closed) {
            throw new IllegalStateException("discovery is closed");
        }
        open();
        var watch = new Watch(watcher, threads, left -> leave(service, left));
        watches.computeIfAbsent(service, any -> new LinkedHashSet<>()).add(watch);
        return watch;
    }

    private synchronized void leave(String service, Watch watch) {
        watches.computeIfPresent(service, (name, all) -> {
            all.remove(watch);
            return all.isEmpty() ? null : all;
        });
    }

    private void endWatches(FlynnException reason) {
        Set<Watch> all = new HashSet<>();
        synchronized (this) {
            watches.values().forEach(all::addAll);
            watches.clear();
        }
        all.forEach(watch -> watch.end(reason));
    }

    /** Ends the watches; the store stays open. */
    @Override
    public void close() {
        Source last;
        synchronized (this) {
            closed = true;
            last = source;
            source = null;
            notifyAll();
        }
        if (last != null && last.subscription != null) {
            last.subscription.close();
        }
        endWatches(FlynnException.unavailable("discovery was closed", null));
        threads.shutdown();
    }

    /** One watch of the store; what an earlier one still tells is of no interest. */
    private final class Source implements StoreWatcher {

        private volatile @Nullable Subscription subscription;

        @Override
        public void onChange(StoreChange change) {
            apply(this, change);
        }

        @Override
        public void onEnd(FlynnException reason) {
            synchronized (Feed.this) {
                if (source != this) {
                    return;
                }
                source = null;
                Feed.this.notifyAll();
            }
            log.atInfo().addKeyValue("reason", reason.getMessage()).log("services are read anew");
            endWatches(reason);
        }
    }
}
