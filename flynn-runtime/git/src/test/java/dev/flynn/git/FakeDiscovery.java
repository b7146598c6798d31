package dev.flynn.git;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryCapability;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Instances in a map; nothing expires. */
final class FakeDiscovery implements Discovery {

    private final Map<String, List<Instance>> instances = new HashMap<>();
    private final Map<String, List<DiscoveryWatcher>> watchers = new HashMap<>();

    @Override
    public synchronized Instance register(String service, Instance instance) {
        instances.computeIfAbsent(service, any -> new ArrayList<>()).add(instance);
        watchers.getOrDefault(service, List.of())
                .forEach(watcher -> watcher.onEvent(new DiscoveryEvent.Up(service, instance)));
        return instance;
    }

    @Override
    public synchronized List<Instance> instances(String service) {
        return List.copyOf(instances.getOrDefault(service, List.of()));
    }

    @Override
    public synchronized Subscription watch(String service, DiscoveryWatcher watcher) {
        instances(service).forEach(instance -> watcher.onEvent(new DiscoveryEvent.Up(service, instance)));
        watcher.onEvent(new DiscoveryEvent.Current(service));
        watchers.computeIfAbsent(service, any -> new ArrayList<>()).add(watcher);
        return () -> unwatch(service, watcher);
    }

    private synchronized void unwatch(String service, DiscoveryWatcher watcher) {
        watchers.getOrDefault(service, new ArrayList<>()).remove(watcher);
    }

    @Override
    public synchronized void removeService(String service) {
        instances.remove(service);
    }

    @Override
    public Set<DiscoveryCapability> capabilities() {
        return Set.of();
    }

    @Override
    public Duration ttl() {
        return DEFAULT_TTL;
    }

    @Override
    public void createService(String service, LeaderType leaderType) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Set<String> services() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void deregister(String service, String instanceId) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Instance> leader(String service) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void setLeader(String service, String instanceId) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<ServiceMeta> meta(String service) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ServiceMeta setMeta(String service, ServiceMeta meta) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Subscription watchAll(DiscoveryWatcher watcher) {
        throw new UnsupportedOperationException();
    }

    @Override
    public ServiceMeta setMetaAndLeader(String service, ServiceMeta meta, String instanceId) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        // nothing is open
    }
}
