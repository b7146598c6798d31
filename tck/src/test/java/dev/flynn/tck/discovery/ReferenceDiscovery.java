package dev.flynn.tck.discovery;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryCapability;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** The simplest discovery that keeps every promise: one lock, time by hand, and watchers told on the caller's thread. */
class ReferenceDiscovery implements Discovery {

    private static final Map<Path, Disk> DISKS = new ConcurrentHashMap<>();

    static final class Disk {
        final Map<String, Service> services = new TreeMap<>();
        long index;
    }

    static final class Service {
        final LeaderType leaderType;
        final Map<String, Instance> instances = new HashMap<>();
        Optional<String> leaderSet = Optional.empty();
        Optional<ServiceMeta> meta = Optional.empty();

        Service(LeaderType leaderType) {
            this.leaderType = leaderType;
        }
    }

    private record Watch(String service, DiscoveryWatcher watcher) {}

    final Disk disk;
    private final Map<String, Duration> renewed = new HashMap<>();
    private final List<Watch> watches = new ArrayList<>();
    private final Duration nothingBefore;
    private Duration now = Duration.ZERO;

    ReferenceDiscovery(Path directory) {
        disk = DISKS.computeIfAbsent(directory, any -> new Disk());
        nothingBefore = disk.services.isEmpty() ? Duration.ZERO : ttl().multipliedBy(2);
    }

    @Override
    public Set<DiscoveryCapability> capabilities() {
        return EnumSet.complementOf(EnumSet.of(DiscoveryCapability.SHARED));
    }

    @Override
    public Duration ttl() {
        return DEFAULT_TTL;
    }

    synchronized void advance(Duration time) {
        for (long left = time.toMillis(); left > 0; left -= 100) {
            now = now.plusMillis(Math.min(left, 100));
            expire();
        }
    }

    private void expire() {
        if (now.compareTo(nothingBefore()) < 0) {
            return;
        }
        disk.services.forEach((name, service) -> instancesOf(service).stream()
                .filter(instance -> now.compareTo(renewed.getOrDefault(instance.id(), Duration.ZERO)
                                .plus(lifetime()))
                        > 0)
                .forEach(dead -> remove(name, service, dead)));
    }

    Duration nothingBefore() {
        return nothingBefore;
    }

    Duration lifetime() {
        return ttl();
    }

    @Override
    public synchronized void createService(String service, LeaderType leaderType) {
        requireValid(service);
        if (disk.services.putIfAbsent(service, new Service(leaderType)) != null) {
            throw FlynnException.exists(service);
        }
    }

    void requireValid(String service) {
        if (!service.matches("[a-z0-9-]+")) {
            throw FlynnException.invalid(service);
        }
    }

    @Override
    public synchronized void removeService(String service) {
        Service removed = required(service);
        instancesOf(removed).forEach(instance -> {
            removed.instances.remove(instance.id());
            tell(new DiscoveryEvent.Down(service, instance));
        });
        tell(new DiscoveryEvent.Leader(service, Optional.empty()));
        disk.services.remove(service);
    }

    @Override
    public synchronized Set<String> services() {
        return Set.copyOf(disk.services.keySet());
    }

    @Override
    public synchronized Instance register(String service, Instance instance) {
        Service known = required(service);
        renewed.put(instance.id(), now);
        Instance before = known.instances.get(instance.id());
        Instance registered = instance.withIndex(before == null ? ++disk.index : indexOf(before));
        if (registered.equals(before) && !tellsHeartbeats()) {
            return registered;
        }
        Optional<Instance> leaderBefore = leader(service);
        known.instances.put(instance.id(), registered);
        tell(
                before == null
                        ? new DiscoveryEvent.Up(service, registered)
                        : new DiscoveryEvent.Update(service, registered));
        tellLeader(service, known, leaderBefore);
        return registered;
    }

    long indexOf(Instance before) {
        return before.index();
    }

    boolean tellsHeartbeats() {
        return false;
    }

    @Override
    public synchronized void deregister(String service, String instanceId) {
        Service known = disk.services.get(service);
        if (known != null && known.instances.containsKey(instanceId)) {
            remove(service, known, known.instances.get(instanceId));
        }
    }

    private void remove(String name, Service service, Instance instance) {
        Optional<Instance> leaderBefore = leader(name);
        service.instances.remove(instance.id());
        tell(new DiscoveryEvent.Down(name, instance));
        tellLeader(name, service, leaderBefore);
    }

