package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.router.table.Failures;
import dev.flynn.spi.router.HttpRoute;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Backends that are asked whether they can serve, and those that show that they cannot. */
class HealthCheckTest {

    private static final HealthCheck CHECK =
            new HealthCheck("/health?deep", Duration.ofMillis(20), Duration.ofSeconds(2), 2, 2);

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final AtomicBoolean ill = new AtomicBoolean(true);

    /** Says its name, but where it is asked about its health. */
    private TestBackend moody(String name) {
        return fixture.open(TestBackend.answering((request, connection) -> {
            if (request.startLine().startsWith("GET /health") && ill.get()) {
                connection.send("HTTP/1.1 503 Ill\r\nContent-Length: 0\r\n\r\n");
            } else {
                connection.respond(name);
            }
        }));
    }

    private static HttpRoute checked(String domain, String service, HealthCheck check) {
        return HttpRoute.to(domain, service)
                .policy(RoutePolicy.builder().healthCheck(check).build())
                .build();
    }

    private Set<String> answers(String domain) throws IOException {
        Set<String> answers = new HashSet<>();
        for (int i = 0; i < 12; i++) {
            answers.add(fixture.get(domain, "/").text());
        }
        return answers;
    }

    @Test
    void oneThatIsIllIsLeftAloneUntilItIsWell() {
        fixture.route(checked("app", "web", CHECK))
                .backends(
                        "web",
                        moody("moody").addr(),
                        fixture.open(TestBackend.saying("well")).addr());

        await().untilAsserted(() -> assertThat(answers("app")).containsExactly("well"));
        ill.set(false);
        await().untilAsserted(() -> assertThat(answers("app")).contains("moody", "well"));
    }

    @Test
    void whenAllAreIllAllAreAsked() {
        TestBackend one = moody("one");
        TestBackend two = moody("two");
        fixture.route(checked("app", "web", CHECK)).backends("web", one.addr(), two.addr());
        fixture.router();

        await().until(() -> checks(one) > 3 && checks(two) > 3);
        await().untilAsserted(() -> assertThat(answers("app")).containsExactlyInAnyOrder("one", "two"));
    }

    private static long checks(TestBackend backend) {
        return backend.requests().stream()
                .filter(request -> request.startLine().equals("GET /health?deep HTTP/1.1"))
                .count();
    }

    @Test
    void routesThatWantTheSameShareTheChecksAndChangesOfTheTableBeginNoOthers() throws Exception {
        TestBackend backend = moody("one");
        var slow = new HealthCheck("/health?deep", Duration.ofSeconds(1), Duration.ofSeconds(2), 1, 1);
        fixture.backends("web", backend.addr());
        fixture.router();
        for (int i = 0; i < 20; i++) {
            fixture.route(checked("app" + i, "web", slow));
        }

        await().until(() -> checks(backend) >= 2);

        // each of the routes, or of the tables, would have asked at least once by now
        assertThat(checks(backend)).isLessThan(5);
    }

    @Test
    void aRouteWithoutAQuestionDoesNotCare() {
        fixture.route(checked("asks", "web", CHECK))
                .route(HttpRoute.to("takes", "web").build())
                .backends(
                        "web",
                        moody("moody").addr(),
                        fixture.open(TestBackend.saying("well")).addr());

        await().untilAsserted(() -> assertThat(answers("asks")).containsExactly("well"));
        await().untilAsserted(() -> assertThat(answers("takes")).contains("moody", "well"));
    }

    @Test
    void nobodyIsAskedOnceNoRouteWantsIt() {
        TestBackend backend = moody("one");
        fixture.route(checked("app", "web", CHECK)).backends("web", backend.addr());
        fixture.router();
        await().until(() -> checks(backend) > 1);

        fixture.removeRoutes("app");

        long[] before = {-1};
        await().pollInterval(Duration.ofMillis(200)).until(() -> {
            long now = checks(backend);
            boolean quiet = now == before[0];
            before[0] = now;
            return quiet;
        });
    }

    @Test
    void oneThatDoesNotAnswerInTimeIsIll() {
        TestBackend silent = fixture.open(TestBackend.running(connection -> {
            HttpMessage head = connection.readHead();
            if (head.startLine().startsWith("GET /health")) {
                assertThat(connection.in().read()).isNegative();
            } else {
                connection.respond("silent");
            }
        }));
        var check = new HealthCheck("/health", Duration.ofMillis(20), Duration.ofMillis(50), 1, 1);
        fixture.route(checked("app", "web", check))
                .backends(
                        "web",
                        silent.addr(),
                        fixture.open(TestBackend.saying("well")).addr());

        await().untilAsserted(() -> assertThat(answers("app")).containsExactly("well"));
    }

    @Test
    void backendsOfHttp2AreAskedInHttp2() {
        var asked = new AtomicInteger();
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            Http2TestClient http2 = Http2TestClient.serving(connection.socket());
            while (true) {
                Http2TestClient.Frame request = http2.readUntil(
                        frame -> frame.type() == Http2TestClient.HEADERS && frame.has(Http2TestClient.END_STREAM));
                asked.incrementAndGet();
                http2.headers(request.stream(), true, ":status: 204");
            }
        }));
        fixture.route(HttpRoute.to("app", "web")
                        .protocol(BackendProtocol.H2C)
                        .policy(RoutePolicy.builder().healthCheck(CHECK).build())
                        .build())
                .backends("web", backend.addr());
        fixture.router();

        await().until(() -> asked.get() > 3);
    }

    @Test
    void oneThatFailsRequestsIsLeftAloneForAWhile() throws IOException {
        TestBackend failing = fixture.open(TestBackend.running(connection -> connection.readHead()));
        fixture.route("app", "/", "web")
                .backends(
                        "web",
                        failing.addr(),
                        fixture.open(TestBackend.saying("well")).addr());
        int failed = 0;
        for (int i = 0; i < 40; i++) {
            failed += fixture.get("app", "/").status() == 503 ? 1 : 0;
        }

        assertThat(failed).isEqualTo(Failures.MANY);
    }
}
