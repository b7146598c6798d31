package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Auth;
import dev.flynn.api.route.RoutePolicy.HeaderRules;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.api.route.RoutePolicy.RateLimit;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.tck.Rule;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Promises about what a route's policy says. */
abstract class PolicyPromises extends ProtocolPromises {

    private static final Pattern PARAMETER = Pattern.compile("(\\w+)=(?:\"([^\"]*)\"|([^\\s,]+))");

    // ---- RT-17: header fields

    @Rule("RT-17")
    void fieldsAreSetAndRemovedOnTheWayToTheBackend() throws IOException {
        require(RouterCapability.HEADERS);
        ScriptedBackend backend = saying("ok");
        apply(routeTo(
                policy(RoutePolicy.builder()
                        .requestHeaders(new HeaderRules(
                                Map.of("X-Set", "one \"two\" $three {4}", "X-Replaced", "ours"),
                                Set.of("X-Secret", "x-forwarded-for")))),
                backend));

        get("shop.test", "/", "X-Replaced: theirs", "x-secret: 1", "X-Other: stays");

        HttpMessage request = backend.lastRequest();
        assertThat(request.all("X-Set")).containsExactly("one \"two\" $three {4}");
        assertThat(request.all("X-Replaced")).containsExactly("ours");
        assertThat(request.all("X-Secret")).isEmpty();
        assertThat(request.all("X-Forwarded-For")).isEmpty();
        assertThat(request.all("X-Other")).containsExactly("stays");
    }

    @Rule("RT-17")
    void fieldsAreSetAndRemovedOnTheWayToTheClient() throws IOException {
        require(RouterCapability.HEADERS);
        ScriptedBackend backend = open(ScriptedBackend.answering((request, connection) ->
                connection.respond("ok", "X-Powered-By: magic", "X-Replaced: theirs", "X-Other: stays")));
        apply(routeTo(
                policy(RoutePolicy.builder()
                        .responseHeaders(new HeaderRules(
                                Map.of("Strict-Transport-Security", "max-age=60", "X-Replaced", "ours"),
                                Set.of("x-powered-by")))),
                backend));

        HttpMessage response = get("shop.test", "/");

        assertThat(response.all("Strict-Transport-Security")).containsExactly("max-age=60");
        assertThat(response.all("X-Replaced")).containsExactly("ours");
        assertThat(response.all("X-Powered-By")).isEmpty();
        assertThat(response.all("X-Other")).containsExactly("stays");
    }

    // ---- RT-18: redirect to HTTPS

    @Rule("RT-18")
    void aPlainRequestIsRedirectedAndOneOverTlsIsCarried() throws IOException {
        openWithTls();
        require(RouterCapability.HTTPS_REDIRECT);
        ScriptedBackend backend = saying("carried");
        apply(routeTo(policy(RoutePolicy.builder().redirectToHttps(true)), backend));

        HttpMessage redirect = get("shop.test", "/a%2Fb?q=1&r");

        assertThat(redirect.status()).isIn(301, 308);
        assertThat(redirect.field("Location").orElseThrow()).matches("https://shop\\.test(:\\d+)?/a%2Fb\\?q=1&r");
        assertThat(backend.requests()).isEmpty();
        assertThat(tlsClient("shop.test").get("shop.test", "/").readResponse().text())
                .isEqualTo("carried");
    }

    // ---- RT-19: maintenance

