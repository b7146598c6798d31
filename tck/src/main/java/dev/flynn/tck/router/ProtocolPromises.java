package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.BackendProtocol;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.spi.router.TcpRoute;
import dev.flynn.tck.Rule;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.assertj.core.api.Assertions;

/** Promises about what is spoken: TLS, upgrades, TCP, HTTP/2; and of draining, ports and weights. */
abstract class ProtocolPromises extends RouterKit {

    // ---- RT-9: drained backends

    @Rule("RT-9")
    void aBackendThatIsNoLongerInTheTableIsToldOfOnceNothingIsInFlight() throws Exception {
        require(RouterCapability.DRAIN_EVENTS);
        var goOn = new CountDownLatch(1);
        ScriptedBackend slow = open(ScriptedBackend.answering((request, connection) -> {
            pause(goOn);
            connection.respond("done");
        }));
        ScriptedBackend idle = open(ScriptedBackend.saying("idle"));
        List<String> drained = new CopyOnWriteArrayList<>();
        closing(router.watch(drained::add));
        apply(RouteTable.builder()
                .route(HttpRoute.to("slow.test", "slow"))
                .route(HttpRoute.to("idle.test", "idle"))
                .backends("slow", slow.addr())
                .backends("idle", idle.addr()));
        assertThat(text("idle.test", "/")).isEqualTo("idle");
        RawClient client = client().get("slow.test", "/");
        await().atMost(patience()).until(() -> !slow.requests().isEmpty());

        apply(RouteTable.builder());
        await().atMost(patience()).until(() -> !drained.isEmpty());
        assertThat(drained).containsExactly(idle.addr());
        goOn.countDown();

        assertThat(client.readResponse().text()).isEqualTo("done");
        await().atMost(patience()).until(() -> drained.size() > 1);
        assertThat(drained).containsExactly(idle.addr(), slow.addr());
    }

    @Rule("RT-9")
    void whoCannotTellSaysSo() {
        if (!has(RouterCapability.DRAIN_EVENTS)) {
            Assertions.assertThatExceptionOfType(FlynnException.class).isThrownBy(() -> router.watch(addr -> {}));
        }
    }

    // ---- RT-10: TLS

    @Rule("RT-10")
    void theNameInTheHandshakeChoosesTheCertificate() throws IOException {
        openWithTls();
        apply(RouteTable.builder()
                .route(HttpRoute.to("own.test", "web").certificate(SelfSigned.named("own.test")))
                .route(HttpRoute.to("plain.test", "web"))
                .route(HttpRoute.to("*.wild.test", "web").certificate(SelfSigned.named("*.wild.test")))
                .route(HttpRoute.to("exact.wild.test", "web")));

        assertThat(certificateFor("own.test")).isEqualTo("CN=own.test");
        assertThat(certificateFor("OWN.Test")).isEqualTo("CN=own.test");
        assertThat(certificateFor("plain.test")).isEqualTo("CN=default.test");
        assertThat(certificateFor("a.b.wild.test")).isEqualTo("CN=*.wild.test");
        assertThat(certificateFor("wild.test")).isEqualTo("CN=*.wild.test");
        assertThat(certificateFor("exact.wild.test")).isEqualTo("CN=default.test");
        assertThat(certificateFor("")).isEqualTo("CN=default.test");
    }

    @Rule("RT-10")
    void aNameWithoutARouteFailsTheHandshake() throws IOException {
        openWithTls();
        apply(routeTo("shop.test", saying("shop")));

        Assertions.assertThatExceptionOfType(SSLException.class).isThrownBy(() -> tlsClient("nobody.test"));
        assertThat(certificateFor("shop.test")).isEqualTo("CN=default.test");
        apply(RouteTable.builder());
        Assertions.assertThatExceptionOfType(SSLException.class).isThrownBy(() -> tlsClient("shop.test"));
    }

    @Rule("RT-10")
    void aCertificateThatIsReplacedIsReplaced() throws IOException {
        openWithTls();
        for (String name : List.of("first", "second")) {
            apply(RouteTable.builder().route(HttpRoute.to("shop.test", "web").certificate(SelfSigned.named(name))));
            assertThat(certificateFor("shop.test")).isEqualTo("CN=" + name);
        }
        apply(RouteTable.builder().route(HttpRoute.to("shop.test", "web")));
        assertThat(certificateFor("shop.test")).isEqualTo("CN=default.test");
    }

