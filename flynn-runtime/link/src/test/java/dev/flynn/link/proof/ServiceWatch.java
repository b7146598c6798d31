package dev.flynn.link.proof;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Watches a service, or all of them, and tells every event. Now and then it ends its watch and begins anew. */
final class ServiceWatch {

    private static final int LONGEST_WATCH_MILLIS = 3000;
    private static final AtomicInteger STREAMS = new AtomicInteger();

    private final Discovery discovery;
    private final String service;
    private final Journal journal;
    private final Random random;

    private volatile Watcher current = new Watcher();
    private volatile Length length = Length.ANY;

    /** How long watches go on. */
    private enum Length {
        ANY,
        /** As long as they can. */
        LONG,
        NONE
    }

    /** @param service or {@link Discovery#EVERYTHING} */
    ServiceWatch(Discovery discovery, String service, Journal journal, long seed) {
        this.discovery = discovery;
        this.service = service;
        this.journal = journal;
        this.random = new Random(seed ^ service.hashCode());
    }

    /** From now on a watch goes on for as long as it can. */
    void settle() {
        length = Length.LONG;
    }

    /** Ends the watch; another one ends as soon as it has begun. */
    void end() {
        length = Length.NONE;
    }

    /** Whether the metadata of all that this watches has come to be this. */
    boolean hasSeen(String mark) {
        Set<String> wanted = service.equals(Discovery.EVERYTHING) ? Set.copyOf(Services.WATCHED) : Set.of(service);
        return current.servicesMarked(mark).containsAll(wanted);
    }

    void step() throws InterruptedException {
        var watcher = new Watcher();
        current = watcher;
        journal.tell("events", watcher.stream, service);
        try (Subscription watch = service.equals(Discovery.EVERYTHING)
                ? discovery.watchAll(watcher)
                : discovery.watch(service, watcher)) {
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(random.nextInt(LONGEST_WATCH_MILLIS));
            while (length == Length.LONG || length == Length.ANY && System.nanoTime() < end) {
                if (watcher.ended.await(20, TimeUnit.MILLISECONDS)) {
                    break;
                }
            }
        }
        watcher.close();
    }

    private final class Watcher implements DiscoveryWatcher {

        private final String stream = "service-" + STREAMS.incrementAndGet();
        private final CountDownLatch ended = new CountDownLatch(1);
        private final Set<List<String>> metas = new HashSet<>();
        private boolean closed;

        @Override
        public synchronized void onEvent(DiscoveryEvent event) {
            if (closed) {
                return;
            }
            journal.tell("event", stream, event.service(), event);
            if (event instanceof DiscoveryEvent.Meta meta) {
                metas.add(List.of(meta.service(), meta.meta().data()));
            }
        }

        @Override
        public synchronized void onEnd(FlynnException reason) {
            journal.tell("ended", stream, reason.code(), reason.getMessage());
            ended.countDown();
        }

        synchronized Set<String> servicesMarked(String mark) {
            Set<String> marked = new HashSet<>();
            for (List<String> meta : metas) {
                if (meta.get(1).equals("\"" + mark + "\"")) {
                    marked.add(meta.get(0));
                }
            }
            return marked;
        }

        synchronized void close() {
            closed = true;
        }
    }
}
