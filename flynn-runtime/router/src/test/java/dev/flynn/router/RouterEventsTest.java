package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.route.Route;
import dev.flynn.router.program.RunningRouter;
import dev.flynn.spi.router.RouteTable.Certificate;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code GET /events} of the router's API (contract: layer 1, Events and 2021 differences). */
class RouterEventsTest {

    @RegisterExtension
    final ProgramFixture cluster = new ProgramFixture();

    private final CountDownLatch answered = new CountDownLatch(1);

    @Test
    void changesOfRoutesAreToldOnceTheyAreServed() throws IOException {
        cluster.addRoute("before", "web");
        cluster.register("web", cluster.backend("hello"));
        RunningRouter router = cluster.start();
        EventReader events = cluster.closing(new EventReader(router, ""));

        Route http = cluster.addRoute("app", "web");

        assertThat(events.nextInShort()).isEqualTo("set app");
        assertThat(ProgramFixture.get(router, "app").text()).isEqualTo("hello");

        Route tcp = cluster.addRoute(Route.tcp(RouterFixture.freePort(), "web").build());
        assertThat(events.nextInShort()).isEqualTo("set " + tcp.port().orElseThrow());

        cluster.removeRoute(http);
        assertThat(events.nextInShort()).isEqualTo("remove app");
        assertThat(ProgramFixture.get(router, "app").status()).isEqualTo(404);

        cluster.removeRoute(tcp);
        assertThat(events.nextInShort()).isEqualTo("remove " + tcp.port().orElseThrow());
    }

    @Test
    void aRouteThatCannotServeSaysWhy() throws IOException {
        RunningRouter router = cluster.start();
        EventReader events = cluster.closing(new EventReader(router, ""));
        TestBackend holder = cluster.backend("");
        int taken = Integer.parseInt(holder.addr().split(":")[1]);

        cluster.addRoute(Route.tcp(taken, "db").build());

        JsonNode set = events.next();
        assertThat(set.path("event").asText()).isEqualTo("set");
        assertThat(set.path("error").asText()).contains(String.valueOf(taken));
    }

    @Test
    void secretsOfRoutesAreNotTold() throws IOException {
        RunningRouter router = cluster.start();
        EventReader events = cluster.closing(new EventReader(router, ""));
        Certificate certificate = TestCertificates.named("app");

        cluster.addRoute(Route.http("app", "web")
                .tls(Optional.of(certificate.chain()), Optional.of(certificate.key()))
                .build());

        assertThat(events.next().toString()).doesNotContain("BEGIN");
    }

    @Test
    void whatIsUpIsReplayedAndEveryBackendIsToldUntilItIsDrained() throws Exception {
        cluster.addRoute("app", "web");
        TestBackend slow = cluster.closing(TestBackend.answering((request, connection) -> {
            awaitAnswer();
            connection.respond("at last");
        }));
        Instance instance =
                cluster.register("web", slow, Map.of("FLYNN_APP_NAME", "shop", "FLYNN_JOB_ID", "host1-5d1c"));
        RunningRouter router = cluster.start();
        EventReader events = cluster.closing(new EventReader(router, "?types=backend-up,backend-down,backend-drained"));

        assertThat(events.next().toString())
                .isEqualTo(("{\"event\":\"backend-up\",\"backend\":{\"service\":\"web\",\"addr\":\"%s\","
                                + "\"app\":\"shop\",\"job_id\":\"host1-5d1c\"}}")
                        .formatted(slow.addr()));

        TestClient client = cluster.closing(TestClient.connect(router.httpAddress()));
        client.get("app", "/");
        await().until(() -> slow.requests().size() == 1);
        cluster.discovery().deregister("web", instance.id());

        assertThat(events.nextInShort()).isEqualTo("backend-down " + slow.addr());
        TestBackend other = cluster.backend("other");
        cluster.register("web", other);
        assertThat(events.nextInShort()).isEqualTo("backend-up " + other.addr());

        answered.countDown();
        assertThat(client.readResponse().text()).isEqualTo("at last");
        assertThat(events.nextInShort()).isEqualTo("backend-drained " + slow.addr());
    }

    @Test
    void onlyTheWantedTypesAreToldAndUnknownOnesAreRefused() throws IOException {
        cluster.addRoute("app", "web");
        cluster.register("web", cluster.backend("hello"));
        RunningRouter router = cluster.start();
        EventReader events = cluster.closing(new EventReader(router, "?types=remove"));
        Route route = cluster.addRoute("gone", "web");
        await().until(() -> ProgramFixture.get(router, "gone").status() == 200);

        cluster.removeRoute(route);

        assertThat(events.nextInShort()).isEqualTo("remove gone");
        HttpMessage refused = ProgramFixture.ask(router, "GET", "/events?types=set,backend", "");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.text()).contains("\"field\":\"types\"", "was \\\"backend\\\"");
    }

    private void awaitAnswer() {
        try {
            answered.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
