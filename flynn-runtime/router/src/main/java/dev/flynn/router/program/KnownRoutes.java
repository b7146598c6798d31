package dev.flynn.router.program;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.Route;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.TcpRoute;
import dev.flynn.state.ClusterState;
import dev.flynn.state.TableFeed;
import dev.flynn.state.Versioned;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The routes of the cluster's state in the words of a router, the oldest first. A change costs as much as it changes; routes that
 * stay are the same objects in every table. Only one thread may use it.
 */
final class KnownRoutes implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(KnownRoutes.class);

    private final TableFeed<Route> feed;
    private final Map<String, Known> byId = new HashMap<>();
    private final TreeMap<Age, Known> byAge = new TreeMap<>();

    /** How many routes name each service. */
    private final Map<String, Integer> services = new HashMap<>();

    private List<HttpRoute> httpRoutes = List.of();
    private List<TcpRoute> tcpRoutes = List.of();

    /** Routes that were made in one transaction are of the same age, so that their ids decide. */
    private record Age(long revision, String id) implements Comparable<Age> {

        private static final Comparator<Age> ORDER =
                Comparator.comparingLong(Age::revision).thenComparing(Age::id);

        @Override
        public int compareTo(Age other) {
            return ORDER.compare(this, other);
        }
    }

    private record Known(Route route, Age age, Optional<HttpRoute> http, Optional<TcpRoute> tcp) {}

    /** @param onChange called on a thread of the store when there is something to {@link #update} */
    KnownRoutes(ClusterState state, Runnable onChange) {
        this.feed = state.routes().feed(onChange);
    }

    /** Takes in what changed since the last time; returns the ids of the routes that did. */
    Set<String> update() {
        TableFeed.Changes<Route> changes = feed.take();
        Set<String> changed = new HashSet<>(changes.records().keySet());
        if (changes.everything()) {
            Set<String> gone = new HashSet<>(byId.keySet());
            gone.removeAll(changes.records().keySet());
            gone.forEach(this::remove);
            changed.addAll(gone);
        }
        changes.records().forEach((id, record) -> {
            remove(id);
            record.ifPresent(present -> add(id, present));
        });
        if (!changed.isEmpty()) {
            list();
        }
        return changed;
    }

    private void remove(String id) {
        Known gone = byId.remove(id);
        if (gone != null) {
            byAge.remove(gone.age());
            RouteTables.services(gone.route())
                    .forEach(service ->
                            services.computeIfPresent(service, (name, count) -> count == 1 ? null : count - 1));
        }
    }

    private void add(String id, Versioned<Route> record) {
        Route route = record.value();
        Known known = known(route, new Age(record.createRevision(), id));
        byId.put(id, known);
        byAge.put(known.age(), known);
        RouteTables.services(route).forEach(service -> services.merge(service, 1, Integer::sum));
    }

    /** What cannot be a route of a router does not keep the others from being served. */
    private static Known known(Route route, Age age) {
        try {
            return route.type().equals(Route.HTTP)
                    ? new Known(route, age, Optional.of(RouteTables.httpRoute(route)), Optional.empty())
                    : new Known(route, age, Optional.empty(), Optional.of(RouteTables.tcpRoute(route)));
        } catch (FlynnException wrong) {
            log.atError()
                    .addKeyValue("route", route.formattedId())
                    .addKeyValue("reason", wrong.getMessage())
                    .log("a route cannot be served");
            return new Known(route, age, Optional.empty(), Optional.empty());
        }
    }

    private void list() {
        List<HttpRoute> http = new ArrayList<>(byAge.size());
        List<TcpRoute> tcp = new ArrayList<>();
        for (Known known : byAge.values()) {
            known.http().ifPresent(http::add);
            known.tcp().ifPresent(tcp::add);
        }
        httpRoutes = List.copyOf(http);
        tcpRoutes = List.copyOf(tcp);
    }

    /** By {@link Route#formattedId}; empty if there is no such route any more. */
    Optional<Route> find(String id) {
        return Optional.ofNullable(byId.get(id)).map(Known::route);
    }

    /** Every service that a route names. */
    Set<String> services() {
        return services.keySet();
    }

    RouteTable table(Map<String, List<Backend>> backends) {
        return new RouteTable(httpRoutes, tcpRoutes, backends);
    }

    @Override
    public void close() {
        feed.close();
    }
}
