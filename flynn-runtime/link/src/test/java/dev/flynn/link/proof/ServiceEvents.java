package dev.flynn.link.proof;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.StoreChange;
import dev.flynn.spi.store.StoreChange.KeyChange;
import dev.flynn.spi.store.StoreEntry;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Each watch of discovery must have told what was true at some moment, and then every event from then on. What there was to
 * tell is found out anew here, from the store's changes and the promises DI-9 and DI-12.
 */
final class ServiceEvents {

    private static final String ROOT = "discovery/";
    private static final String INSTANCES = "instances/";

    /** A service after one of its changes. */
    private record Moment(List<String> current, List<String> events) {}

    /** One watch of one service, or what a watch of everything told of it. */
    private record Stream(String name, String service, List<String> current, List<String> events) {}

    private final Map<String, List<Moment>> moments = new TreeMap<>();
    private final Map<String, Stream> streams = new LinkedHashMap<>();
    private final List<String> violations = new ArrayList<>();
    private int told;

    ServiceEvents(Collection<StoreChange> changes, List<Line> lines) {
        Services.WATCHED.forEach(service -> moments.put(service, momentsOf(service, changes)));
        readStreams(lines);
    }

    int events() {
        return told;
    }

    int watches() {
        return streams.size();
    }

    List<String> violations() {
        return violations;
    }

    // ---- what there was to tell

    private static List<Moment> momentsOf(String service, Collection<StoreChange> changes) {
        String prefix = ROOT + service + "/";
        var model = new Service(service);
        List<Moment> moments = new ArrayList<>();
        moments.add(new Moment(texts(model.current()), List.of()));
        for (StoreChange change : changes) {
            List<KeyChange> ofService = change.changes().stream()
                    .filter(key -> key.key().startsWith(prefix))
                    .toList();
            if (!ofService.isEmpty()) {
                List<String> events = texts(model.apply(ofService));
                moments.add(new Moment(texts(model.current()), events));
            }
        }
        return moments;
    }

    private static List<String> texts(List<DiscoveryEvent> events) {
        return events.stream().map(DiscoveryEvent::toString).toList();
    }

    /** What a service is, by its entries in the store. */
    private static final class Service {

        private final FlynnJson json = new FlynnJson();
        private final String name;
        private final Map<String, Instance> instances = new HashMap<>();
        private final Map<String, StoreEntry> others = new HashMap<>();

        Service(String name) {
            this.name = name;
        }

        List<DiscoveryEvent> current() {
            List<DiscoveryEvent> events = new ArrayList<>();
            byAge().forEach(instance -> events.add(new DiscoveryEvent.Up(name, instance)));
            leader().ifPresent(leader -> events.add(new DiscoveryEvent.Leader(name, Optional.of(leader))));
            meta().ifPresent(meta -> events.add(new DiscoveryEvent.Meta(name, meta)));
            events.add(new DiscoveryEvent.Current(name));
            return events;
        }

        List<DiscoveryEvent> apply(List<KeyChange> changes) {
            boolean wasOldest = type() == LeaderType.OLDEST;
            Optional<Instance> leaderBefore = leader();
            List<DiscoveryEvent> events = new ArrayList<>();
            boolean leaderWasSet = false;
            for (KeyChange change : changes) {
                String part = change.key().substring(ROOT.length() + name.length() + 1);
                if (part.startsWith(INSTANCES)) {
                    applyInstance(part.substring(INSTANCES.length()), change.entry())
                            .ifPresent(events::add);
                    continue;
                }
                change.entry().ifPresentOrElse(entry -> others.put(part, entry), () -> others.remove(part));
                if (part.equals("meta")) {
                    meta().ifPresent(meta -> events.add(new DiscoveryEvent.Meta(name, meta)));
                }
                leaderWasSet |= part.equals("leader") && change.entry().isPresent();
            }
            if (type() == LeaderType.MANUAL) {
                if (leaderWasSet) {
                    leader().ifPresent(leader -> events.add(new DiscoveryEvent.Leader(name, Optional.of(leader))));
                }
            } else if (wasOldest && !leader().map(Instance::id).equals(leaderBefore.map(Instance::id))) {
                events.add(new DiscoveryEvent.Leader(name, leader()));
            }
            return events;
        }

        private Optional<DiscoveryEvent> applyInstance(String id, Optional<StoreEntry> entry) {
            Optional<Instance> before = Optional.ofNullable(instances.get(id));
            Optional<Instance> now = entry.map(this::instance);
            now.ifPresentOrElse(instance -> instances.put(id, instance), () -> instances.remove(id));
            if (now.isEmpty()) {
                return before.map(instance -> new DiscoveryEvent.Down(name, instance));
            }
            if (before.isEmpty() || before.get().index() != now.get().index()) {
                return Optional.of(new DiscoveryEvent.Up(name, now.get()));
            }
            return before.equals(now) ? Optional.empty() : Optional.of(new DiscoveryEvent.Update(name, now.get()));
        }

