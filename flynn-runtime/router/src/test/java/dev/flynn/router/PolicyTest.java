package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import dev.flynn.spi.router.HttpRoute;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.slf4j.LoggerFactory;

/** What a route's policy says of a request before a backend is chosen. */
class PolicyTest {

    /** SHA-256 and MD5 of {@code alice:protected:s3cret}. */
    private static final Map<String, String> BY_SHA_256 =
            Map.of("alice", "9a6ee81ec892c22a687eb4b72b193f54b5315388a79ab2a56a35ab824e878328");

    private static final Map<String, String> BY_MD5 = Map.of("alice", "f35f172f6469075688d00b2abfdf9dd9");

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final TestBackend backend = fixture.open(TestBackend.saying("hello"));

    private void route(RoutePolicy policy) {
        fixture.route(HttpRoute.to("app", "web").policy(policy).build()).backends("web", backend.addr());
    }

    private static String basic(String credentials) {
        return "Authorization: Basic "
                + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void plainRequestsAreSentToTheSamePlaceUnderHttps() throws IOException {
        route(RoutePolicy.builder().redirectToHttps(true).build());

        HttpMessage answer = fixture.get("App:8080", "/a%2Fb?c=d");

        assertThat(answer.status()).isEqualTo(301);
        assertThat(answer.field("Location")).contains("https://app/a%2Fb?c=d");
        assertThat(backend.requests()).isEmpty();
    }

    @Test
    void aFormThatIsPostedStaysAForm() throws IOException {
        route(RoutePolicy.builder().redirectToHttps(true).build());

        TestClient client = fixture.client().post("app", "/", "a=b");

        assertThat(client.readResponse().status()).isEqualTo(308);
    }

    @Test
    void maintenanceAnswersEverything() throws IOException {
        route(RoutePolicy.builder()
                .maintenance(
                        new Maintenance(503, "text/html", "<p>zurück um 12</p>", Optional.of(Duration.ofMinutes(5))))
                .build());

        HttpMessage answer = fixture.get("app", "/");

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.field("Content-Type")).contains("text/html");
        assertThat(answer.field("Retry-After")).contains("300");
        assertThat(answer.body()).isEqualTo("<p>zurück um 12</p>".getBytes(StandardCharsets.UTF_8));
        assertThat(backend.requests()).isEmpty();
    }

    @Test
    void onlyTheRightPasswordPasses() throws IOException {
        for (Map<String, String> users : List.of(BY_SHA_256, BY_MD5)) {
            route(RoutePolicy.builder()
                    .auth(new Auth(Auth.Scheme.BASIC, "protected", users))
                    .build());

            HttpMessage unknown = fixture.get("app", "/");
            assertThat(unknown.status()).isEqualTo(401);
            assertThat(unknown.field("WWW-Authenticate")).contains("Basic realm=\"protected\", charset=\"UTF-8\"");
            assertThat(fixture.get("app", "/", basic("alice:wrong")).status()).isEqualTo(401);
            assertThat(fixture.get("app", "/", basic("bob:s3cret")).status()).isEqualTo(401);
            assertThat(fixture.get("app", "/", basic("alice")).status()).isEqualTo(401);
            assertThat(fixture.get("app", "/", "Authorization: Basic ???").status())
                    .isEqualTo(401);
            assertThat(fixture.get("app", "/", basic("alice:s3cret"), basic("alice:s3cret"))
                            .status())
                    .isEqualTo(401);
            assertThat(backend.requests()).isEmpty();

            assertThat(fixture.get("app", "/", basic("alice:s3cret")).text()).isEqualTo("hello");
            backend.requests().clear();
            fixture.removeRoutes("app");
        }
    }

    @Test
    void beyondTheRateIs429AndAChangeOfTheTableForgetsNothing() throws IOException {
        route(RoutePolicy.builder()
                .rateLimit(new RateLimit(2, Duration.ofHours(1), 2))
                .build());
        TestClient client = fixture.client();
        assertThat(client.get("app", "/").readResponse().status()).isEqualTo(200);
        assertThat(client.get("app", "/").readResponse().status()).isEqualTo(200);

        fixture.route("other", "/", "web");
        HttpMessage refused = client.get("app", "/").readResponse();

        assertThat(refused.status()).isEqualTo(429);
        assertThat(Integer.parseInt(refused.field("Retry-After").orElseThrow())).isBetween(1700, 1800);
        assertThat(client.get("other", "/").readResponse().status()).isEqualTo(200);
    }

