package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.router.telemetry.TrafficCounts;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.TcpRoute;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a router counts of what it carries. */
class TrafficTest {

    @RegisterExtension
    final RouterFixture router = new RouterFixture();

    private final CountDownLatch answered = new CountDownLatch(1);

    @Test
    void requestsAreCountedByRouteAndBackendAndClassOfStatus() throws IOException {
        TestBackend backend = router.open(TestBackend.answering((request, connection) -> {
            String status = request.target().equals("/missing") ? "404 Not Found" : "200 OK";
            connection.send("HTTP/1.1 " + status + "\r\nContent-Length: 5\r\n\r\nhello");
        }));
        router.route("app", backend);
        TestClient client = router.client();
        client.post("app", "/", "0123456789").readResponse();
        client.get("app", "/missing").readResponse();
        client.get("nobody", "/").readResponse();

        Traffic traffic = router.router().traffic();

        assertThat(traffic.routes()).singleElement().satisfies(route -> {
            assertThat(route.domain()).isEqualTo("app");
            assertThat(route.path()).isEqualTo("/");
            requireTwoRequests(route.counts());
        });
        assertThat(traffic.backends()).singleElement().satisfies(asked -> {
            assertThat(asked.addr()).isEqualTo(backend.addr());
            requireTwoRequests(asked.counts());
        });
        assertThat(traffic.unrouted().answered()).containsExactly(0L, 0L, 0L, 1L, 0L, 0L);
    }

    private static void requireTwoRequests(TrafficCounts counts) {
        assertThat(counts.answered()).containsExactly(0L, 1L, 0L, 1L, 0L, 0L);
        assertThat(counts.bytesIn()).isEqualTo(10);
        assertThat(counts.bytesOut()).isEqualTo(10);
        assertThat(counts.active()).isZero();
        assertThat(counts.latencies().count()).isEqualTo(2);
        assertThat(counts.latencies().sumMicros()).isPositive();
    }

    @Test
    void anotherAttemptIsARetryAndTheBackendThatRefusedIsTold() throws IOException {
        router.route("app", "/", "app");
        String dead = router.deadAddress();
        TestBackend living = router.open(TestBackend.saying("hello"));
        router.backends("app", dead, living.addr());
        for (int i = 0; i < 4; i++) {
            assertThat(router.get("app", "/").text()).isEqualTo("hello");
        }

        Traffic traffic = router.router().traffic();

        assertThat(counts(traffic).retries()).isPositive();
        assertThat(of(traffic, dead).refused()).isEqualTo(counts(traffic).retries());
        assertThat(of(traffic, dead).requests()).isZero();
        assertThat(of(traffic, dead).active()).isZero();
        assertThat(of(traffic, living.addr()).requests()).isEqualTo(4);
    }

    @Test
    void whatIsUnderWayIsActiveAndAClientThatLeavesIsCountedAsGone() throws IOException {
        TestBackend slow = router.open(TestBackend.answering((request, connection) -> awaitEnd()));
        router.route("app", slow);
        TestClient client = router.client().get("app", "/");
        await().until(() -> slow.requests().size() == 1);

        assertThat(counts(router.router().traffic()).active()).isEqualTo(1);
        client.close();

        await().untilAsserted(() -> {
            TrafficCounts after = counts(router.router().traffic());
            assertThat(after.active()).isZero();
            assertThat(after.answered()).containsExactly(0L, 0L, 0L, 0L, 0L, 1L);
        });
        answered.countDown();
    }