    @Rule("RT-10")
    void onlyTheCertificateOfTheRootPathCounts() throws IOException {
        openWithTls();
        apply(RouteTable.builder()
                .route(HttpRoute.to("shop.test", "web"))
                .route(HttpRoute.to("shop.test", "web").path("/x/").certificate(SelfSigned.named("x"))));

        assertThat(certificateFor("shop.test")).isEqualTo("CN=default.test");
    }

    @Rule("RT-10")
    void requestsOverTlsAreCarriedAndSaySo() throws IOException {
        openWithTls();
        ScriptedBackend backend = saying("shop");
        apply(routeTo("shop.test", backend));
        RawClient client = tlsClient("shop.test");

        assertThat(client.get("shop.test", "/").readResponse().text()).isEqualTo("shop");
        assertThat(client.get("nobody.test", "/").readResponse().status()).isIn(404, 421);
        assertThat(backend.lastRequest().field("X-Forwarded-Proto")).contains("https");
        assertThat(backend.lastRequest().field("X-Forwarded-Port"))
                .contains(Integer.toString(router.httpsAddress().orElseThrow().getPort()));
    }

    // ---- RT-11: upgrades

    @Rule("RT-11")
    void afterAnUpgradeBytesPassBothWays() throws IOException {
        require(RouterCapability.UPGRADE);
        apply(routeTo("shop.test", echoAfterUpgrade()));
        for (String token : List.of("Upgrade", "upgrade", "keep-alive, upGrade")) {
            RawClient client = client();
            assertThat(client.get("shop.test", "/none").readResponse().text()).isEqualTo("no upgrade");
            client.get("shop.test", "/", "Connection: " + token, "Upgrade: echo", "Sec-WebSocket-Key: abc");

            HttpMessage switching = client.readHead();
            assertThat(switching.status()).isEqualTo(101);
            assertThat(switching.field("Upgrade")).contains("echo");
            assertThat(switching.field("Connection").orElseThrow()).isEqualToIgnoringCase("upgrade");
            assertThat(switching.field("X-Key")).contains("abc");
            assertThat(client.read(5)).isEqualTo("hello");
            assertThat(client.send("\0binary\u00ff\r\n").read(10)).isEqualTo("\0binary\u00ff\r\n");
        }
    }