    @Test
    void eachClientAddressHasItsRate() throws IOException {
        route(RoutePolicy.builder()
                .clientRateLimit(new RateLimit(1, Duration.ofHours(1), 1))
                .build());

        assertThat(fixture.get("app", "/").status()).isEqualTo(200);
        assertThat(fixture.get("app", "/").status()).isEqualTo(429);
    }

    @Test
    void moreRequestsAtATimeAre503AndRoomIsThereAgain() throws Exception {
        CountDownLatch goOn = new CountDownLatch(1);
        TestBackend slow = fixture.open(TestBackend.answering((request, connection) -> {
            try {
                goOn.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            connection.respond("slow");
        }));
        fixture.route(HttpRoute.to("app", "web")
                        .policy(RoutePolicy.builder().maxConcurrent(1).build())
                        .build())
                .backends("web", slow.addr());
        TestClient first = fixture.client().get("app", "/");
        await().until(() -> slow.requests().size() == 1);

        HttpMessage refused = fixture.get("app", "/");
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.field("Retry-After")).contains("1");
        assertThat(refused.text()).contains("too many requests at a time");

        goOn.countDown();
        assertThat(first.readResponse().text()).isEqualTo("slow");
        assertThat(fixture.get("app", "/").text()).isEqualTo("slow");
    }

    @Test
    void aClientThatLeavesMakesRoom() throws Exception {
        TestBackend silent = fixture.open(TestBackend.running(connection -> {
            HttpMessage unused = connection.readHead();
            int end = connection.in().read();
            assertThat(end).isNegative();
        }));
        fixture.route(HttpRoute.to("app", "web")
                        .policy(RoutePolicy.builder().maxConcurrent(1).build())
                        .build())
                .backends("web", silent.addr());
        TestClient leaving = fixture.client().get("app", "/");
        await().until(() -> silent.requests().size() == 1);

        leaving.close();
        fixture.backends("web", backend.addr());

        await().untilAsserted(() -> assertThat(fixture.get("app", "/").text()).isEqualTo("hello"));
    }

    @Test
    void withoutKeepAlivesEachRequestHasAConnectionOfItsOwn() throws IOException {
        fixture.route(HttpRoute.to("app", "web").disableKeepAlives(true).build())
                .backends("web", backend.addr());
        TestClient client = fixture.client();

        for (int i = 0; i < 3; i++) {
            assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");
        }
        assertThat(backend.connections()).isEqualTo(3);

        fixture.removeRoutes("app").route("app", "/", "web");
        for (int i = 0; i < 3; i++) {
            assertThat(client.get("app", "/").readResponse().text()).isEqualTo("hello");
        }
        assertThat(backend.connections()).isEqualTo(4);
    }

    /** What follows the piece that is too much came in the same packet. */
    @Test
    void aBodyThatGrowsTooLongWhileItsResponseIsUnderWayEndsBoth() throws IOException {
        TestBackend answering = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            while (connection.in().read() >= 0) {
                // until the router ends it
            }
        }));
        fixture.route(HttpRoute.to("app", "web")
                        .policy(RoutePolicy.builder().maxBodyBytes(10).build())
                        .build())
                .backends("web", answering.addr());
        var told = new ListAppender<ILoggingEvent>();
        told.start();
        var log = (Logger) LoggerFactory.getLogger(ClientConnection.class);
        log.addAppender(told);
        try {
            TestClient client = fixture.client();
            client.send("POST / HTTP/1.1\r\nHost: app\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmore\r\n");
            assertThat(client.readHead().status()).isEqualTo(200);
            assertThat(HttpMessage.readChunk(client.in())).asString().isEqualTo("hello");

            client.send("4\r\nmore\r\n".repeat(2000) + "0\r\n\r\n");

            assertThat(client.isClosedByPeer()).isTrue();
        } finally {
            log.detachAppender(told);
        }
        assertThat(told.list)
                .filteredOn(event -> event.getLevel() == Level.ERROR)
                .isEmpty();
    }
}