    @Test
    void aBackendThatBreaksOffCountsAsAnErrorOfTheServer() throws IOException {
        TestBackend broken = router.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
        }));
        router.route("app", broken);

        router.client().get("app", "/").in().readAllBytes();

        assertThat(counts(router.router().traffic()).answered()).containsExactly(0L, 0L, 0L, 0L, 1L, 0L);
    }

    @Test
    void anUpgradedConnectionIsActiveUntilItEnds() throws IOException {
        TestBackend echo = router.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
            connection.in().transferTo(connection.out());
        }));
        router.route("app", echo);
        TestClient client = router.client().get("app", "/", "Connection: upgrade", "Upgrade: echo");
        assertThat(client.readHead().status()).isEqualTo(101);

        TrafficCounts during = counts(router.router().traffic());
        assertThat(during.active()).isEqualTo(1);
        assertThat(during.answered()).containsExactly(1L, 0L, 0L, 0L, 0L, 0L);

        client.send("hello, echo");
        HttpMessage.readExactly(client.in(), 11);
        client.close();
        await().untilAsserted(() ->
                assertThat(counts(router.router().traffic()).active()).isZero());
        for (TrafficCounts counts :
                List.of(counts(router.router().traffic()), of(router.router().traffic(), echo.addr()))) {
            assertThat(counts.bytesIn()).isEqualTo(11);
            assertThat(counts.bytesOut()).isEqualTo(11);
        }
    }

    @Test
    void connectionsToThePortOfATcpRouteAreCountedToo() throws IOException {
        TestBackend echo =
                router.open(TestBackend.running(connection -> connection.in().transferTo(connection.out())));
        String dead = router.deadAddress();
        int port = RouterFixture.freePort();
        router.route(TcpRoute.to(port, "echo")).backends("echo", dead, echo.addr());
        TestClient client = router.client(port);
        client.send("hello");
        HttpMessage.readExactly(client.in(), 5);

        Traffic during = router.router().traffic();
        assertThat(during.routes()).singleElement().satisfies(route -> {
            assertThat(route.domain()).startsWith("tcp:");
            assertThat(route.path()).isEmpty();
            assertThat(route.counts().active()).isEqualTo(1);
            assertThat(route.counts().bytesIn()).isEqualTo(5);
            assertThat(route.counts().bytesOut()).isEqualTo(5);
        });
        assertThat(of(during, echo.addr()).active()).isEqualTo(1);

        client.close();
        await().untilAsserted(() -> {
            assertThat(counts(router.router().traffic()).active()).isZero();
            assertThat(of(router.router().traffic(), echo.addr()).active()).isZero();
        });
        assertThat(of(router.router().traffic(), echo.addr()).bytesIn()).isEqualTo(5);
    }

    @Test
    void whatAPolicyDoesNotLetInIsRefused() throws IOException {
        router.route(HttpRoute.to("app", "app")
                .policy(RoutePolicy.builder().redirectToHttps(true).build())
                .build());

        router.get("app", "/");

        TrafficCounts counts = counts(router.router().traffic());
        assertThat(counts.refused()).isEqualTo(1);
        assertThat(counts.answered()).containsExactly(0L, 0L, 1L, 0L, 0L, 0L);
    }

    @Test
    void countsGoOnWhenTheTableChangesAndGoWithTheirRoute() throws IOException {
        TestBackend backend = router.open(TestBackend.saying("hello"));
        router.route("app", backend);
        router.get("app", "/");
        router.route("other", backend);
        router.get("app", "/");
        assertThat(counts(router.router().traffic()).requests()).isEqualTo(2);

        router.removeRoutes("app").backends("app").backends("other");

        Traffic afterwards = router.router().traffic();
        assertThat(afterwards.routes()).isEmpty();
        assertThat(afterwards.backends()).isEmpty();
    }

    private void awaitEnd() {
        try {
            answered.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static TrafficCounts counts(Traffic traffic) {
        List<Traffic.OfRoute> routes = traffic.routes();
        assertThat(routes).hasSize(1);
        return routes.get(0).counts();
    }

    private static TrafficCounts of(Traffic traffic, String addr) {
        return traffic.backends().stream()
                .filter(backend -> backend.addr().equals(addr))
                .findFirst()
                .orElseThrow()
                .counts();
    }
}
