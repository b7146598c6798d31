package dev.flynn.discovery;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One service as it was at a revision of the store, and the events by which it changes. It does nothing by itself; not
 * thread-safe.
 */
final class ServiceView {

    private final ServiceKeys keys;
    private final Records records;
    private final Map<String, Registered> byId = new HashMap<>();
    private final NavigableSet<Instance> byIndex =
            new TreeSet<>(Comparator.comparingLong(Instance::index).thenComparing(Instance::id));
    private boolean configured;
    private LeaderType leaderType = LeaderType.OLDEST;
    private Optional<String> leaderSet = Optional.empty();
    private Optional<ServiceMeta> meta = Optional.empty();

    ServiceView(String service, Records records) {
        this.keys = new ServiceKeys(service);
        this.records = records;
    }

    static ServiceView of(String service, StoreSnapshot snapshot, Records records) {
        var view = new ServiceView(service, records);
        snapshot.entries().forEach(entry -> view.apply(new KeyChange(entry.key(), Optional.of(entry))));
        return view;
    }

    /** By index. */
    List<Instance> instances() {
        return List.copyOf(byIndex);
    }

    Optional<Registered> find(String instanceId) {
        return Optional.ofNullable(byId.get(instanceId));
    }

    /** Whether there is nothing to remember. */
    boolean isEmpty() {
        return !configured && byId.isEmpty() && leaderSet.isEmpty() && meta.isEmpty();
    }

    Optional<Instance> leader() {
        return switch (leaderType) {
            case OLDEST -> byIndex.stream().findFirst();
            case MANUAL -> leaderSet.flatMap(this::find).map(Registered::instance);
        };
    }

    Optional<ServiceMeta> meta() {
        return meta;
    }

    /** What a new watcher is told: what is true now, then that this was all. */
    List<DiscoveryEvent> current() {
        List<DiscoveryEvent> events = new ArrayList<>();
        instances().forEach(instance -> events.add(new DiscoveryEvent.Up(keys.service(), instance)));
        leader().ifPresent(leader -> events.add(leaderEvent(Optional.of(leader))));
        meta.ifPresent(current -> events.add(new DiscoveryEvent.Meta(keys.service(), current)));
        events.add(new DiscoveryEvent.Current(keys.service()));
        return events;
    }

    /** What watchers are told about a change: what happened to instances and metadata, then what follows for the leader. */
    List<DiscoveryEvent> apply(StoreChange change) {
        LeaderType typeBefore = leaderType;
        Optional<String> oldestBefore = leader().map(Instance::id);
        List<DiscoveryEvent> events = new ArrayList<>();
        boolean leaderWasSet = false;
        for (KeyChange key : change.changes()) {
            apply(key).ifPresent(events::add);
            leaderWasSet |= key.key().equals(keys.leader()) && key.entry().isPresent();
        }
        if (leaderType == LeaderType.MANUAL) {
            if (leaderWasSet && leader().isPresent()) {
                events.add(leaderEvent(leader()));
            }
        } else if (typeBefore == LeaderType.OLDEST
                && !leader().map(Instance::id).equals(oldestBefore)) {
            events.add(leaderEvent(leader()));
        }
        return events;
    }

    private DiscoveryEvent leaderEvent(Optional<Instance> leader) {
        return new DiscoveryEvent.Leader(keys.service(), leader);
    }

    private Optional<DiscoveryEvent> apply(KeyChange change) {
        String key = change.key();
        Optional<StoreEntry> entry = change.entry();
        if (key.startsWith(keys.instances())) {
            return applyInstance(key.substring(keys.instances().length()), entry.map(records::registered));
        } else if (key.equals(keys.configuration())) {
            configured = entry.isPresent();
            leaderType = entry.map(records::leaderType).orElse(LeaderType.OLDEST);
        } else if (key.equals(keys.leader())) {
            leaderSet = entry.map(records::leaderId);
        } else if (key.equals(keys.meta())) {
            meta = entry.map(records::meta);
            return meta.map(current -> new DiscoveryEvent.Meta(keys.service(), current));
        }
        return Optional.empty();
    }

    private Optional<DiscoveryEvent> applyInstance(String id, Optional<Registered> now) {
        Registered before = now.isPresent() ? byId.put(id, now.get()) : byId.remove(id);
        Optional<Instance> gone = Optional.ofNullable(before).map(Registered::instance);
        gone.ifPresent(byIndex::remove);
        if (now.isEmpty()) {
            return gone.map(instance -> new DiscoveryEvent.Down(keys.service(), instance));
        }
        Instance instance = now.get().instance();
        byIndex.add(instance);
        if (gone.isEmpty() || gone.get().index() != instance.index()) {
            return Optional.of(new DiscoveryEvent.Up(keys.service(), instance));
        }
        return gone.get().equals(instance)
                ? Optional.empty()
                : Optional.of(new DiscoveryEvent.Update(keys.service(), instance));
    }
}