        private List<Instance> byAge() {
            return instances.values().stream()
                    .sorted(Comparator.comparingLong(Instance::index).thenComparing(Instance::id))
                    .toList();
        }

        private Instance instance(StoreEntry entry) {
            JsonNode written = json.readTree(entry.value());
            Map<String, String> meta = new HashMap<>();
            written.path("meta")
                    .properties()
                    .forEach(one -> meta.put(one.getKey(), one.getValue().asText()));
            return Instance.of(
                            written.path("proto").asText(), written.path("addr").asText(), meta)
                    .withIndex(entry.createRevision());
        }

        private LeaderType type() {
            return part("service", "leader_type")
                    .map(type -> LeaderType.valueOf(type.toUpperCase(Locale.ROOT)))
                    .orElse(LeaderType.OLDEST);
        }

        private Optional<Instance> leader() {
            return type() == LeaderType.OLDEST
                    ? byAge().stream().findFirst()
                    : part("leader", "id").map(instances::get);
        }

        private Optional<ServiceMeta> meta() {
            return Optional.ofNullable(others.get("meta"))
                    .map(entry -> new ServiceMeta(entry.value(), entry.modRevision()));
        }

        private Optional<String> part(String key, String field) {
            return Optional.ofNullable(others.get(key))
                    .map(entry -> json.readTree(entry.value()).path(field).asText());
        }
    }

    // ---- what was told

    private void readStreams(List<Line> lines) {
        Map<String, String> watched = new HashMap<>();
        Map<String, Boolean> complete = new HashMap<>();
        for (Line line : lines) {
            if (line.is("events")) {
                String watch = line.process() + "/" + line.word(1);
                watched.put(watch, line.word(2));
                for (String service :
                        line.word(2).equals(Discovery.EVERYTHING) ? Services.WATCHED : List.of(line.word(2))) {
                    streams.put(
                            watch + " " + service, new Stream(watch, service, new ArrayList<>(), new ArrayList<>()));
                }
            } else if (line.is("event")) {
                String watch = line.process() + "/" + line.word(1);
                String event = line.word(3);
                told++;
                boolean isCurrent = complete.containsKey(watch);
                Stream stream = streams.get(watch + " " + line.word(2));
                if (stream != null) {
                    (isCurrent ? stream.events() : stream.current()).add(event);
                } else if (!event.equals(new DiscoveryEvent.Current(Discovery.EVERYTHING).toString())) {
                    violations.add("%s tells of a service that is none: %s".formatted(watch, event));
                }
                if (event.equals(new DiscoveryEvent.Current(Objects.requireNonNull(watched.get(watch))).toString())) {
                    complete.put(watch, true);
                }
            }
        }
        streams.values().forEach(stream -> check(stream, complete.containsKey(stream.name())));
    }

    /** @param isComplete whether it came to tell all that was true: it may have been killed before */
    private void check(Stream stream, boolean isComplete) {
        List<Moment> all = Objects.requireNonNull(moments.get(stream.service()));
        String furthest = "there was never a moment at which this was true: " + stream.current();
        int most = -1;
        for (int i = 0; i < all.size(); i++) {
            List<String> current = all.get(i).current();
            boolean isTrueThen = isComplete
                    ? current.equals(stream.current())
                            // a watch of everything has nothing to tell of a service that does not exist
                            || stream.current().isEmpty() && current.size() == 1
                    : current.subList(
                                    0, Math.min(current.size(), stream.current().size()))
                            .equals(stream.current());
            if (!isTrueThen) {
                continue;
            }
            List<String> expected = all.subList(i + 1, all.size()).stream()
                    .flatMap(moment -> moment.events().stream())
                    .limit(stream.events().size() + 1L)
                    .toList();
            int same = 0;
            while (same < stream.events().size()
                    && same < expected.size()
                    && stream.events().get(same).equals(expected.get(same))) {
                same++;
            }
            if (same == stream.events().size()) {
                return;
            }
            if (same > most) {
                most = same;
                furthest = "after %d events: %s instead of %s"
                        .formatted(
                                same,
                                stream.events().get(same),
                                same < expected.size() ? expected.get(same) : "nothing");
            }
        }
        violations.add("watch %s of service %s: %s".formatted(stream.name(), stream.service(), furthest));
    }
}
