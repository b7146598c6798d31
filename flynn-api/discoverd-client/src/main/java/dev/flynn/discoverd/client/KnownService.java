package dev.flynn.discoverd.client;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Down;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Meta;
import dev.flynn.api.discovery.DiscoveryEvent.Up;
import dev.flynn.api.discovery.DiscoveryEvent.Update;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.ServiceMeta;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a watcher was told of a service. After a reconnection the server tells everything again; the watcher is told only what
 * differs (contract: layer 0, Client library behaviour). Not thread-safe.
 */
final class KnownService {

    private final Map<String, Instance> instances = new LinkedHashMap<>();
    private final Set<String> toldAgain = new HashSet<>();
    private Optional<String> leader = Optional.empty();
    private long metaIndex;
    private boolean current;

    /** What the server tells next is what is true now, from the beginning. */
    void reconnected() {
        toldAgain.clear();
        current = false;
    }

    /** What the watcher is told of an event. */
    List<DiscoveryEvent> tell(DiscoveryEvent event) {
        if (event instanceof Up up) {
            return up(up);
        } else if (event instanceof Update update) {
            instances.put(update.instance().id(), update.instance());
        } else if (event instanceof Down down) {
            instances.remove(down.instance().id());
        } else if (event instanceof Leader told) {
            return leader(told);
        } else if (event instanceof Meta told) {
            return meta(told.meta()) ? List.of(event) : List.of();
        } else if (event instanceof Current) {
            return current(event);
        }
        return List.of(event);
    }

    private List<DiscoveryEvent> up(Up up) {
        Instance instance = up.instance();
        toldAgain.add(instance.id());
        Instance before = instances.put(instance.id(), instance);
        if (before == null || before.index() != instance.index() && current) {
            return List.of(up);
        }
        return before.meta().equals(instance.meta()) ? List.of() : List.of(new Update(up.service(), instance));
    }

    private List<DiscoveryEvent> leader(Leader told) {
        Optional<String> id = told.instance().map(Instance::id);
        boolean same = !current && id.equals(leader);
        leader = id;
        return same ? List.of() : List.of(told);
    }

    private boolean meta(ServiceMeta meta) {
        boolean isNew = meta.index() != metaIndex;
        metaIndex = meta.index();
        return isNew;
    }

    private List<DiscoveryEvent> current(DiscoveryEvent event) {
        List<DiscoveryEvent> events = new ArrayList<>();
        for (Instance instance : List.copyOf(instances.values())) {
            if (!toldAgain.contains(instance.id())) {
                instances.remove(instance.id());
                events.add(new Down(event.service(), instance));
            }
        }
        if (leader.isPresent() && !instances.containsKey(leader.get())) {
            leader = Optional.empty();
            events.add(new Leader(event.service(), Optional.empty()));
        }
        current = true;
        events.add(event);
        return events;
    }
}
