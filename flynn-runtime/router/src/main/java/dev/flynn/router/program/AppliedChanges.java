package dev.flynn.router.program;

import dev.flynn.api.route.Route;
import dev.flynn.router.api.RouterBackend;
import dev.flynn.router.api.RouterEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** What is new in a table that the router has applied, beside the one before: as the router's API tells it. */
final class AppliedChanges {

    private final Map<String, Served> served = new HashMap<>();
    private Set<String> failing = Set.of();
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
     * @param changed ids of the routes that are different from before, by {@link Route#formattedId}
     * @param find the route of an id, if it is still there
     * @param errors by id: why routes do not serve as they say
     */
    List<RouterEvent> routes(
            Collection<String> changed, Function<String, Optional<Route>> find, Map<String, String> errors) {
        Set<String> candidates = new LinkedHashSet<>(changed);
        candidates.addAll(failing);
        candidates.addAll(errors.keySet());
        failing = Set.copyOf(errors.keySet());
        List<RouterEvent> events = new ArrayList<>();
        for (String id : candidates) {
            Optional<Served> now = find.apply(id).map(route -> new Served(route, Optional.ofNullable(errors.get(id))));
            Optional<Served> before = Optional.ofNullable(served.get(id));
            now.ifPresentOrElse(serves -> served.put(id, serves), () -> served.remove(id));
            if (now.isEmpty()) {
                before.ifPresent(gone -> events.add(RouterEvent.remove(gone.route())));
            } else if (!now.equals(before)) {
                events.add(RouterEvent.set(now.get().route(), now.get().error()));
            }
        }
        return events;
    }

    /** Requests are carried to these backends, of all services that routes name. */
    List<RouterEvent> backends(Collection<RouterBackend> all) {
        Set<RouterBackend> now = new LinkedHashSet<>(all);
        List<RouterEvent> events = new ArrayList<>();
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
        return events;
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
