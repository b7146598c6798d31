package dev.flynn.router;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A table in which something is always going on, as in a cluster where people deploy: backends come and go, one by one and by
 * releases, some by {@code kill -9}; routes and certificates change.
 */
final class ChangingTable implements AutoCloseable {

    static final String APP = "app.example.org";
    static final String STICKY = "sticky.example.org";

    private static final int INSTANCES = 3;
    private static final int OTHER_DOMAINS = 50;

    private final RouterRelay relay;
    private final Random random;
    private final int tcpPort;
    private final Map<String, List<EchoBackend>> services = new TreeMap<>();
    private final List<EchoBackend> killed = new CopyOnWriteArrayList<>();
    private final Set<String> left = ConcurrentHashMap.newKeySet();
    private final List<CompletableFuture<Void>> leaving = new CopyOnWriteArrayList<>();
    private final List<String> notDrained = new CopyOnWriteArrayList<>();
    private final Map<String, Integer> changes = new TreeMap<>();
    private Certificate certificate = TestCertificates.named(APP);
    private boolean hasPath;
    private boolean hasOthers;
    private boolean keepsAlive = true;
    private int started;

    ChangingTable(java.util.function.UnaryOperator<NettyRouter.Builder> settings, int tcpPort, Random random) {
        this.random = random;
        this.tcpPort = tcpPort;
        for (String service : List.of("app", "deep", "sticky")) {
            services.put(service, instances(service));
        }
        relay = new RouterRelay(settings, table());
    }

    RouterRelay relay() {
        return relay;
    }

    int tcpPort() {
        return tcpPort;
    }

    /** Those that were killed, and may have taken requests with them. */
    List<EchoBackend> killed() {
        return killed;
    }

    /** Whether no new request goes to a backend any more. */
    boolean hasLeft(String backend) {
        return left.contains(backend);
    }

    /** Backends that still had requests when all routers said that they had none. */
    List<String> notDrained() {
        return notDrained;
    }

    /** How often each kind of change was made. */
    Map<String, Integer> changes() {
        return changes;
    }

    void change(int step) {
        String kind = switch (step % 10) {
            case 1, 6 -> "release";
            case 2, 8 -> "certificate";
            case 3 -> "router";
            case 4, 9 -> "routes";
            case 5 -> "kill -9";
            default -> "backend";
        };
        changes.merge(kind, 1, Integer::sum);
        switch (kind) {
            case "release" -> replace(services.get(service()), INSTANCES);
            case "certificate" -> {
                certificate = TestCertificates.named(APP);
                apply();
            }
            case "router" -> relay.replaceOldest(table());
            case "routes" -> changeRoutes();
            case "kill -9" -> kill(service());
            default -> replace(services.get(service()), 1);
        }
    }

    private String service() {
        return List.copyOf(services.keySet()).get(random.nextInt(services.size()));
    }

    private void changeRoutes() {
        switch (random.nextInt(3)) {
            case 0 -> hasPath = !hasPath;
            case 1 -> hasOthers = !hasOthers;
            default -> keepsAlive = !keepsAlive;
        }
        apply();
    }

    /** New ones serve before the oldest ones leave, which end when no router needs them any more. */
    private void replace(List<EchoBackend> instances, int count) {
        String service = instances.get(0).name().split("-", 2)[0];
        List<EchoBackend> oldest = new ArrayList<>(instances.subList(0, count));
        for (int i = 0; i < count; i++) {
            instances.add(start(service));
        }
        apply();
        instances.removeAll(oldest);
        oldest.forEach(backend -> left.add(backend.name()));
        Map<EchoBackend, CompletableFuture<Void>> drains = new HashMap<>();
        oldest.forEach(backend -> drains.put(backend, relay.leaves(backend.addr())));
        apply();
        drains.forEach((backend, drained) -> leaving.add(drained.thenRun(() -> end(backend))));
    }

    private void end(EchoBackend backend) {
        if (backend.kill() == null && !backend.inProgress().isEmpty()) {
            notDrained.add(backend.name() + " has " + backend.inProgress());
        }
        backend.close();
    }

    /** It stays in the table, as it does until somebody notices. */
    private void kill(String service) {
        List<EchoBackend> instances = services.get(service);
        EchoBackend victim = instances.get(random.nextInt(instances.size()));
        left.add(victim.name());
        victim.killNow();
        killed.add(victim);
        instances.remove(victim);
        instances.add(start(service));
    }

    private List<EchoBackend> instances(String service) {
        List<EchoBackend> instances = new ArrayList<>();
        for (int i = 0; i < INSTANCES; i++) {
            instances.add(start(service));
        }
        return instances;
    }

    private EchoBackend start(String service) {
        return EchoBackend.named(service + "-" + ++started);
    }

    private void apply() {
        relay.apply(table());
    }

    private RouteTable table() {
        RouteTable.Builder table = RouteTable.builder()
                .route(HttpRoute.to(APP, "app").certificate(certificate).disableKeepAlives(!keepsAlive))
                .route(HttpRoute.to(STICKY, "sticky").sticky().policy(policy()))
                .route(new TcpRoute("tcp", tcpPort, "app", false));
        if (hasPath) {
            table.route(HttpRoute.to(APP, "deep").path("/deep/"));
        }
        for (int i = 0; hasOthers && i < OTHER_DOMAINS; i++) {
            table.route(HttpRoute.to("other" + i + ".example.org", "app"));
        }
        services.forEach((service, instances) -> table.backends(
                service, instances.stream().map(EchoBackend::addr).toArray(String[]::new)));
        return table.build();
    }

    private RoutePolicy policy() {
        return RoutePolicy.builder().maxConcurrent(hasOthers ? 1000 : 2000).build();
    }

    /** Ends everything. Backends that have left end before the routers, unless a router does not let go of them. */
    @Override
    public void close() {
        try {
            CompletableFuture.allOf(leaving.toArray(CompletableFuture<?>[]::new))
                    .get(15, java.util.concurrent.TimeUnit.SECONDS);
        } catch (Exception e) {
            notDrained.add("not told of: " + e);
        }
        relay.close();
        services.values().forEach(instances -> instances.forEach(EchoBackend::close));
    }
}
