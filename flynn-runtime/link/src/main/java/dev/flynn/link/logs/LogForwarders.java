package dev.flynn.link.logs;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.link.HostLink;
import dev.flynn.logs.LogForwarder;
import dev.flynn.logs.LogMux;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forwards the lines of this host to every other host on which a log aggregator runs, as discovery tells it. This host's own
 * reads them directly.
 */
public final class LogForwarders implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(LogForwarders.class);

    private static final String SERVICE = "logaggregator";
    private static final Duration CHECK = Duration.ofSeconds(5);

    private final HostLink link;
    private final LogMux mux;
    private final Discovery discovery;
    private final Function<Instance, Optional<Target>> locate;
    private final Semaphore changed = new Semaphore(1);
    private final Map<Target, LogForwarder> forwarders = new HashMap<>();
    private final Thread thread;
    private volatile boolean watching;
    private volatile boolean closed;

    /** A host with an aggregator, and the address of its link. */
    public record Target(String hostId, String address) {}

    /** @param locate where an aggregator runs; empty if nobody knows now */
    public LogForwarders(HostLink link, LogMux mux, Discovery discovery, Function<Instance, Optional<Target>> locate) {
        this.link = link;
        this.mux = mux;
        this.discovery = discovery;
        this.locate = locate;
        this.thread = new NamedThreads("log-forwarders").newThread(this::run);
        thread.start();
    }

    private void run() {
        while (!closed) {
            watching = true;
            try (Subscription watch = watch()) {
                follow();
            } catch (InterruptedException closing) {
                return;
            } catch (FlynnException e) {
                log.atWarn().setCause(e).log("cannot find the log aggregators; trying again");
                if (!pause()) {
                    return;
                }
            }
        }
    }

    /** False if this thread was told to end. */
    private boolean pause() {
        try {
            TimeUnit.SECONDS.sleep(1);
            return true;
        } catch (InterruptedException closing) {
            return false;
        }
    }

    /** Until the watch ends; not each of its changes tells of another host, which is looked at again now and then. */
    private void follow() throws InterruptedException {
        while (watching && !closed) {
            var unused = changed.tryAcquire(CHECK.toMillis(), TimeUnit.MILLISECONDS);
            changed.drainPermits();
            forwardTo(targets());
        }
    }

    private Subscription watch() {
        return discovery.watch(SERVICE, new DiscoveryWatcher() {
            @Override
            public void onEvent(DiscoveryEvent event) {
                changed.release();
            }

            @Override
            public void onEnd(FlynnException reason) {
                watching = false;
                changed.release();
            }
        });
    }

    private Set<Target> targets() {
        Set<Target> targets = new HashSet<>();
        for (Instance instance : discovery.instances(SERVICE)) {
            locate.apply(instance)
                    .filter(target -> !target.hostId().equals(link.hostId()))
                    .ifPresent(targets::add);
        }
        return targets;
    }

    private synchronized void forwardTo(Set<Target> targets) {
        forwarders.entrySet().removeIf(known -> {
            boolean gone = !targets.contains(known.getKey());
            if (gone) {
                known.getValue().close();
            }
            return gone;
        });
        for (Target target : targets) {
            forwarders.computeIfAbsent(
                    target,
                    to -> new LogForwarder(
                            mux,
                            new RemoteAggregators(link, to.hostId(), to.address()),
                            "log aggregator of " + to.hostId()));
        }
    }

    /** Sends what is there, for some seconds, then stops. */
    @Override
    public void close() {
        closed = true;
        changed.release();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            forwarders.values().forEach(LogForwarder::close);
            forwarders.clear();
        }
    }
}
