package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.Route;
import dev.flynn.router.program.RunningRouter;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The router as an app: its table comes from the cluster's state and from discovery. */
class RouterProgramTest {

    private BreakableWatches watches;

    @RegisterExtension
    final ProgramFixture cluster = new ProgramFixture(store -> watches = new BreakableWatches(store));

    @Test
    void whatIsThereBeforeTheStartIsServedAtOnce() throws IOException {
        cluster.addRoute("app.example.org", "app-web");
        cluster.register("app-web", cluster.backend("hello"));

        RunningRouter router = cluster.start();

        assertThat(ProgramFixture.get(router, "app.example.org").text()).isEqualTo("hello");
    }

    @Test
    void pathsServeFromTheStartWhateverWasMadeFirst() throws IOException {
        for (String path : List.of("/a/b/", "/a/", "/")) {
            cluster.addRoute(
                    Route.http("app", "svc" + path.replace('/', '-')).path(path).build());
            cluster.register("svc" + path.replace('/', '-'), cluster.backend(path));
        }

        RunningRouter router = cluster.start();

        assertThat(ProgramFixture.get(router, "app", "/a/b/c").text()).isEqualTo("/a/b/");
        assertThat(ProgramFixture.get(router, "app", "/a").text()).isEqualTo("/a/");
        assertThat(ProgramFixture.get(router, "app", "/b").text()).isEqualTo("/");
    }

    @Test
    void whatChangedWhileTheWatchWasBrokenIsNoticedAfterwards() throws IOException {
        Route stale = cluster.addRoute("stale", "web");
        cluster.register("web", cluster.backend("hello"));
        RunningRouter router = cluster.start();
        assertThat(ProgramFixture.get(router, "stale").text()).isEqualTo("hello");

        watches.cut("routes/");
        cluster.addRoute("fresh", "web");
        cluster.removeRoute(stale);
        watches.end("routes/", new FlynnException(ErrorCode.COMPACTED, "too slow", null));

        await().untilAsserted(() -> {
            assertThat(ProgramFixture.get(router, "fresh").text()).isEqualTo("hello");
            assertThat(ProgramFixture.get(router, "stale").status()).isEqualTo(404);
        });
    }

    @Test
    void routesAndInstancesAreFollowed() throws IOException {
        RunningRouter router = cluster.start();
        assertThat(ProgramFixture.get(router, "app").status()).isEqualTo(404);

        Route route = cluster.addRoute("app", "app-web");
        await().untilAsserted(() ->
                assertThat(ProgramFixture.get(router, "app").status()).isEqualTo(503));

        TestBackend first = cluster.backend("first");
        Instance old = cluster.register("app-web", first);
        await().untilAsserted(() ->
                assertThat(ProgramFixture.get(router, "app").text()).isEqualTo("first"));

        cluster.register("app-web", cluster.backend("second"));
        cluster.discovery().deregister("app-web", old.id());
        await().untilAsserted(() ->
                assertThat(ProgramFixture.get(router, "app").text()).isEqualTo("second"));

        cluster.removeRoute(route);
        await().untilAsserted(() ->
                assertThat(ProgramFixture.get(router, "app").status()).isEqualTo(404));
    }

    @Test
    void anInstanceThatIsRegisteredAgainKeepsItsConnections() throws IOException {
        TestBackend backend = cluster.backend("hello");
        cluster.addRoute("app", "app-web");
        cluster.register("app-web", backend);
        RunningRouter router = cluster.start();
        TestClient client = cluster.closing(TestClient.connect(router.httpAddress()));
        assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");

        cluster.discovery().register("app-web", Instance.of("http", backend.addr(), Map.of("version", "2")));
        cluster.addRoute("other", "other-web");
        await().untilAsserted(() ->
                assertThat(ProgramFixture.get(router, "other").status()).isEqualTo(503));

        assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");
        assertThat(backend.connections()).isEqualTo(1);
    }

    @Test
    void theLeaderOfAServiceIsFollowed() throws IOException {
        cluster.addRoute(Route.http("db", "db").leader(true).build());
        Instance oldest = cluster.register("db", cluster.backend("oldest"));
        cluster.register("db", cluster.backend("next"));
        RunningRouter router = cluster.start();
        assertThat(ProgramFixture.get(router, "db").text()).isEqualTo("oldest");

        cluster.discovery().deregister("db", oldest.id());

        await().untilAsserted(() ->
                assertThat(ProgramFixture.get(router, "db").text()).isEqualTo("next"));
    }

    @Test
    void aMissingCookieKeyStopsTheStartWithAWayOut() {
        cluster.env().remove("COOKIE_KEY");

        assertThatThrownBy(cluster::start)
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("COOKIE_KEY must be the base64 text of 32 random bytes");
    }

    @Test
    void aTakenPortStopsTheStartAndLeavesNothingBehind() throws IOException {
        TestBackend holder = cluster.backend("");
        cluster.env().put("HTTP_PORT", holder.addr().split(":")[1]);

        assertThatThrownBy(cluster::start)
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("cannot listen on " + holder.addr());
    }

    @Test
    void aTcpRouteServesItsPort() throws IOException {
        TestBackend echo = cluster.closing(TestBackend.running(connection -> connection.send("hello")));
        Instance unused = cluster.register("db", echo);
        int port = RouterFixture.freePort();
        RunningRouter router = cluster.start();

        Route added = cluster.addRoute(Route.tcp(port, "db").build());

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
        cluster.addRoute("app.example.org", "app-web");
        cluster.register("app-web", cluster.backend("hello"));
        cluster.env().put("ROUTER", RenamedRouterFactory.NAME);

        RunningRouter router = cluster.start();

        assertThat(ProgramFixture.get(router, "app.example.org").text()).isEqualTo("hello");
        Route unused = cluster.addRoute("other.example.org", "app-web");
        await().untilAsserted(() -> assertThat(
                        ProgramFixture.get(router, "other.example.org").text())
                .isEqualTo("hello"));
    }

    @Test
    void aRouterThatIsNotThereIsToldWithThoseThatAre() {
        cluster.env().put("ROUTER", "ngnix");

        assertThatThrownBy(cluster::start)
                .isInstanceOf(FlynnException.class)
                .hasMessage("ROUTER must be one of [netty, renamed], was 'ngnix'");
    }
}
