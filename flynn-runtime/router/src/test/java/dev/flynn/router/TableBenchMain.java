package dev.flynn.router;

import dev.flynn.router.table.Meters;
import dev.flynn.router.table.RoutingTable;
import dev.flynn.router.tls.JdkTls;
import dev.flynn.router.tls.ServerCertificates;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Prints what a change of one route and one backend costs a router with many: milliseconds of CPU to make its table from nothing, and
 * from the one before (median of 15 changes), and bytes of memory for each route.
 *
 * <p>{@code TableBenchMain [ROUTES [SERVICES]]}
 */
public final class TableBenchMain {

    private static final int CHANGES = 15;

    private final Meters meters = new Meters(2);

    private TableBenchMain() {}

    public static void main(String[] args) {
        int routes = args.length > 0 ? Integer.parseInt(args[0]) : 100_000;
        int services = args.length > 1 ? Integer.parseInt(args[1]) : 10_000;
        new TableBenchMain().run(routes, services);
    }

    private void run(int count, int services) {
        Map<String, List<Backend>> backends = new HashMap<>();
        for (int i = 0; i < services; i++) {
            backends.put("s" + i, List.of(new Backend("10.0.%d.%d:80".formatted(i / 250, i % 250), false)));
        }
        List<HttpRoute> routes = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            routes.add(route(i, "s" + i % services));
        }
        long empty = usedBytes();
        RoutingTable table = RoutingTable.EMPTY;
        List<Double> anew = new ArrayList<>();
        List<Double> changed = new ArrayList<>();
        for (int round = 0; round < CHANGES; round++) {
            routes.set(round * 97 % count, route(round * 97 % count, "s" + (services - 1)));
            backends.put("s5", List.of(new Backend("10.1.0.%d:80".formatted(round), false)));
            RouteTable source = new RouteTable(routes, List.of(), backends);
            long before = cpuNanos();
            compile(source, RoutingTable.EMPTY);
            long between = cpuNanos();
            table = compile(source, table);
            anew.add((between - before) / 1e6);
            changed.add((cpuNanos() - between) / 1e6);
        }
        System.out.printf(
                "%d routes, %d services: from nothing %.1f ms, after a change %.1f ms, %d bytes a route%n",
                count, services, median(anew), median(changed), (usedBytes() - empty) / count);
        if (table.source().routes().size() != count) {
            throw new IllegalStateException("routes were lost");
        }
    }

    private RoutingTable compile(RouteTable source, RoutingTable previous) {
        return RoutingTable.compile(
                source, previous, meters, certificate -> ServerCertificates.load(certificate, new JdkTls()), policy -> {
                    throw new IllegalStateException("there are no policies here");
                });
    }

    private static HttpRoute route(int number, String service) {
        return HttpRoute.to("app" + number + ".example.org", service)
                .id("http/" + number)
                .build();
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(CHANGES / 2).findFirst().orElseThrow();
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static long usedBytes() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