    @Rule("RT-19")
    void whileARouteIsMaintainedEveryRequestIsAnsweredSo() throws IOException {
        require(RouterCapability.MAINTENANCE);
        ScriptedBackend backend = saying("ok");
        String body = "<h1>Back \"soon\" for $5 {or less}; ümlaut</h1>\n";
        Maintenance maintenance =
                new Maintenance(503, "text/html; charset=utf-8", body, Optional.of(Duration.ofMinutes(2)));
        apply(routeTo(policy(RoutePolicy.builder().maintenance(maintenance)), backend));

        HttpMessage response = get("shop.test", "/some/path");

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.text()).isEqualTo(body);
        assertThat(response.field("Content-Type")).contains("text/html; charset=utf-8");
        assertThat(response.field("Retry-After")).contains("120");
        RawClient client = client().send("POST", "shop.test", "/", "body");
        assertThat(client.readResponse().status()).isEqualTo(503);
        assertThat(backend.requests()).isEmpty();
        apply(routeTo("shop.test", backend));
        assertThat(text("shop.test", "/")).isEqualTo("ok");
    }

    // ---- RT-20: length of bodies

    @Rule("RT-20")
    void aLongerBodyIsRefusedAndAShorterOneCarried() throws IOException {
        require(RouterCapability.BODY_LIMIT);
        ScriptedBackend backend =
                open(ScriptedBackend.answering((request, connection) -> connection.respond(request.text())));
        apply(routeTo(policy(RoutePolicy.builder().maxBodyBytes(10)), backend));

        for (String method : List.of("POST", "PUT")) {
            assertThat(client().send(method, "shop.test", "/", "0123456789")
                            .readResponse()
                            .text())
                    .isEqualTo("0123456789");
            int carried = backend.requests().size();
            assertThat(client().send(method, "shop.test", "/", "0123456789a")
                            .readResponse()
                            .status())
                    .isEqualTo(413);
            assertThat(backend.requests()).hasSize(carried);
        }
    }

    @Rule("RT-20")
    void aLongerBodyInChunksDoesNotArriveWhole() throws IOException {
        require(RouterCapability.BODY_LIMIT);
        var whole = new AtomicBoolean();
        ScriptedBackend backend = open(ScriptedBackend.answering((request, connection) -> {
            whole.set(true);
            connection.respond("whole");
        }));
        apply(routeTo(policy(RoutePolicy.builder().maxBodyBytes(10)), backend));
        RawClient client = client().send(
                        "POST / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n01234567\r\n8\r\n01234567\r\n0\r\n\r\n");

        assertThat(client.readResponse().status()).isEqualTo(413);
        assertThat(whole).isFalse();
    }

    // ---- RT-21: requests in flight

    @Rule("RT-21")
    void aRequestBeyondThoseInFlightIsRefused() throws Exception {
        require(RouterCapability.CONCURRENCY_LIMIT);
        var goOn = new CountDownLatch(1);
        ScriptedBackend slow = open(ScriptedBackend.answering((request, connection) -> {
            pause(goOn);
            connection.respond("done");
        }));
        apply(routeTo(policy(RoutePolicy.builder().maxConcurrent(2)), slow));
        RawClient one = client().get("shop.test", "/");
        RawClient two = client().get("shop.test", "/");
        await().atMost(patience()).until(() -> slow.requests().size() == 2);

        assertThat(status("shop.test", "/")).isEqualTo(503);
        assertThat(slow.requests()).hasSize(2);
        goOn.countDown();
        assertThat(one.readResponse().text()).isEqualTo("done");
        assertThat(two.readResponse().text()).isEqualTo("done");
        await().atMost(patience())
                .untilAsserted(() -> assertThat(status("shop.test", "/")).isEqualTo(200));
    }

    // ---- RT-22: rates

    @Rule("RT-22")
    void aRequestBeyondTheRateIsRefused() throws IOException {
        require(RouterCapability.RATE_LIMIT);
        ScriptedBackend backend = saying("ok");
        apply(routeTo(policy(RoutePolicy.builder().rateLimit(new RateLimit(1, Duration.ofMinutes(1), 3))), backend)
                .route(HttpRoute.to("other.test", "web")));
        for (int request = 0; request < 3; request++) {
            assertThat(status("shop.test", "/")).isEqualTo(200);
        }

        assertThat(status("shop.test", "/")).isEqualTo(429);
        assertThat(backend.requests()).hasSize(3);
        assertThat(status("other.test", "/")).isEqualTo(200);
    }

    @Rule("RT-22")
    void theRateOfAClientIsItsOwn() throws IOException {
        require(RouterCapability.RATE_LIMIT);
        apply(routeTo(
                policy(RoutePolicy.builder().clientRateLimit(new RateLimit(1, Duration.ofMinutes(1), 2))),
                saying("ok")));
        for (String address : List.of("127.0.0.1", "127.0.0.2")) {
            for (int expected : new int[] {200, 200, 429}) {
                try (RawClient client = clientFrom(address)) {
                    assertThat(client.get("shop.test", "/").readResponse().status())
                            .isEqualTo(expected);
                }
            }
        }
    }

    /** On Linux all of 127/8 is this machine. */
    private RawClient clientFrom(String address) throws IOException {
        Socket socket = closing(new Socket());
        socket.bind(new InetSocketAddress(InetAddress.getByName(address), 0));
        socket.connect(router.httpAddress());
        return new RawClient(socket, patience());
    }

    // ---- RT-23, RT-24: who may use a route

    @Rule("RT-23")
    void basicAuthLetsInWhoKnowsThePassword() throws IOException {
        require(RouterCapability.BASIC_AUTH);
        ScriptedBackend backend = saying("ok");
        for (String hash : List.of(Hashes.sha256("ann:the shop:sec:ret"), Hashes.md5("ann:the shop:sec:ret"))) {
            apply(routeTo(
                    policy(RoutePolicy.builder().auth(new Auth(Auth.Scheme.BASIC, "the shop", Map.of("ann", hash)))),
                    backend));
            int carried = backend.requests().size();

            HttpMessage challenge = get("shop.test", "/");
            assertThat(challenge.status()).isEqualTo(401);
            assertThat(challenge.field("WWW-Authenticate").orElseThrow())
                    .startsWith("Basic ")
                    .contains("realm=\"the shop\"");
            for (String wrong : List.of("ann:secret", "ann:", "bob:sec:ret", ":sec:ret", "ann")) {
                assertThat(status("shop.test", "/", basic(wrong))).as(wrong).isEqualTo(401);
            }
            assertThat(status("shop.test", "/", "Authorization: Basic ???")).isEqualTo(401);
            assertThat(backend.requests()).hasSize(carried);
            assertThat(status("shop.test", "/", basic("ann:sec:ret"))).isEqualTo(200);
        }
    }

    static String basic(String userAndPassword) {
        return "Authorization: Basic " + Base64.getEncoder().encodeToString(userAndPassword.getBytes(UTF_8));
    }

    @Rule("RT-24")
    void digestAuthLetsInWhoKnowsThePassword() throws IOException {
        require(RouterCapability.DIGEST_AUTH);
        ScriptedBackend backend = saying("ok");
        for (String algorithm : List.of("SHA-256", "MD5")) {
            boolean md5 = algorithm.equals("MD5");
            String secret = hash(md5, "ann:the shop:secret");
            apply(routeTo(
                    policy(RoutePolicy.builder().auth(new Auth(Auth.Scheme.DIGEST, "the shop", Map.of("ann", secret)))),
                    backend));
            int carried = backend.requests().size();

            HttpMessage challenge = get("shop.test", "/x?y=z");
            assertThat(challenge.status()).isEqualTo(401);
            Map<String, String> asked =
                    parameters(challenge.field("WWW-Authenticate").orElseThrow());
            assertThat(asked).containsEntry("realm", "the shop").containsKey("nonce");
            assertThat(asked.getOrDefault("algorithm", "MD5")).isEqualTo(algorithm);
            assertThat(asked.get("qop")).contains("auth");
            String nonce = asked.getOrDefault("nonce", "");
            assertThat(status(
                            "shop.test",
                            "/x?y=z",
                            digest(md5, "bob", hash(md5, "bob:the shop:secret"), nonce, "/x?y=z", asked)))
                    .isEqualTo(401);
            assertThat(status(
                            "shop.test",
                            "/x?y=z",
                            digest(md5, "ann", hash(md5, "ann:the shop:wrong"), nonce, "/x?y=z", asked)))
                    .isEqualTo(401);
            assertThat(status("shop.test", "/x?y=z", digest(md5, "ann", secret, "made-up", "/x?y=z", asked)))
                    .isEqualTo(401);
            assertThat(status("shop.test", "/other", digest(md5, "ann", secret, nonce, "/x?y=z", asked)))
                    .isIn(400, 401);
            assertThat(backend.requests()).hasSize(carried);

            String fresh = parameters(
                            get("shop.test", "/").field("WWW-Authenticate").orElseThrow())
                    .getOrDefault("nonce", "");
            String right = digest(md5, "ann", secret, fresh, "/x?y=z", asked);
            assertThat(status("shop.test", "/x?y=z", right)).isEqualTo(200);
            assertThat(status("shop.test", "/x?y=z", right)).as("a second time").isEqualTo(401);
        }
    }

    /** RFC 7616, section 3.4, with {@code qop=auth}. */
    static String digest(
            boolean md5, String user, String secret, String nonce, String target, Map<String, String> asked) {
        String clientNonce = "0a4f113b";
        String response =
                hash(md5, String.join(":", secret, nonce, "00000001", clientNonce, "auth", hash(md5, "GET:" + target)));
        String opaque = asked.containsKey("opaque") ? ", opaque=\"" + asked.get("opaque") + "\"" : "";
        return ("Authorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", algorithm=%s, qop=auth,"
                        + " nc=00000001, cnonce=\"%s\", response=\"%s\"%s")
                .formatted(user, "the shop", nonce, target, md5 ? "MD5" : "SHA-256", clientNonce, response, opaque);
    }

    private static String hash(boolean md5, String text) {
        return md5 ? Hashes.md5(text) : Hashes.sha256(text);
    }

    static Map<String, String> parameters(String challenge) {
        assertThat(challenge).startsWith("Digest ");
        Map<String, String> parameters = new HashMap<>();
        for (MatchResult match : PARAMETER.matcher(challenge).results().toList()) {
            parameters.put(match.group(1), match.group(2) == null ? match.group(3) : match.group(2));
        }
        return parameters;
    }

    // ---- RT-25: health checks

    @Rule("RT-25")
    void aBackendWhoseChecksFailIsNotChosenUntilTheySucceed() throws IOException {
        require(RouterCapability.HEALTH_CHECKS);
        var ill = new AtomicBoolean(true);
        ScriptedBackend moody = open(ScriptedBackend.answering((request, connection) -> {
            if (request.target().equals("/health") && ill.get()) {
                connection.send("HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
            } else {
                connection.respond("moody");
            }
        }));
        HealthCheck check = new HealthCheck("/health", Duration.ofMillis(20), Duration.ofSeconds(5), 1, 1);
        apply(routeTo(policy(RoutePolicy.builder().healthCheck(check)), moody, saying("well")));

        await().atMost(patience()).untilAsserted(() -> {
            for (int request = 0; request < 20; request++) {
                assertThat(text("shop.test", "/")).isEqualTo("well");
            }
        });
        ill.set(false);
        await().atMost(patience())
                .untilAsserted(() -> assertThat(text("shop.test", "/")).isEqualTo("moody"));
    }

    @Rule("RT-25")
    void backendsWhoseChecksAllFailAreChosenAllTheSame() throws IOException {
        require(RouterCapability.HEALTH_CHECKS);
        var checks = new AtomicInteger();
        ScriptedBackend ill = open(ScriptedBackend.answering((request, connection) -> {
            if (request.target().equals("/health")) {
                checks.incrementAndGet();
                connection.send("HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
            } else {
                connection.respond("better than nothing");
            }
        }));
        HealthCheck check = new HealthCheck("/health", Duration.ofMillis(20), Duration.ofSeconds(5), 1, 1);
        apply(routeTo(policy(RoutePolicy.builder().healthCheck(check)), ill));
        await().atMost(patience()).until(() -> checks.get() > 2);

        assertThat(text("shop.test", "/")).isEqualTo("better than nothing");
    }

    // ---- RT-26, RT-32: patience

    @Rule("RT-26")
    void backendsThatDoNotAcceptInTimeAreSkipped() throws IOException {
        require(RouterCapability.TIMEOUTS);
        String[] hanging = {hangingAddress(), hangingAddress(), hangingAddress(), hangingAddress()};
        apply(RouteTable.builder()
                .route(policy(RoutePolicy.builder().dialTimeout(Duration.ofMillis(100))))
                .backends("web", hanging));
        long begin = System.nanoTime();

        assertThat(status("shop.test", "/")).isEqualTo(503);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofMillis(3500));
    }

    @Rule("RT-32")
    void aResponseThatPausesForTooLongIsBrokenOff() throws IOException {
        require(RouterCapability.IDLE_TIMEOUT);
        for (String framing :
                List.of("Content-Length: 10\r\n\r\nfirst", "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n")) {
            ScriptedBackend pausing = open(ScriptedBackend.running(connection -> {
                connection.readHead();
                connection.send("HTTP/1.1 200 OK\r\n" + framing);
                assertThat(connection.in().read()).isEqualTo(-1);
            }));
            apply(routeTo(policy(RoutePolicy.builder().idleTimeout(Duration.ofMillis(100))), pausing));
            RawClient client = client().get("shop.test", "/");

            assertThatIOException().isThrownBy(client::readResponse).isNotInstanceOf(SocketTimeoutException.class);
        }
    }

    @Rule("RT-32")
    void aSilentConnectionIsClosedAfterAnUpgrade() throws IOException {
        require(RouterCapability.IDLE_TIMEOUT);
        require(RouterCapability.UPGRADE);
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nhello");
            assertThat(connection.in().read()).isEqualTo(-1);
        }));
        apply(routeTo(policy(RoutePolicy.builder().idleTimeout(Duration.ofMillis(100))), backend));
        RawClient client = client().get("shop.test", "/", "Connection: upgrade", "Upgrade: x");
        assertThat(client.readHead().status()).isEqualTo(101);
        assertThat(client.read(5)).isEqualTo("hello");

        assertThat(client.in().read()).isEqualTo(-1);
    }

    @Rule("RT-26")
    void aBackendThatDoesNotBeginItsResponseInTimeIs503() throws IOException {
        require(RouterCapability.TIMEOUTS);
        ScriptedBackend silent = open(ScriptedBackend.running(connection -> {
            connection.readHead();
            assertThat(connection.in().read()).isEqualTo(-1);
        }));
        apply(routeTo(policy(RoutePolicy.builder().responseTimeout(Duration.ofMillis(100))), silent, silent));

        assertThat(status("shop.test", "/")).isEqualTo(503);
        assertThat(silent.connections()).isEqualTo(1);
    }

    // ---- RT-27: connections of their own

    @Rule("RT-27")
    void eachRequestHasAConnectionOfItsOwn() throws IOException {
        require(RouterCapability.KEEP_ALIVE_SWITCH);
        ScriptedBackend backend = saying("ok");
        apply(routeTo(HttpRoute.to("shop.test", "web").disableKeepAlives(true), backend));
        RawClient client = client();

        for (int request = 1; request <= 4; request++) {
            assertThat(client.get("shop.test", "/").readResponse().text()).isEqualTo("ok");
            assertThat(backend.connections()).isEqualTo(request);
        }
    }

    private static HttpRoute.Builder policy(RoutePolicy.Builder policy) {
        return HttpRoute.to("shop.test", "web").policy(policy.build());
    }

    /** Of several routes of a table only one has a policy. */
    @Rule({"RT-17", "RT-19"})
    void aPolicyIsThatOfItsRouteAlone() throws IOException {
        require(RouterCapability.MAINTENANCE);
        apply(RouteTable.builder()
                .route(HttpRoute.to("shop.test", "web"))
                .route(HttpRoute.to("shop.test", "web")
                        .path("/closed/")
                        .policy(RoutePolicy.builder()
                                .maintenance(Maintenance.text("closed\n"))
                                .build()))
                .backends("web", saying("open").addr()));

        assertThat(text("shop.test", "/")).isEqualTo("open");
        assertThat(get("shop.test", "/closed/x").text()).isEqualTo("closed\n");
        assertThat(text("shop.test", "/closedx")).isEqualTo("open");
    }
}
