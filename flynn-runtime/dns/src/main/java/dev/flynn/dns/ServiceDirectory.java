package dev.flynn.dns;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.DiscoveryEvent.Update;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All services as discovery last told them, in memory: a look-up asks nobody, so that no name can make it wait. */
final class ServiceDirectory implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ServiceDirectory.class);

    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

    private final Discovery discovery;
    private final ScheduledExecutorService timer =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("dns-services"));
    private volatile Map<String, ServiceEntry> services = new ConcurrentHashMap<>();
    private volatile boolean closed;
    private volatile @Nullable Subscription subscription;

    ServiceDirectory(Discovery discovery) {
        this.discovery = discovery;
    }

    /** Begins to follow discovery; returns once everything that is there now is known, or discovery did not answer. */
    void start() {
        try {
            subscription = discovery.watchAll(new Follower());
        } catch (RuntimeException e) {
            log.atWarn().setCause(e).log("services cannot be watched; the last known ones stay, trying again");
            retry();
        }
    }

    private void retry() {
        if (!closed) {
            timer.schedule(this::start, RETRY.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** What is known of a service that has instances. */
    Optional<ServiceEntry> find(String service) {
        return Optional.ofNullable(services.get(service));
    }

    /** The leader of a service. */
    Optional<Endpoint> leader(String service, ServiceEntry entry) {
        return entry.leader(() -> discovery.leader(service).map(Instance::id));
    }

    @Override
    public void close() {
        closed = true;
        Executors.stop(timer, "dns", STOP_PATIENCE);
        Subscription following = subscription;
        if (following != null) {
            following.close();
        }
    }

    /** Collects what is true now apart, and shows it once it is complete. */
    private final class Follower implements DiscoveryWatcher {

        private final Map<String, ServiceEntry> followed = new ConcurrentHashMap<>();

        @Override
        public void onEvent(DiscoveryEvent event) {
            if (event instanceof Current current) {
                if (current.service().equals(Discovery.EVERYTHING)) {
                    services = followed;
                }
            } else if (event instanceof Up up) {
                followed.computeIfAbsent(up.service(), any -> new ServiceEntry())
                        .put(up.instance());
            } else if (event instanceof Update update) {
                followed.computeIfAbsent(update.service(), any -> new ServiceEntry())
                        .put(update.instance());
            } else if (event instanceof Down down) {
                followed.computeIfPresent(
                        down.service(), (name, entry) -> entry.remove(down.instance()) ? entry : null);
            } else if (event instanceof Leader leader) {
                followed.computeIfPresent(leader.service(), (name, entry) -> {
                    entry.lead(leader.instance().map(Instance::id));
                    return entry;
                });
            }
        }

        @Override
        public void onEnd(FlynnException reason) {
            log.atInfo()
                    .addKeyValue("reason", reason.getMessage())
                    .log("the watch of all services ended; watching again");
            retry();
        }
    }
}
