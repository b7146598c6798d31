package dev.flynn.controller;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryCapability;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Discovery without threads or time, as far as deployments need it. */
final class SteppedDiscovery implements Discovery {

    private final Map<String, Map<String, Instance>> services = new TreeMap<>();
    private final Map<String, ServiceMeta> metas = new HashMap<>();

    @Override
    public Instance register(String service, Instance instance) {
        services.computeIfAbsent(service, name -> new TreeMap<>()).put(instance.id(), instance);
        return instance;
    }

    @Override
    public void deregister(String service, String instanceId) {
        services.getOrDefault(service, new TreeMap<>()).remove(instanceId);
    }

    @Override
    public List<Instance> instances(String service) {
        return List.copyOf(services.getOrDefault(service, Map.of()).values());
    }

    @Override
    public Optional<ServiceMeta> meta(String service) {
        return Optional.ofNullable(metas.get(service));
    }

    @Override
    public ServiceMeta setMeta(String service, ServiceMeta meta) {
        long current = meta(service).map(ServiceMeta::index).orElse(0L);
        if (current != meta.index()) {
            throw new FlynnException(ErrorCode.PRECONDITION_FAILED, "the metadata changed");
        }
        ServiceMeta written = new ServiceMeta(meta.data(), current + 1);
        metas.put(service, written);
        return written;
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
    public Set<String> services() {
        return services.keySet();
    }

    @Override
    public void createService(String service, LeaderType leaderType) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void removeService(String service) {
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
    public ServiceMeta setMetaAndLeader(String service, ServiceMeta meta, String instanceId) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Subscription watch(String service, DiscoveryWatcher watcher) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Subscription watchAll(DiscoveryWatcher watcher) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
