package dev.flynn.dns;

import dev.flynn.api.discovery.Instance;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The instances of one service. */
final class ServiceEntry {

    /** How long the answer about a leader that events do not tell of is kept. */
    private static final Duration LEADER_KEPT = Duration.ofMillis(250);

    private record AskedLeader(Optional<String> id, long atNanos) {}

    // guarded by this; in the order of their index, as events come
    private final Map<String, Instance> instances = new LinkedHashMap<>();
    private Optional<String> leader = Optional.empty();

    /** Made when they are first asked for after a change. */
    private volatile @Nullable Endpoints endpoints;

    private volatile @Nullable AskedLeader asked;

    synchronized void put(Instance instance) {
        instances.put(instance.id(), instance);
        endpoints = null;
    }

    /** @return whether there is still an instance */
    synchronized boolean remove(Instance instance) {
        instances.remove(instance.id());
        endpoints = null;
        return !instances.isEmpty();
    }

    synchronized void lead(Optional<String> id) {
        leader = id;
        asked = null;
    }

    Endpoints endpoints() {
        Endpoints made = endpoints;
        return made != null ? made : makeEndpoints();
    }

    private synchronized Endpoints makeEndpoints() {
        Endpoints made =
                Endpoints.of(instances.values().stream().map(Endpoint::of).toList());
        endpoints = made;
        return made;
    }

    synchronized Optional<Endpoint> find(String id) {
        return Optional.ofNullable(instances.get(id)).map(Endpoint::of);
    }

    /**
     * The instance that leads. Events tell it of services whose oldest instance leads; of one whose leader is set by hand they
     * do not tell when it comes back, so that then discovery is asked.
     */
    Optional<Endpoint> leader(Supplier<Optional<String>> discovery) {
        Optional<String> told;
        synchronized (this) {
            told = leader;
            Optional<String> oldest = instances.values().stream().findFirst().map(Instance::id);
            if (told.equals(oldest)) {
                return told.flatMap(this::find);
            }
        }
        return ask(discovery).or(() -> told).flatMap(this::find);
    }

    private Optional<String> ask(Supplier<Optional<String>> discovery) {
        AskedLeader known = asked;
        if (known == null || System.nanoTime() - known.atNanos() > LEADER_KEPT.toNanos()) {
            known = new AskedLeader(discovery.get(), System.nanoTime());
            asked = known;
        }
        return known.id();
    }
}
