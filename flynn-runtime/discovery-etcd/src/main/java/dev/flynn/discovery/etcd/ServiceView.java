package dev.flynn.discovery.etcd;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** One service as it was at a revision of etcd, and the events by which it changes. Not thread-safe. */
final class ServiceView {

    /** What happened to a key; without a fact it was deleted. */
    record Change(String key, Optional<Fact> fact) {}

    private static final Comparator<Instance> OLDEST_FIRST = Comparator.comparingLong(Instance::index);

    private final String service;
    private final Keys keys;
    private final Records records;
    private final Map<String, Instance> byKey = new HashMap<>();
    private LeaderType leaderType = LeaderType.OLDEST;
    private Optional<String> leaderSet = Optional.empty();
    private Optional<ServiceMeta> meta = Optional.empty();

    ServiceView(String service, Keys keys, Records records) {
        this.service = service;
        this.keys = keys;
        this.records = records;
    }

    /** By index. */
    List<Instance> instances() {
        return byKey.values().stream().sorted(OLDEST_FIRST).toList();
    }

    Optional<Instance> leader() {
        return switch (leaderType) {
            case OLDEST -> byKey.values().stream().min(OLDEST_FIRST);
            case MANUAL -> leaderSet.map(id -> byKey.get(keys.instance(service, id)));
        };
    }

    Optional<ServiceMeta> meta() {
        return meta;
    }

    /** What a new watcher is told: what is true now, then that this was all. */
    List<DiscoveryEvent> current() {
        List<DiscoveryEvent> events = new ArrayList<>();
        instances().forEach(instance -> events.add(new DiscoveryEvent.Up(service, instance)));
        leader().ifPresent(leader -> events.add(new DiscoveryEvent.Leader(service, Optional.of(leader))));
        meta.ifPresent(now -> events.add(new DiscoveryEvent.Meta(service, now)));
        events.add(new DiscoveryEvent.Current(service));
        return events;
    }

    /** What watchers are told of the changes of one revision: those of instances by index, then what follows from them. */
    List<DiscoveryEvent> apply(List<Change> changes) {
        LeaderType typeBefore = leaderType;
        Optional<String> leaderBefore = leader().map(Instance::id);
        List<DiscoveryEvent> events = new ArrayList<>();
        boolean leaderWasSet = false;
        for (Change change : byIndex(changes)) {
            apply(change).ifPresent(events::add);
            leaderWasSet |=
                    change.key().equals(keys.leader(service)) && change.fact().isPresent();
        }
        if (leaderType == LeaderType.MANUAL) {
            if (leaderWasSet && leader().isPresent()) {
                events.add(new DiscoveryEvent.Leader(service, leader()));
            }
        } else if (typeBefore == LeaderType.OLDEST
                && !leader().map(Instance::id).equals(leaderBefore)) {
            events.add(new DiscoveryEvent.Leader(service, leader()));
        }
        return events;
    }

    private List<Change> byIndex(List<Change> changes) {
        return changes.stream().sorted(Comparator.comparingLong(this::index)).toList();
    }

    private long index(Change change) {
        Instance known = byKey.get(change.key());
        return change.fact().map(Fact::createRevision).orElse(known == null ? Long.MAX_VALUE : known.index());
    }

    private Optional<DiscoveryEvent> apply(Change change) {
        String key = change.key();
        if (key.startsWith(keys.instances(service))) {
            return applyInstance(key, change.fact().map(records::instance));
        }
        if (key.equals(keys.leaderType(service))) {
            leaderType = change.fact().map(records::leaderType).orElse(LeaderType.OLDEST);
        } else if (key.equals(keys.leader(service))) {
            leaderSet = change.fact().map(Fact::value);
        } else if (key.equals(keys.meta(service))) {
            meta = change.fact().map(records::meta);
            return meta.map(now -> new DiscoveryEvent.Meta(service, now));
        }
        return Optional.empty();
    }

    private Optional<DiscoveryEvent> applyInstance(String key, Optional<Instance> now) {
        Instance before = now.isPresent() ? byKey.put(key, now.get()) : byKey.remove(key);
        if (now.isEmpty()) {
            return Optional.ofNullable(before).map(gone -> new DiscoveryEvent.Down(service, gone));
        }
        if (before == null || before.index() != now.get().index()) {
            return Optional.of(new DiscoveryEvent.Up(service, now.get()));
        }
        return before.equals(now.get()) ? Optional.empty() : Optional.of(new DiscoveryEvent.Update(service, now.get()));
    }
}
