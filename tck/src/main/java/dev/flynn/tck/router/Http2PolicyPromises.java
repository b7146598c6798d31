package dev.flynn.tck.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.tck.Rule;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;

/** That policies hold in HTTP/2 as they do in HTTP/1.1. */
abstract class Http2PolicyPromises extends PolicyPromises {

    @Rule({"RT-13", "RT-19"})
    void maintenanceHoldsInHttp2() throws Exception {
        HttpClient client = http2Client(RouterCapability.MAINTENANCE);
        ScriptedBackend backend = saying("ok");
        apply(routeTo(local(RoutePolicy.builder().maintenance(Maintenance.text("later\n"))), backend));

        HttpResponse<String> response = send(client, http2Request("/"));

        assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.body()).isEqualTo("later\n");
        assertThat(backend.requests()).isEmpty();
    }

    @Rule({"RT-13", "RT-23"})
    void basicAuthHoldsInHttp2() throws Exception {
        HttpClient client = http2Client(RouterCapability.BASIC_AUTH);
        apply(routeTo(
                local(RoutePolicy.builder()
                        .auth(new Auth(Auth.Scheme.BASIC, "shop", Map.of("ann", Hashes.sha256("ann:shop:secret"))))),
                saying("ok")));
        String[] right = basic("ann:secret").split(": ", 2);

        assertThat(send(client, http2Request("/")).statusCode()).isEqualTo(401);
        assertThat(send(client, http2Request("/").header(right[0], right[1])).body())
                .isEqualTo("ok");
    }

    @Rule({"RT-13", "RT-24"})
    void digestAuthHoldsInHttp2() throws Exception {
        HttpClient client = http2Client(RouterCapability.DIGEST_AUTH);
        String secret = Hashes.sha256("ann:the shop:secret");
        apply(routeTo(
                local(RoutePolicy.builder().auth(new Auth(Auth.Scheme.DIGEST, "the shop", Map.of("ann", secret)))),
                saying("ok")));
        HttpResponse<String> challenge = send(client, http2Request("/x?y"));
        assertThat(challenge.statusCode()).isEqualTo(401);
        Map<String, String> asked =
                parameters(challenge.headers().firstValue("WWW-Authenticate").orElseThrow());
        String[] right = digest(false, "ann", secret, asked.getOrDefault("nonce", ""), "/x?y", asked)
                .split(": ", 2);

        assertThat(send(client, http2Request("/x?y").header(right[0], right[1])).body())
                .isEqualTo("ok");
    }

    @Rule({"RT-13", "RT-22"})
    void ratesHoldInHttp2() throws Exception {
        HttpClient client = http2Client(RouterCapability.RATE_LIMIT);
        apply(routeTo(
                local(RoutePolicy.builder().rateLimit(new RateLimit(1, Duration.ofMinutes(1), 2))), saying("ok")));
        for (int expected : new int[] {200, 200, 429}) {
            assertThat(send(client, http2Request("/")).statusCode()).isEqualTo(expected);
        }
    }

    @Rule({"RT-13", "RT-21"})
    void requestsInFlightAreCountedByStreamInHttp2() throws Exception {
        HttpClient client = http2Client(RouterCapability.CONCURRENCY_LIMIT);
        var goOn = new CountDownLatch(1);
        ScriptedBackend slow = open(ScriptedBackend.answering((request, connection) -> {
            pause(goOn);
            connection.respond("done");
        }));
        apply(routeTo(local(RoutePolicy.builder().maxConcurrent(1)), slow));
        CompletableFuture<HttpResponse<String>> first =
                client.sendAsync(http2Request("/").build(), HttpResponse.BodyHandlers.ofString());
        await().atMost(patience()).until(() -> slow.requests().size() == 1);

        assertThat(send(client, http2Request("/")).statusCode()).isEqualTo(503);
        goOn.countDown();
        assertThat(first.join().body()).isEqualTo("done");
    }

    @Rule({"RT-13", "RT-20"})
    void bodiesAreLimitedInHttp2() throws Exception {
        HttpClient client = http2Client(RouterCapability.BODY_LIMIT);
        ScriptedBackend backend =
                open(ScriptedBackend.answering((request, connection) -> connection.respond(request.text())));
        apply(routeTo(local(RoutePolicy.builder().maxBodyBytes(10)), backend));

        assertThat(send(client, http2Request("/").POST(BodyPublishers.ofString("0123456789")))
                        .body())
                .isEqualTo("0123456789");
        assertThat(send(client, http2Request("/").POST(BodyPublishers.ofString("0123456789a")))
                        .statusCode())
                .isEqualTo(413);
        assertThat(backend.requests()).hasSize(1);
    }

    @Rule({"RT-13", "RT-17"})
    void fieldsAreChangedInHttp2() throws Exception {
        HttpClient client = http2Client(RouterCapability.HEADERS);
        ScriptedBackend backend = open(
                ScriptedBackend.answering((request, connection) -> connection.respond("ok", "X-Powered-By: magic")));
        apply(routeTo(
                local(RoutePolicy.builder()
                        .requestHeaders(new HeaderRules(Map.of("X-Env", "live"), Set.of("X-Secret")))
                        .responseHeaders(new HeaderRules(Map.of("X-Frame-Options", "DENY"), Set.of("X-Powered-By")))),
                backend));

        HttpResponse<String> response = send(client, http2Request("/").header("X-Secret", "1"));

        assertThat(response.headers().firstValue("X-Frame-Options")).contains("DENY");
        assertThat(response.headers().firstValue("X-Powered-By")).isEmpty();
        assertThat(backend.lastRequest().field("X-Env")).contains("live");
        assertThat(backend.lastRequest().field("X-Secret")).isEmpty();
    }

    @Rule({"RT-13", "RT-26"})
    void patienceEndsInHttp2() throws Exception {
        HttpClient client = http2Client(RouterCapability.TIMEOUTS);
        ScriptedBackend silent = open(ScriptedBackend.running(connection -> {
            connection.readHead();
            assertThat(connection.in().read()).isEqualTo(-1);
        }));
        apply(routeTo(local(RoutePolicy.builder().responseTimeout(Duration.ofMillis(100))), silent));

        assertThat(send(client, http2Request("/")).statusCode()).isEqualTo(503);
    }

    /** Of a router that speaks HTTP/2 and can do that. */
    private HttpClient http2Client(RouterCapability needed) {
        openWithTls();
        require(RouterCapability.HTTP_2);
        require(needed);
        return http2Client();
    }

    private static HttpResponse<String> send(HttpClient client, HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRoute.Builder local(RoutePolicy.Builder policy) {
        return HttpRoute.to("localhost", "web").policy(policy.build());
    }
}
