package dev.flynn.discovery.etcd;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discovery.etcd.ServiceView.Change;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import io.etcd.jetcd.Watch;
import io.etcd.jetcd.common.exception.CompactedException;
import io.etcd.jetcd.kv.GetResponse;
import io.etcd.jetcd.watch.WatchEvent;
import io.etcd.jetcd.watch.WatchResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subscription: what is true at a revision, told by the thread that begins it, and then every change after it.
 *
 * <p>It resumes by itself from the last revision that it has seen. (The client would too, but from the newest revision that
 * the server named at the last connection, and so it skips what happened before that and was not delivered yet.)
 */
final class EtcdWatch implements Subscription {

    private static final Logger log = LoggerFactory.getLogger(EtcdWatch.class);

    private static final int MAX_WAITING = 65_536;
    private static final long RESUME_MILLIS = 300;

    private final Etcd etcd;
    private final Keys keys;
    private final Records records;
    private final String prefix;
    private final DiscoveryWatcher watcher;
    private final InOrder order;
    private final ScheduledExecutorService timer;
    private final Consumer<EtcdWatch> whenOver;

    // only touched by begin, and then by tasks of order
    private final Map<String, ServiceView> views = new TreeMap<>();
    private long seen;

    private volatile boolean over;

    // guarded by this
    private Watch.@Nullable Watcher stream;

    /** @param prefix the facts of one service, or of all */
    EtcdWatch(
            Etcd etcd,
            Keys keys,
            Records records,
            String prefix,
            DiscoveryWatcher watcher,
            Executor threads,
            ScheduledExecutorService timer,
            Consumer<EtcdWatch> whenOver) {
        this.etcd = etcd;
        this.keys = keys;
        this.records = records;
        this.prefix = prefix;
        this.watcher = watcher;
        this.order = new InOrder(threads);
        this.timer = timer;
        this.whenOver = whenOver;
    }

    /** Tells what is true now, and goes on from there. */
    void begin() {
        GetResponse now = etcd.list(prefix);
        seen = now.getHeader().getRevision();
        boolean everything = prefix.equals(keys.facts());
        if (!everything) {
            viewOf(keys.serviceOf(prefix));
        }
        Map<String, List<Change>> byService = new TreeMap<>();
        now.getKvs().forEach(found -> add(byService, Fact.of(found)));
        byService.forEach((service, changes) -> viewOf(service).apply(changes));
        views.values().forEach(view -> view.current().forEach(this::tell));
        if (everything) {
            tell(new DiscoveryEvent.Current(Discovery.EVERYTHING));
        }
        listen();
    }

    private void add(Map<String, List<Change>> byService, Fact fact) {
        byService
                .computeIfAbsent(keys.serviceOf(fact.key()), service -> new ArrayList<>())
                .add(new Change(fact.key(), Optional.of(fact)));
    }

    private ServiceView viewOf(String service) {
        return views.computeIfAbsent(service, name -> new ServiceView(name, keys, records));
    }

    private synchronized void listen() {
        if (!over) {
            stream = etcd.watch(prefix, seen + 1, new Stream());
        }
    }

    private void listenAgain() {
        try {
            listen();
        } catch (RuntimeException e) {
            resume(e);
        }
    }

    /** What etcd sends for one of the streams that this watch opens in the course of its life. */
    private final class Stream implements Watch.Listener {

        private volatile boolean ended;

        @Override
        public void onNext(WatchResponse response) {
            if (!ended && !over && order.run(() -> apply(response)) > MAX_WAITING) {
                ended = true;
                end(tooSlow());
            }
        }

        @Override
        public void onError(Throwable failure) {
            endStream(failure);
        }

        @Override
        public void onCompleted() {
            endStream(null);
        }

        private void endStream(@Nullable Throwable failure) {
            if (ended || over) {
                return;
            }
            ended = true;
            if (failure instanceof CompactedException) {
                order.run(() -> end(tooSlow()));
            } else {
                // after what came before it, so that it resumes behind that
                order.run(() -> resume(failure));
            }
        }
    }

    private void resume(@Nullable Throwable failure) {
        log.atDebug().setCause(failure).addKeyValue("after", seen).log("the watch begins a new stream");
        closeStream();
        if (!over) {
            var soon = timer.schedule(() -> order.run(this::listenAgain), RESUME_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private FlynnException tooSlow() {
        return new FlynnException(
                ErrorCode.COMPACTED, "changes after revision %d are no longer to be had: watch again".formatted(seen));
    }

    private void apply(WatchResponse response) {
        Map<Long, Map<String, List<Change>>> byRevision = new TreeMap<>();
        for (WatchEvent event : response.getEvents()) {
            long revision = event.getKeyValue().getModRevision();
            if (revision > seen) {
                Change change = change(event);
                byRevision
                        .computeIfAbsent(revision, r -> new TreeMap<>())
                        .computeIfAbsent(keys.serviceOf(change.key()), service -> new ArrayList<>())
                        .add(change);
            }
        }
        byRevision.forEach((revision, services) -> {
            seen = revision;
            services.forEach(
                    (service, changes) -> viewOf(service).apply(changes).forEach(this::tell));
        });
    }

    private static Change change(WatchEvent event) {
        String key = event.getKeyValue().getKey().toString(StandardCharsets.UTF_8);
        boolean isThere = event.getEventType() == WatchEvent.EventType.PUT;
        return new Change(key, isThere ? Optional.of(Fact.of(event.getKeyValue())) : Optional.empty());
    }

    private void tell(DiscoveryEvent event) {
        if (over) {
            return;
        }
        try {
            watcher.onEvent(event);
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).addKeyValue("event", event).log("watcher failed; it goes on with the next event");
        }
    }

    /** Ends it because discovery is closed. */
    void closed() {
        order.run(() -> end(FlynnException.unavailable("discovery was closed", null)));
    }

    private void end(FlynnException reason) {
        if (over) {
            return;
        }
        close();
        try {
            watcher.onEnd(reason);
        } catch (RuntimeException | Error e) {
            log.atError().setCause(e).log("watcher failed at its end");
        }
    }

    @Override
    public void close() {
        over = true;
        closeStream();
        whenOver.accept(this);
    }

    private void closeStream() {
        Watch.Watcher open;
        synchronized (this) {
            open = stream;
            stream = null;
        }
        if (open != null) {
            open.close();
        }
    }
}
