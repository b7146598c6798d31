package dev.flynn.router.program;

import dev.flynn.api.route.Route;
import dev.flynn.router.api.RouterBackend;
import dev.flynn.router.api.RouterEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What is new in a table that the router has applied, beside the one before: as the router's API tells it. */
final class AppliedChanges {

    private Map<String, Served> served = Map.of();
    private Set<RouterBackend> up = Set.of();

    /** Backends that went down, by address, until nothing is in flight there. */
    private final Map<String, Set<RouterBackend>> draining = new HashMap<>();

    /** How often each address left the table and the router has not told that it is drained. */
    private final Map<String, Integer> awaited = new HashMap<>();

    /** A route, and why it does not serve as it says, if it does not. */
    private record Served(Route route, Optional<String> error) {}

    /**
     * A table was applied.
     *
     * @param routes that it holds
     * @param errors by {@link Route#formattedId}: why some do not serve as they say
     * @param backends of all services that routes name
     */
    List<RouterEvent> applied(
            Collection<Route> routes, Map<String, String> errors, Collection<RouterBackend> backends) {
        List<RouterEvent> events = new ArrayList<>();
        Map<String, Served> now = new LinkedHashMap<>();
        for (Route route : routes) {
            String id = route.formattedId();
            var serves = new Served(route, Optional.ofNullable(errors.get(id)));
            now.put(id, serves);
            if (!serves.equals(served.get(id))) {
                events.add(RouterEvent.set(route, serves.error()));
            }
        }
        served.forEach((id, before) -> {
            if (!now.containsKey(id)) {
                events.add(RouterEvent.remove(before.route()));
            }
        });
        served = now;
        addBackends(events, new LinkedHashSet<>(backends));
        return events;
    }

    private void addBackends(List<RouterEvent> events, Set<RouterBackend> now) {
        Set<String> addresses = addresses(now);
        addresses(up).stream()
                .filter(addr -> !addresses.contains(addr))
                .forEach(addr -> awaited.merge(addr, 1, Integer::sum));
        for (RouterBackend backend : up) {
            if (!now.contains(backend)) {
                events.add(RouterEvent.down(backend));
                draining.computeIfAbsent(backend.addr(), addr -> new LinkedHashSet<>())
                        .add(backend);
            }
        }
        for (RouterBackend backend : now) {
            if (!up.contains(backend)) {
                events.add(RouterEvent.up(backend));
                draining.getOrDefault(backend.addr(), new HashSet<>()).remove(backend);
            }
        }
        up = now;
    }

    private static Set<String> addresses(Set<RouterBackend> backends) {
        Set<String> addresses = new HashSet<>();
        backends.forEach(backend -> addresses.add(backend.addr()));
        return addresses;
    }

    /** Nothing is in flight any more at an address that has left the table. */
    List<RouterEvent> drained(String addr) {
        boolean awaitsMore = awaited.merge(addr, -1, Integer::sum) > 0;
        if (awaitsMore) {
            return List.of();
        }
        awaited.remove(addr);
        Set<RouterBackend> ended = draining.remove(addr);
        return ended == null
                ? List.of()
                : ended.stream().map(RouterEvent::drained).toList();
    }
}
