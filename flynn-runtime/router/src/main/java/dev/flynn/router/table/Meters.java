package dev.flynn.router.table;

import dev.flynn.router.telemetry.Meter;
import dev.flynn.router.telemetry.MeterBudget;
import dev.flynn.router.telemetry.Traffic;
import java.util.ArrayList;
import java.util.List;

/** What a router counts by: makes the meters of routes and backends, and has those of the rest. */
public final class Meters {

    private final int loops;
    private final MeterBudget routes;
    private final MeterBudget backends;
    private final Meter unrouted;

    public Meters(int loops) {
        this(loops, MeterBudget.MAX_METERS);
    }

    /** @param max how many routes, and how many backends, are counted one by one */
    public Meters(int loops, int max) {
        this.loops = loops;
        this.routes = MeterBudget.of(loops, max);
        this.backends = MeterBudget.of(loops, max);
        this.unrouted = MeterBudget.unlimited(loops);
    }

    public Meter ofRoute() {
        return new Meter(loops, routes);
    }

    Meter ofBackend() {
        return new Meter(loops, backends);
    }

    /** Of requests that no route was found for. */
    public Meter unrouted() {
        return unrouted;
    }

    /** What was counted for the routes and backends of a table. */
    public Traffic traffic(RoutingTable table) {
        List<Traffic.OfRoute> ofRoutes = new ArrayList<>();
        table.source().routes().forEach(route -> {
            Meter meter = table.meter(route.id());
            if (meter != null && meter.isUsed()) {
                ofRoutes.add(new Traffic.OfRoute(route.id(), route.domain(), route.path(), meter.counts()));
            }
        });
        table.source().tcpRoutes().forEach(route -> {
            TcpTarget target = table.tcp(route.port());
            if (target != null
                    && target.id().equals(route.id())
                    && target.meter().isUsed()) {
                ofRoutes.add(Traffic.OfRoute.tcp(
                        route.id(), route.port(), target.meter().counts()));
            }
        });
        if (routes.overflow().isUsed()) {
            ofRoutes.add(new Traffic.OfRoute(
                    Traffic.OTHERS, "", "", routes.overflow().counts()));
        }
        List<Traffic.OfBackend> ofBackends = new ArrayList<>();
        table.backends().forEach(backend -> {
            if (backend.meter().isUsed()) {
                ofBackends.add(
                        new Traffic.OfBackend(backend.addr(), backend.meter().counts()));
            }
        });
        if (backends.overflow().isUsed()) {
            ofBackends.add(
                    new Traffic.OfBackend(Traffic.OTHERS, backends.overflow().counts()));
        }
        return new Traffic(ofRoutes, ofBackends, unrouted.counts());
    }
}
