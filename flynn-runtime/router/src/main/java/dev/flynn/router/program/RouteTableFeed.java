package dev.flynn.router.program;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.router.api.RouterBackend;
import dev.flynn.router.api.RouterEvent;
import dev.flynn.router.api.RouterEvents;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.router.ApplyResult.Problem;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.state.ClusterState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a router's table true: follows the routes, and for every service that a route names its instances.
 *
 * <p>Changes that come in a burst are applied together, within a few tens of milliseconds. All decisions are made on one
 * thread of its own.
 */
final class RouteTableFeed implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RouteTableFeed.class);

    private static final Duration BURST = Duration.ofMillis(10);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration FIRST_PATIENCE = Duration.ofSeconds(5);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);

    private final Discovery discovery;
    private final KnownRoutes routes;
    private final DrainAnswers drains;
    private final TableCompletion completion;
    private final ScheduledExecutorService executor =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("router-table"));
    private final AtomicBoolean refreshDue = new AtomicBoolean();
    private final CompletableFuture<RouteTable> first = new CompletableFuture<>();
    private final RouterEvents events;

    /** Only the feed's thread touches what is below. */
    private final Map<String, ServiceWatch> services = new HashMap<>();

    private RouteTable known = RouteTable.EMPTY;

    private Optional<Router> router = Optional.empty();
    private Optional<RouteTable> applied = Optional.empty();
    private Set<Problem> told = Set.of();
    private Optional<Subscription> drainWatch = Optional.empty();
    private final AppliedChanges changes = new AppliedChanges();
    private final Set<String> untold = new HashSet<>();
    private Map<String, List<Backend>> toldBackends = Map.of();

    /**
     * @param routerId the id of the router's job
     * @param events are told of what was applied
     * @param completions adds to the table
     */
    RouteTableFeed(
            ClusterState state,
            Discovery discovery,
            String routerId,
            RouterEvents events,
            TableCompletion.Factory completions) {
        this.discovery = discovery;
        this.events = events;
        this.drains = new DrainAnswers(state, routerId, this::wishesChanged);
        this.routes = new KnownRoutes(state, this::wake);
        try {
            this.completion = completions.open(this::wake);
        } catch (RuntimeException e) {
            routes.close();
            drains.close();
            executor.shutdownNow();
            throw e;
        }
        wake();
    }

    /** The table as it is once discovery has told all it knows, or what is known after some seconds. */
    RouteTable firstTable() {
        later(() -> first.complete(known), FIRST_PATIENCE);
        return first.join();
    }

    /** Applies every table from now on, the present one before it returns. */
    void feed(Router fed) {
        CompletableFuture.runAsync(
                        () -> {
                            router = Optional.of(fed);
                            if (tellsDrained(fed)) {
                                drainWatch = Optional.of(fed.watch(this::drained));
                            }
                            refresh();
                        },
                        executor)
                .join();
    }

    @Override
    public void close() {
        routes.close();
        Executors.stop(executor, "router-table", STOP_PATIENCE);
        services.values().forEach(ServiceWatch::close);
        drainWatch.ifPresent(Subscription::close);
        drains.close();
        completion.close();
    }

    private static boolean tellsDrained(Router fed) {
        return fed.capabilities().contains(RouterCapability.DRAIN_EVENTS);
    }

    private void drained(String addr) {
        later(
                () -> {
                    events.publish(changes.drained(addr));
                    drains.drained(addr);
                },
                Duration.ZERO);
    }

    private void wishesChanged() {
        later(this::answerWishes, Duration.ZERO);
    }

    private void answerWishes() {
        drains.answer();
    }

    private void wake() {
        if (refreshDue.compareAndSet(false, true)) {
            later(this::refresh, BURST);
        }
    }

    private void refresh() {
        refreshDue.set(false);
        try {
            untold.addAll(routes.update());
            followServices(routes.services());
            RouteTable table = completion.complete(routes.table(backends()));
            known = table;
            if (services.values().stream().allMatch(ServiceWatch::isCurrent)) {
                first.complete(table);
            }
            if (router.isPresent()) {
                if (!applied.equals(Optional.of(table))) {
                    apply(router.get(), table);
                }
                tell(table);
            }
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("the route table could not be brought up to date; trying again");
            later(this::refresh, RETRY);
        }
    }

    /** What this router does by the table that it has applied. */
    private void tell(RouteTable table) {
        List<RouterEvent> news = new ArrayList<>(changes.routes(untold, routes::find, errors(told)));
        untold.clear();
        if (!table.backends().equals(toldBackends)) {
            toldBackends = table.backends();
            news.addAll(changes.backends(instances()));
        }
        events.publish(news);
    }

    /** A route that does not serve, because its port is taken perhaps, is tried again. */
    private void apply(Router fed, RouteTable table) {
        List<Problem> problems = new ArrayList<>();
        RouteTable possible = table.supportedBy(fed.capabilities(), problems::add);
        drains.applying(possible, tellsDrained(fed));
        problems.addAll(fed.apply(possible).problems());
        drains.applied();
        problems.stream()
                .filter(problem -> !told.contains(problem))
                .forEach(problem -> log.atError()
                        .addKeyValue("route", problem.routeId())
                        .addKeyValue("reason", problem.reason())
                        .log("a route does not serve as it says"));
        told = Set.copyOf(problems);
        applied = problems.isEmpty() ? Optional.of(table) : Optional.empty();
        if (!problems.isEmpty()) {
            later(this::wake, RETRY);
        }
        log.atDebug()
                .addKeyValue("routes", table.routes().size())
                .addKeyValue("services", table.backends().size())
                .log("route table applied");
    }

    private void followServices(Set<String> named) {
        services.values().removeIf(watch -> {
            boolean unnamed = !named.contains(watch.service());
            if (unnamed) {
                watch.close();
            }
            return unnamed;
        });
        for (String service : named) {
            if (!services.containsKey(service)) {
                ServiceWatch watch = new ServiceWatch(discovery, service, this::wake, this::watchEnded);
                services.put(service, watch);
                watch(watch);
            }
        }
    }

    private void watch(ServiceWatch watch) {
        try {
            watch.watch();
        } catch (FlynnException unavailable) {
            log.atWarn()
                    .addKeyValue("service", watch.service())
                    .addKeyValue("reason", unavailable.getMessage())
                    .log("discovery cannot be watched; the last known backends stay");
            later(() -> watch(watch), RETRY);
        }
    }

    /** A watch that was too slow begins again at once; anything else needs some time to get better. */
    private void watchEnded(ServiceWatch watch, FlynnException reason) {
        later(() -> watch(watch), reason.code() == ErrorCode.COMPACTED ? Duration.ZERO : RETRY);
    }

    private static Map<String, String> errors(Set<Problem> problems) {
        return problems.stream().collect(Collectors.toMap(Problem::routeId, Problem::reason, (one, other) -> one));
    }

    private List<RouterBackend> instances() {
        return services.values().stream()
                .flatMap(watch -> watch.instances().stream().map(one -> RouterBackend.of(watch.service(), one)))
                .toList();
    }

    private Map<String, List<Backend>> backends() {
        return services.values().stream().collect(Collectors.toMap(ServiceWatch::service, ServiceWatch::backends));
    }

    private void later(Runnable task, Duration delay) {
        try {
            var unused = executor.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            log.atDebug().log("a change came after the end");
        }
    }
}
