package dev.flynn.router.program;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import dev.flynn.spi.router.RouteTable.Backend;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The backends of one service, as discovery tells them.
 *
 * <p>While discovery cannot be watched, and until a new watch has told all it knows, the last known backends stay.
 */
final class ServiceWatch implements AutoCloseable {

    private final Discovery discovery;
    private final String service;
    private final Runnable onChange;
    private final BiConsumer<ServiceWatch, FlynnException> onEnd;
    private volatile List<Backend> backends = List.of();
    private volatile List<Instance> instances = List.of();
    private volatile boolean current;
    private volatile boolean closed;
    private @Nullable Subscription subscription;

    /**
     * @param onChange called on a thread of discovery when the backends are other ones
     * @param onEnd called on a thread of discovery, with the reason, when {@link #watch} has to be called again
     */
    ServiceWatch(
            Discovery discovery, String service, Runnable onChange, BiConsumer<ServiceWatch, FlynnException> onEnd) {
        this.discovery = discovery;
        this.service = service;
        this.onChange = onChange;
        this.onEnd = onEnd;
    }

    String service() {
        return service;
    }

    /** Begins to watch, once more if the watch before has ended. Only one thread may call this and {@link #close}. */
    void watch() {
        if (!closed) {
            if (subscription != null) {
                subscription.close();
            }
            subscription = discovery.watch(service, new Watcher());
        }
    }

    List<Backend> backends() {
        return backends;
    }

    /** What registered the backends, the oldest first. */
    List<Instance> instances() {
        return instances;
    }

    /** Whether discovery has told what there is. */
    boolean isCurrent() {
        return current;
    }

    @Override
    public void close() {
        closed = true;
        if (subscription != null) {
            subscription.close();
        }
    }

    /** One watch; called by one thread at a time. */
    private final class Watcher implements DiscoveryWatcher {

        private final Map<String, Instance> known = new HashMap<>();
        private Optional<String> leaderId = Optional.empty();
        private boolean complete;

        @Override
        public void onEvent(DiscoveryEvent event) {
            if (event instanceof DiscoveryEvent.Up up) {
                known.put(up.instance().id(), up.instance());
            } else if (event instanceof DiscoveryEvent.Update update) {
                known.put(update.instance().id(), update.instance());
            } else if (event instanceof DiscoveryEvent.Down down) {
                known.remove(down.instance().id());
            } else if (event instanceof DiscoveryEvent.Leader leader) {
                leaderId = leader.instance().map(Instance::id);
            } else if (event instanceof DiscoveryEvent.Current) {
                complete = true;
            } else {
                return;
            }
            if (complete && !closed) {
                publish();
            }
        }

        @Override
        public void onEnd(FlynnException reason) {
            if (!closed) {
                onEnd.accept(ServiceWatch.this, reason);
            }
        }

        private void publish() {
            List<Instance> byAge = known.values().stream()
                    .filter(RouteTables::hasPort)
                    .sorted(Comparator.comparingLong(Instance::index))
                    .toList();
            instances = byAge;
            List<Backend> now = RouteTables.backends(byAge, leaderId);
            boolean changed = !current || !now.equals(backends);
            backends = now;
            current = true;
            if (changed) {
                onChange.run();
            }
        }
    }
}
