package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.id.JobId;
import dev.flynn.api.route.Route;
import dev.flynn.base.TimeSource;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Drains;
import dev.flynn.state.Drains.Wish;
import dev.flynn.state.TableView;
import dev.flynn.store.MemoryClusterStore;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DrainWaitTest {

    private static final List<DrainWait.Served> SERVED = List.of(new DrainWait.Served("app-web", "10.0.0.1:8080"));

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final StoreDiscovery discovery = StoreDiscovery.builder(store).build();
    private final Pauses pauses = new Pauses("drain-wait-test", TimeSource.SYSTEM);
    private final Drains drains = new Drains(state);
    private final TableView<Wish> wishes = drains.wishes(() -> {});
    private final DrainWait wait = new DrainWait(state, discovery, pauses);
    private final JobId job = JobId.random("host1");
    private final AtomicBoolean ended = new AtomicBoolean();

    @AfterEach
    void close() {
        wishes.close();
        pauses.close();
        discovery.close();
        store.close();
    }

    private void route(Route.Builder route) {
        Transaction.Builder transaction = Transaction.builder();
        Route built = route.build();
        state.routes().create(transaction, built.formattedId(), built);
        assertThat(state.commit(transaction).committed()).isTrue();
    }

    private Instance router(String id) {
        if (!discovery.services().contains("router-api")) {
            discovery.createService("router-api", LeaderType.OLDEST);
        }
        Instance router = Instance.of("tcp", "10.0.0.9:1" + id.length(), Map.of("FLYNN_JOB_ID", id));
        discovery.register("router-api", router);
        return router;
    }

    private void stop() {
        wait.whenDrained(job, SERVED, () -> ended.set(true));
    }

    private void answer(String router) {
        await().until(() -> wishes.find(job.value()).isPresent());
        drains.answer(wishes.records().get(job.value()), router);
    }

    @Test
    void aJobWithoutSuchARouteIsStoppedAtOnce() {
        router("r1");
        route(Route.http("app.example.org", "app-web"));
        route(Route.http("other.example.org", "other-web").drainBackends(true));

        stop();

        assertThat(ended).isTrue();
    }

    @Test
    void withoutARouterNobodyIsAsked() {
        route(Route.http("app.example.org", "app-web").drainBackends(true));

        stop();

        assertThat(ended).isTrue();
    }

    @Test
    void allRoutersHaveToAnswer() {
        router("r1");
        router("router2");
        route(Route.tcp(3000, "app-web").drainBackends(true));

        stop();
        answer("r1");
        await().during(Duration.ofMillis(300)).until(() -> !ended.get());
        answer("router2");

        await().untilTrue(ended);
        await().untilAsserted(() -> assertThat(store.list("drains/").entries()).isEmpty());
    }

    @Test
    void aRouterThatIsGoneNeedNotAnswer() {
        router("r1");
        Instance gone = router("router2");
        route(Route.http("app.example.org", "other")
                .weights(Map.of("app-web", 5))
                .drainBackends(true));

        stop();
        answer("r1");
        discovery.deregister("router-api", gone.id());

        await().untilTrue(ended);
    }

    @Test
    void whatAnEarlierRunAskedForIsForgotten() {
        drains.ask(job, List.of("10.0.0.1:8080"));
        JobId ofAnother = JobId.random("host2");
        drains.ask(ofAnother, List.of("10.0.0.1:8080"));

        wait.forgetAll("host1");

        assertThat(store.list("drains/").entries()).hasSize(1);
    }
}