    @Rule("RT-11")
    void afterAnUpgradeTheEndOfTheBackendIsTheEndOfTheClient() throws IOException {
        require(RouterCapability.UPGRADE);
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            connection.readHead();
            connection.send(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nlast words");
        }));
        apply(routeTo("shop.test", backend));
        RawClient client = client().get("shop.test", "/", "Connection: upgrade", "Upgrade: echo");

        assertThat(client.readHead().status()).isEqualTo(101);
        assertThat(client.read(10)).isEqualTo("last words");
        assertThat(client.in().read()).isEqualTo(-1);
    }

    @Rule("RT-11")
    void anUpgradeThatIsRefusedIsAResponse() throws IOException {
        require(RouterCapability.UPGRADE);
        apply(routeTo("shop.test", saying("no upgrade")));

        assertThat(text("shop.test", "/", "Connection: upgrade", "Upgrade: echo"))
                .isEqualTo("no upgrade");
    }

    @Rule({"RT-11", "RT-3"})
    void anUpgradeSkipsABackendThatRefusesAndIsNotRepeated() throws IOException {
        require(RouterCapability.UPGRADE);
        apply(RouteTable.builder()
                .route(HttpRoute.to("shop.test", "web"))
                .backends("web", deadAddress(), echoAfterUpgrade().addr()));
        for (int round = 0; round < 6; round++) {
            RawClient client = client().get("shop.test", "/", "Connection: upgrade", "Upgrade: echo");
            assertThat(client.readHead().status()).isEqualTo(101);
        }
        ScriptedBackend one = open(ScriptedBackend.dropping());
        ScriptedBackend two = open(ScriptedBackend.dropping());
        apply(routeTo("shop.test", one, two));
        assertThat(status("shop.test", "/", "Connection: upgrade", "Upgrade: echo"))
                .isEqualTo(503);
        assertThat(one.connections() + two.connections()).isEqualTo(1);
    }

    @Rule("RT-11")
    void withoutTheTokenNothingIsUpgraded() throws IOException {
        ScriptedBackend backend = saying("ok");
        apply(routeTo("shop.test", backend));

        assertThat(text("shop.test", "/", "Upgrade: echo")).isEqualTo("ok");
        assertThat(backend.lastRequest().field("Upgrade")).isEmpty();
    }

    @Rule("RT-30")
    void afterAnUpgradeEachDirectionEndsByItself() throws IOException {
        require(RouterCapability.HALF_CLOSE);
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: sum\r\n\r\n");
            String all = new String(connection.in().readAllBytes(), ISO_8859_1);
            connection.send("read " + all);
        }));
        apply(routeTo("shop.test", backend));
        RawClient client = client().get("shop.test", "/", "Connection: upgrade", "Upgrade: sum");
        assertThat(client.readHead().status()).isEqualTo(101);

        client.send("to the end").socket().shutdownOutput();

        assertThat(new String(client.in().readAllBytes(), ISO_8859_1)).isEqualTo("read to the end");
    }

    /** Says hello after an upgrade, then what it hears. */
    private ScriptedBackend echoAfterUpgrade() {
        return open(ScriptedBackend.answering((request, connection) -> {
            if (request.field("Upgrade").isEmpty()) {
                connection.respond("no upgrade");
                return;
            }
            connection.send(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\nX-Key: %s\r\n\r\nhello"
                            .formatted(
                                    request.field("Upgrade").orElseThrow(),
                                    request.field("Sec-WebSocket-Key").orElse("")));
            connection.in().transferTo(connection.out());
        }));
    }

    // ---- RT-12: TCP

    @Rule("RT-12")
    void bytesPassBothWaysAndEachDirectionEndsByItself() throws IOException {
        require(RouterCapability.TCP);
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            connection.send("welcome");
            String all = new String(connection.in().readAllBytes(), ISO_8859_1);
            connection.send("read " + all);
        }));
        int port = freePort();
        apply(tcp(port, "db").backends("db", deadAddress(), backend.addr()));
        for (int round = 0; round < 4; round++) {
            RawClient client = client(port);
            assertThat(client.read(7)).isEqualTo("welcome");
            client.send("to the end").socket().shutdownOutput();
            assertThat(new String(client.in().readAllBytes(), UTF_8)).isEqualTo("read to the end");
        }
    }

    @Rule("RT-12")
    void withoutABackendAConnectionIsClosed() throws IOException {
        require(RouterCapability.TCP);
        int port = freePort();
        for (RouteTable.Builder table : List.of(
                tcp(port, "db"),
                tcp(port, "db").backends("db", deadAddress()),
                tcp(port, "db").backends("db"))) {
            apply(table);
            assertThat(firstByte(port)).isEqualTo(-1);
        }
    }

    private int firstByte(int port) throws IOException {
        try (RawClient client = client(port)) {
            return client.in().read();
        } catch (java.net.SocketException reset) {
            return -1;
        }
    }

    @Rule("RT-12")
    void aRouteThatNamesAnotherServiceServesThatOneForNewConnections() throws IOException {
        require(RouterCapability.TCP);
        int port = freePort();
        ScriptedBackend one = greeting("one");
        ScriptedBackend two = greeting("two");
        apply(tcp(port, "one").backends("one", one.addr()));
        RawClient before = client(port);
        assertThat(before.read(3)).isEqualTo("one");

        apply(tcp(port, "two").backends("one", one.addr()).backends("two", two.addr()));

        assertThat(client(port).read(3)).isEqualTo("two");
        assertThat(before.send("still").read(5)).isEqualTo("still");
    }

    @Rule("RT-12")
    void aPortWithoutARouteIsClosedAndItsConnectionsGoOn() throws IOException {
        require(RouterCapability.TCP);
        int port = freePort();
        apply(tcp(port, "one").backends("one", greeting("one").addr()));
        RawClient before = client(port);
        assertThat(before.read(3)).isEqualTo("one");

        apply(RouteTable.builder());

        assertThatIOException().isThrownBy(() -> client(port));
        assertThat(before.send("still").read(5)).isEqualTo("still");
    }

    @Rule("RT-12")
    void theLeaderAloneGetsConnectionsThatAreKeptForTheLeader() throws IOException {
        require(RouterCapability.TCP);
        int port = freePort();
        ScriptedBackend one = greeting("one");
        ScriptedBackend two = greeting("two");
        for (ScriptedBackend leader : List.of(one, two)) {
            apply(RouteTable.builder()
                    .route(TcpRoute.to(port, "db").withLeaderOnly(true))
                    .backends(
                            "db",
                            List.of(new Backend(one.addr(), leader == one), new Backend(two.addr(), leader == two))));
            for (int round = 0; round < 4; round++) {
                assertThat(client(port).read(3)).isEqualTo(leader == one ? "one" : "two");
            }
        }
    }

    @Rule({"RT-12", "RT-8"})
    void aPortThatIsTakenIsTheProblemOfItsRouteOnly() throws IOException {
        require(RouterCapability.TCP);
        int port = freePort();
        try (ServerSocket taken = new ServerSocket(0, 1, router.httpAddress().getAddress())) {
            RouteTable table = tcp(port, "db")
                    .route(new TcpRoute("the taken one", taken.getLocalPort(), "db", false))
                    .route(HttpRoute.to("shop.test", "web"))
                    .backends("db", greeting("one").addr())
                    .backends("web", saying("web").addr())
                    .build();

            assertThat(router.apply(table).problems())
                    .singleElement()
                    .satisfies(problem -> assertThat(problem.routeId()).isEqualTo("the taken one"));
            assertThat(client(port).read(3)).isEqualTo("one");
            assertThat(text("shop.test", "/")).isEqualTo("web");
        }
    }

    private static RouteTable.Builder tcp(int port, String service) {
        return RouteTable.builder().route(TcpRoute.to(port, service));
    }

    /** Says three letters, then what it hears. */
    private ScriptedBackend greeting(String text) {
        return open(ScriptedBackend.running(connection -> {
            connection.send(text);
            connection.in().transferTo(connection.out());
        }));
    }

    // ---- RT-13, RT-31, RT-14: HTTP/2

    @Rule("RT-13")
    void clientsMaySpeakHttp2OverTls() throws Exception {
        openWithTls();
        require(RouterCapability.HTTP_2);
        ScriptedBackend backend = open(ScriptedBackend.answering(
                (request, connection) -> connection.respond(request.method() + " " + request.text(), "X-Answer: a")));
        apply(routeTo("localhost", backend));
        HttpClient client = http2Client();
        URI uri = URI.create("https://localhost:%d/a%%2Fb?q"
                .formatted(router.httpsAddress().orElseThrow().getPort()));

        HttpResponse<String> got =
                client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(got.version()).isEqualTo(HttpClient.Version.HTTP_2);
        assertThat(got.body()).isEqualTo("GET ");
        assertThat(got.headers().firstValue("x-answer")).contains("a");
        assertThat(backend.lastRequest().target()).isEqualTo("/a%2Fb?q");
        assertThat(backend.lastRequest().field("Host")).contains("localhost:" + uri.getPort());
        assertThat(backend.lastRequest().field("X-Forwarded-Proto")).contains("https");

        String large = "0123456789abcdef".repeat(1 << 14);
        HttpResponse<String> posted = client.send(
                HttpRequest.newBuilder(uri)
                        .POST(HttpRequest.BodyPublishers.ofString(large))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(posted.body()).isEqualTo("POST " + large);
    }

    @Rule("RT-31")
    void clientsMaySpeakHttp2WithoutTlsByPriorKnowledge() throws IOException {
        require(RouterCapability.H2C);
        ScriptedBackend backend = saying("over h2c");
        apply(routeTo("shop.test", backend));
        RawClient client = client();

        Http2Wire.Frame data = new Http2Wire(client.in(), client.out()).get("shop.test", "/x");

        assertThat(new String(data.payload(), UTF_8)).isEqualTo("over h2c");
        assertThat(backend.lastRequest().target()).isEqualTo("/x");
        assertThat(backend.lastRequest().field("Host")).contains("shop.test");
    }

    @Rule("RT-34")
    void aStreamOfHttp2BecomesAWebSocket() throws IOException {
        require(RouterCapability.WEB_SOCKET_IN_HTTP_2);
        require(RouterCapability.H2C);
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            HttpMessage request = connection.readHead();
            connection.send(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n"
                            .formatted(webSocketAccept(
                                    request.field("Sec-WebSocket-Key").orElse("none"))));
            String all = new String(connection.in().readAllBytes(), ISO_8859_1);
            connection.send("heard " + all);
        }));
        apply(routeTo("shop.test", backend));
        RawClient client = client();

        String answer = new Http2Wire(client.in(), client.out()).webSocket("shop.test", "/chat", "to the end");

        assertThat(answer).isEqualTo("heard to the end");
        HttpMessage seen = backend.lastRequest();
        assertThat(seen.method()).isEqualTo("GET");
        assertThat(seen.target()).isEqualTo("/chat");
        assertThat(seen.field("Upgrade")).contains("websocket");
    }

    /** What a server answers to a key (RFC 6455, section 4.2.2). */
    private static String webSocketAccept(String key) {
        try {
            byte[] both = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(UTF_8);
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-1").digest(both));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    @Rule("RT-14")
    void requestsArriveInHttp2() throws IOException {
        require(RouterCapability.H2C_BACKENDS);
        ScriptedBackend backend = open(ScriptedBackend.running(
                connection -> new Http2Wire(connection.in(), connection.out()).answerAll("from h2c")));
        apply(routeTo(HttpRoute.to("shop.test", "web").protocol(BackendProtocol.H2C), backend));

        assertThat(text("shop.test", "/")).isEqualTo("from h2c");
        RawClient client = client().send("POST", "shop.test", "/", "body");
        assertThat(client.readResponse().text()).isEqualTo("from h2c");
    }

    @Rule("RT-14")
    void trailersPassBothWays() throws IOException {
        require(RouterCapability.H2C_BACKENDS);
        require(RouterCapability.H2C);
        var received = new AtomicBoolean();
        ScriptedBackend backend = open(ScriptedBackend.running(connection ->
                new Http2Wire(connection.in(), connection.out()).answerWithTrailers(() -> received.set(true))));
        apply(routeTo(HttpRoute.to("shop.test", "web").protocol(BackendProtocol.H2C), backend));
        RawClient client = client();

        boolean answered = new Http2Wire(client.in(), client.out()).postWithTrailers("shop.test", "/");

        assertThat(received).as("the backend got trailers").isTrue();
        assertThat(answered).as("the client got trailers").isTrue();
    }

    // ---- RT-15: ports

    @Rule("RT-15")
    void aRouteWithAPortServesThereAndNowhereElse() throws IOException {
        require(RouterCapability.PORTS);
        int port = freePort();
        apply(RouteTable.builder()
                .route(HttpRoute.to("shop.test", "own").port(port))
                .route(HttpRoute.to("other.test", "other"))
                .route(HttpRoute.to("both.test", "other"))
                .route(HttpRoute.to("both.test", "own").port(port))
                .backends("own", saying("own").addr())
                .backends("other", saying("other").addr()));

        assertThat(client(port).get("shop.test", "/").readResponse().text()).isEqualTo("own");
        assertThat(client(port).get("both.test", "/").readResponse().text()).isEqualTo("own");
        assertThat(client(port).get("other.test", "/").readResponse().status()).isEqualTo(404);
        assertThat(status("shop.test", "/")).isEqualTo(404);
        assertThat(text("both.test", "/")).isEqualTo("other");

        apply(RouteTable.builder());
        assertThatIOException().isThrownBy(() -> client(port));
    }

    // ---- RT-16: weights

    @Rule("RT-16")
    void newClientsAreSharedOutByWeight() throws IOException {
        require(RouterCapability.WEIGHTS);
        apply(RouteTable.builder()
                .route(HttpRoute.to("shop.test", "old")
                        .target("old", 90)
                        .target("new", 10)
                        .target("none", 0))
                .backends("old", saying("old").addr(), saying("old").addr())
                .backends("new", saying("new").addr())
                .backends("none", saying("none").addr()));
        Map<String, Integer> counts = new HashMap<>();
        for (int request = 0; request < 400; request++) {
            counts.merge(text("shop.test", "/"), 1, Integer::sum);
        }

        assertThat(counts).containsOnlyKeys("old", "new");
        // eight standard deviations to each side
        assertThat(counts.get("new")).isBetween(1, 88);
    }

    @Rule({"RT-16", "RT-4"})
    void whoHasAStickySessionStays() throws IOException {
        require(RouterCapability.WEIGHTS);
        require(RouterCapability.STICKY);
        RouteTable.Builder backends = RouteTable.builder()
                .backends("old", saying("old").addr())
                .backends("new", saying("new").addr());
        apply(backends.route(HttpRoute.to("shop.test", "old").target("new", 0).sticky()));
        String set = get("shop.test", "/").field("Set-Cookie").orElseThrow();
        RouteTable before = backends.build();
        apply(new RouteTable(
                List.of(HttpRoute.to("shop.test", "old")
                        .target("old", 0)
                        .target("new", 100)
                        .sticky()
                        .build()),
                List.of(),
                before.backends()));

        assertThat(text("shop.test", "/", "Cookie: " + set.substring(0, set.indexOf(';'))))
                .isEqualTo("old");
        assertThat(text("shop.test", "/")).isEqualTo("new");
    }
}
