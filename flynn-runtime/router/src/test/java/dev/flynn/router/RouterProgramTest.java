package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import dev.flynn.api.route.Route;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.program.RouterKinds;
import dev.flynn.router.program.RouterProgram;
import dev.flynn.router.program.RunningRouter;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The router as an app: its table comes from the cluster's state and from discovery. */
class RouterProgramTest {

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, new FlynnJson(), Clock.systemUTC());
    private final StoreDiscovery discovery = StoreDiscovery.builder(store).build();
    private final Map<String, String> env = new HashMap<>(Map.of(
            "LISTEN_IP",
            "127.0.0.1",
            "PORT",
            "0",
            "HTTP_PORT",
            "0",
            "COOKIE_KEY",
            Base64.getEncoder().encodeToString(new byte[32])));
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    @AfterEach
    void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
        discovery.close();
        store.close();
    }

    @Test
    void whatIsThereBeforeTheStartIsServedAtOnce() throws IOException {
        addRoute("app.example.org", "app-web");
        register("app-web", backend("hello"));

        RunningRouter router = start();

        assertThat(get(router, "app.example.org").text()).isEqualTo("hello");
    }

    @Test
    void routesAndInstancesAreFollowed() throws IOException {
        RunningRouter router = start();
        assertThat(get(router, "app").status()).isEqualTo(404);

        Route route = addRoute("app", "app-web");
        await().untilAsserted(() -> assertThat(get(router, "app").status()).isEqualTo(503));

        TestBackend first = backend("first");
        Instance old = register("app-web", first);
        await().untilAsserted(() -> assertThat(get(router, "app").text()).isEqualTo("first"));

        register("app-web", backend("second"));
        discovery.deregister("app-web", old.id());
        await().untilAsserted(() -> assertThat(get(router, "app").text()).isEqualTo("second"));

        Transaction.Builder removal = Transaction.builder();
        state.routes().remove(removal, state.routes().get(route.formattedId()));
        state.commit(removal);
        await().untilAsserted(() -> assertThat(get(router, "app").status()).isEqualTo(404));
    }

    @Test
    void anInstanceThatIsRegisteredAgainKeepsItsConnections() throws IOException {
        TestBackend backend = backend("hello");
        addRoute("app", "app-web");
        register("app-web", backend);
        RunningRouter router = start();
        TestClient client = closing(TestClient.connect(router.httpAddress()));
        assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");

        discovery.register("app-web", Instance.of("http", backend.addr(), Map.of("version", "2")));
        addRoute("other", "other-web");
        await().untilAsserted(() -> assertThat(get(router, "other").status()).isEqualTo(503));

        assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");
        assertThat(backend.connections()).isEqualTo(1);
    }

    @Test
    void theLeaderOfAServiceIsFollowed() throws IOException {
        addRoute(route("db", "db", true));
        Instance oldest = register("db", backend("oldest"));
        register("db", backend("next"));
        RunningRouter router = start();
        assertThat(get(router, "db").text()).isEqualTo("oldest");

        discovery.deregister("db", oldest.id());

        await().untilAsserted(() -> assertThat(get(router, "db").text()).isEqualTo("next"));
    }

    @Test
    void theJobsPortTellsThatItIsHealthyAndRefusesTheRest() throws IOException {
        RunningRouter router = start();

        HttpMessage status = getStatus(router, "/.well-known/status");
        assertThat(status.status()).isEqualTo(200);
        assertThat(status.text()).startsWith("{\"data\":{\"status\":\"healthy\"");
        assertThat(getStatus(router, "/routes").status()).isEqualTo(501);
        assertThat(getStatus(router, "/x").status()).isEqualTo(404);
    }

    @Test
    void aMissingCookieKeyStopsTheStartWithAWayOut() {
        env.remove("COOKIE_KEY");

        assertThatThrownBy(this::start)
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("COOKIE_KEY must be the base64 text of 32 random bytes");
    }

    @Test
    void aTakenPortStopsTheStartAndLeavesNothingBehind() throws IOException {
        TestBackend holder = backend("");
        env.put("HTTP_PORT", holder.addr().split(":")[1]);

        assertThatThrownBy(this::start)
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("cannot listen on " + holder.addr());
    }

    @Test
    void aTcpRouteServesItsPort() throws IOException {
        TestBackend echo = closing(TestBackend.running(connection -> connection.send("hello")));
        Instance unused = register("db", echo);
        int port = RouterFixture.freePort();
        RunningRouter router = start();

        Route added = addRoute(Route.tcp(port, "db").build());

        await().ignoreExceptions().untilAsserted(() -> {
            try (TestClient client = TestClient.connect(
                    new InetSocketAddress(router.httpAddress().getAddress(), port))) {
                assertThat(client.in().readAllBytes()).asString().isEqualTo("hello");
            }
        });
        assertThat(added.port()).contains(port);
    }

    @Test
    void anotherRouterIsFoundByItsNameAndServesTheFirstTableAtOnce() throws IOException {
        addRoute("app.example.org", "app-web");
        register("app-web", backend("hello"));
        env.put("ROUTER", RenamedRouterFactory.NAME);

        RunningRouter router = start();

        assertThat(get(router, "app.example.org").text()).isEqualTo("hello");
        Route unused = addRoute("other.example.org", "app-web");
        await().untilAsserted(() ->
                assertThat(get(router, "other.example.org").text()).isEqualTo("hello"));
    }

    @Test
    void aRouterThatIsNotThereIsToldWithThoseThatAre() {
        env.put("ROUTER", "ngnix");

        assertThatThrownBy(this::start)
                .isInstanceOf(FlynnException.class)
                .hasMessage("ROUTER must be one of [netty, renamed], was 'ngnix'");
    }

    private RouterKinds kinds() {
        return new RouterKinds(
                RouterProgramTest.class.getClassLoader(),
                new ComponentContext("host", Path.of("unused"), Clock.systemUTC()));
    }

    private RunningRouter start() {
        return closing(new RouterProgram(state, discovery, kinds()).start(new Job(env)));
    }

    private TestBackend backend(String text) {
        return closing(TestBackend.saying(text));
    }

    private <C extends AutoCloseable> C closing(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    private Instance register(String service, TestBackend backend) {
        if (!discovery.services().contains(service)) {
            discovery.createService(service, LeaderType.OLDEST);
        }
        return discovery.register(service, Instance.of("http", backend.addr(), Map.of()));
    }

    private Route addRoute(String domain, String service) {
        return addRoute(route(domain, service, false));
    }

    private Route addRoute(Route route) {
        Transaction.Builder creation = Transaction.builder();
        state.routes().create(creation, route.formattedId(), route);
        state.commit(creation);
        return route;
    }

    private static Route route(String domain, String service, boolean leader) {
        return Route.http(domain, service)
                .parentRef("controller/apps/x")
                .leader(leader)
                .build();
    }

    private static HttpMessage get(RunningRouter router, String host) throws IOException {
        try (TestClient client = TestClient.connect(router.httpAddress())) {
            return client.get(host, "/").readResponse();
        }
    }

    private static HttpMessage getStatus(RunningRouter router, String path) throws IOException {
        try (TestClient client = TestClient.connect(router.statusAddress())) {
            return client.get("router", path, "Connection: close").readResponse();
        }
    }

    /** A job with nothing but an environment. */
    private record Job(Map<String, String> env) implements BuiltinJob {

        @Override
        public JobSpec spec() {
            return JobSpec.ofCommand(JobId.random("host"), new JobSpec.Image("builtin", "builtin:router"), List.of());
        }

        @Override
        public PrintStream out() {
            return System.out;
        }

        @Override
        public PrintStream err() {
            return System.err;
        }

        @Override
        public void fail(Throwable reason) {
            throw new AssertionError(reason);
        }
    }
}