    private void tellLeader(String name, Service service, Optional<Instance> before) {
        Optional<Instance> leader = leader(name);
        if (service.leaderType == LeaderType.OLDEST && !leader.map(Instance::id).equals(before.map(Instance::id))) {
            tell(new DiscoveryEvent.Leader(name, leader));
        }
    }

    @Override
    public synchronized List<Instance> instances(String service) {
        return disk.services.containsKey(service) ? instancesOf(disk.services.get(service)) : List.of();
    }

    private static List<Instance> instancesOf(Service service) {
        return service.instances.values().stream()
                .sorted(Comparator.comparingLong(Instance::index))
                .toList();
    }

    @Override
    public synchronized Optional<Instance> leader(String service) {
        Service known = disk.services.get(service);
        if (known == null) {
            return Optional.empty();
        }
        return known.leaderType == LeaderType.MANUAL
                ? known.leaderSet.map(known.instances::get)
                : oldest(instancesOf(known));
    }

    Optional<Instance> oldest(List<Instance> byIndex) {
        return byIndex.stream().findFirst();
    }

    @Override
    public synchronized void setLeader(String service, String instanceId) {
        Service known = disk.services.get(service);
        if (known == null || known.leaderType != LeaderType.MANUAL) {
            throw FlynnException.invalid("service leader election type is not manual");
        }
        known.leaderSet = Optional.of(instanceId);
        leader(service).ifPresent(leader -> tell(new DiscoveryEvent.Leader(service, Optional.of(leader))));
    }

    @Override
    public synchronized Optional<ServiceMeta> meta(String service) {
        return Optional.ofNullable(disk.services.get(service)).flatMap(known -> known.meta);
    }

    @Override
    public synchronized ServiceMeta setMeta(String service, ServiceMeta meta) {
        Service known = required(service);
        long current = known.meta.map(ServiceMeta::index).orElse(0L);
        requireIndex(current, meta.index());
        var written = new ServiceMeta(meta.data(), ++disk.index);
        known.meta = Optional.of(written);
        tell(new DiscoveryEvent.Meta(service, written));
        return written;
    }

    @Override
    public synchronized ServiceMeta setMetaAndLeader(String service, ServiceMeta meta, String instanceId) {
        requireManual(service);
        ServiceMeta written = setMeta(service, meta);
        setLeader(service, instanceId);
        return written;
    }

    void requireManual(String service) {
        if (required(service).leaderType != LeaderType.MANUAL) {
            throw FlynnException.invalid("service leader election type is not manual");
        }
    }

    void requireIndex(long current, long given) {
        if (given != current) {
            throw new FlynnException(
                    given == 0 ? ErrorCode.OBJECT_EXISTS : ErrorCode.PRECONDITION_FAILED, "index is " + current);
        }
    }

    @Override
    public synchronized Subscription watch(String service, DiscoveryWatcher watcher) {
        requireWatchable(service);
        tellCurrent(service, watcher);
        return following(new Watch(service, watcher));
    }

    @Override
    public synchronized Subscription watchAll(DiscoveryWatcher watcher) {
        disk.services.keySet().forEach(service -> tellCurrent(service, watcher));
        tellAllIsTold(watcher);
        return following(new Watch(EVERYTHING, watcher));
    }

    void tellAllIsTold(DiscoveryWatcher watcher) {
        watcher.onEvent(new DiscoveryEvent.Current(EVERYTHING));
    }

    private void tellCurrent(String service, DiscoveryWatcher watcher) {
        Service known = disk.services.getOrDefault(service, new Service(LeaderType.OLDEST));
        instancesOf(known).forEach(instance -> watcher.onEvent(new DiscoveryEvent.Up(service, instance)));
        leader(service).ifPresent(leader -> watcher.onEvent(new DiscoveryEvent.Leader(service, Optional.of(leader))));
        known.meta.ifPresent(meta -> watcher.onEvent(new DiscoveryEvent.Meta(service, meta)));
        watcher.onEvent(new DiscoveryEvent.Current(service));
    }

    private Subscription following(Watch watch) {
        watches.add(watch);
        return () -> unwatch(watch);
    }

    void requireWatchable(String service) {}

    private synchronized void unwatch(Watch watch) {
        watches.remove(watch);
    }

    void tell(DiscoveryEvent event) {
        List.copyOf(watches).stream()
                .filter(watch -> watch.service().equals(event.service())
                        || watch.service().equals(EVERYTHING))
                .forEach(watch -> watch.watcher().onEvent(event));
    }

    private Service required(String service) {
        Service known = disk.services.get(service);
        if (known == null) {
            throw FlynnException.notFound("service", service);
        }
        return known;
    }

    @Override
    public void close() {}
}
