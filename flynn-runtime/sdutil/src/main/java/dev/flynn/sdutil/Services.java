package dev.flynn.sdutil;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.DiscoveryEvent.Update;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discoverd.client.DiscoverdClient;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Services that are followed, as they are now, and whoever waits for one of them to change. */
final class Services implements AutoCloseable {

    private final DiscoverdClient client;

    // guarded by this
    private final Map<String, Followed> followed = new HashMap<>();
    private long version;
    private Optional<FlynnException> failure = Optional.empty();

    private static final class Followed {
        final Map<String, Instance> instances = new HashMap<>();
        Optional<Instance> leader = Optional.empty();
        boolean known;
        DiscoverdClient.Watch watch = () -> {};
    }

    /**
     * A service at one moment.
     *
     * @param instances by index
     */
    record State(Optional<Instance> leader, List<Instance> instances) {}

    Services(DiscoverdClient client) {
        this.client = client;
    }

    /** Follows a service from now on. */
    synchronized void follow(String service) {
        if (!followed.containsKey(service)) {
            var one = new Followed();
            followed.put(service, one);
            one.watch = client.watch(service, event -> changed(one, event), this::ended);
        }
    }

    private synchronized void changed(Followed one, DiscoveryEvent event) {
        if (event instanceof Up up) {
            one.instances.put(up.instance().id(), up.instance());
        } else if (event instanceof Update update) {
            one.instances.put(update.instance().id(), update.instance());
        } else if (event instanceof Down down) {
            one.instances.remove(down.instance().id());
        } else if (event instanceof Leader leader) {
            one.leader = leader.instance();
        } else if (event instanceof Current) {
            one.known = true;
        }
        wake();
    }

    private synchronized void ended(FlynnException reason) {
        failure = Optional.of(reason);
        wake();
    }

    /** Lets whoever waits look again. */
    synchronized void wake() {
        version++;
        notifyAll();
    }

    /** What is known of a service; empty until discoverd has told everything. */
    synchronized Optional<State> state(String service) {
        Followed one = followed.get(service);
        if (one == null || !one.known) {
            return Optional.empty();
        }
        List<Instance> instances = one.instances.values().stream()
                .sorted(Comparator.comparingLong(Instance::index))
                .toList();
        // a leader that is gone leads no more, whatever was set by hand
        return Optional.of(new State(one.leader.filter(leader -> one.instances.containsKey(leader.id())), instances));
    }

    synchronized long version() {
        return version;
    }

    /** Waits until something may have changed since a version. */
    synchronized void awaitChange(long since) throws InterruptedException {
        while (version == since) {
            wait();
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
    }

    @Override
    public void close() {
        List<Followed> all;
        synchronized (this) {
            all = List.copyOf(followed.values());
        }
        all.forEach(one -> one.watch.close());
    }
}
