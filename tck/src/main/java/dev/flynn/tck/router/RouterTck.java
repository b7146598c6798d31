package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Backend;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterCapability;
import dev.flynn.tck.Rule;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apiguardian.api.API;

/**
 * Checks the promises of a {@link Router}. Extend it, say how the router is opened, and run it with JUnit.
 *
 * <p>What the router does not declare among its capabilities must be refused; the tests of it are skipped. A router may end
 * a client's connection between two requests whenever it likes (RFC 9112, section 9.5), so the kit's load repeats a GET
 * over a new connection when a kept one ends before any byte of the response, and sends everything else over new ones.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public abstract class RouterTck extends ChallengePromises {

    private static final int LOAD_THREADS = 4;

    /** More than all the buffers of the machine that lie on the way. */
    private static final long ENDLESS_BYTES = 512L << 20;

    private static final long HELD_BYTES = 64L << 20;

    // ---- RT-1: a table is applied at once

    @Rule("RT-1")
    void aRequestAfterATableWasAppliedIsCarriedByIt() throws IOException {
        ScriptedBackend one = saying("one");
        ScriptedBackend two = saying("two");
        for (int round = 0; round < 6; round++) {
            apply(routeTo("shop.test", round % 2 == 0 ? one : two));

            for (int request = 0; request < 8; request++) {
                assertThat(text("shop.test", "/")).isEqualTo(round % 2 == 0 ? "one" : "two");
            }
        }
    }

    @Rule("RT-1")
    void aRequestIsCarriedByTheOldTableOrTheNewOne() throws Exception {
        ScriptedBackend one = saying("one");
        ScriptedBackend two = saying("two");
        RouteTable exact = routeTo("shop.test", one).build();
        RouteTable wildcard = routeTo("*.shop.test", two).build();
        apply(exact);
        try (Load load = new Load("shop.test")) {
            for (int round = 0; round < tablesUnderLoad(); round++) {
                apply(round % 2 == 0 ? wildcard : exact);
                load.awaitMore();
            }

            assertThat(load.end()).isEmpty();
        }
    }

    // ---- RT-2: no request fails because a table was applied

    @Rule("RT-2")
    void noRequestFailsWhileTablesAreApplied() throws Exception {
        ScriptedBackend stays = saying("stays");
        ScriptedBackend comes = saying("comes");
        apply(routeTo("shop.test", stays));
        try (Load load = new Load("shop.test")) {
            for (int round = 0; round < tablesUnderLoad(); round++) {
                RouteTable.Builder table =
                        round % 2 == 0 ? routeTo("shop.test", stays, comes) : routeTo("shop.test", stays);
                for (int other = 0; other <= round; other++) {
                    table.route(HttpRoute.to("other%d.test".formatted(other), "other"));
                }
                apply(table.backends("other", deadAddress()));
                load.awaitMore();
            }

            assertThat(load.end()).isEmpty();
        }
    }

    @Rule("RT-2")
    void aResponseThatHasBegunGoesOnWhenItsRouteGoes() throws Exception {
        var goOn = new CountDownLatch(1);
        ScriptedBackend slow = open(ScriptedBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst");
            pause(goOn);
            connection.send("later");
        }));
        apply(routeTo("shop.test", slow));
        RawClient client = client().get("shop.test", "/");
        assertThat(client.readHead().status()).isEqualTo(200);
        assertThat(client.read(5)).isEqualTo("first");

        apply(RouteTable.builder());
        assertThat(status("shop.test", "/")).isEqualTo(404);
        goOn.countDown();

        assertThat(client.read(5)).isEqualTo("later");
    }

    @Rule("RT-2")
    void aRequestThatHasBegunGoesOnWhenItsRouteGoes() throws Exception {
        ScriptedBackend backend =
                open(ScriptedBackend.answering((request, connection) -> connection.respond(request.text())));
        apply(routeTo("shop.test", backend));
        RawClient client = client().begin("POST", "shop.test", "/", 10).send("first");
        await().atMost(patience()).until(() -> !backend.requests().isEmpty());

        apply(RouteTable.builder());
        client.send("later");

        assertThat(client.readResponse().text()).isEqualTo("firstlater");
    }

    // ---- RT-3: a backend that refuses is skipped, and a later failure is not repeated

    @Rule("RT-3")
    void aBackendThatRefusesIsSkipped() throws IOException {
        ScriptedBackend alive = echo();
        apply(RouteTable.builder()
                .route(HttpRoute.to("shop.test", "web"))
                .backends("web", deadAddress(), alive.addr(), deadAddress()));

        for (int round = 0; round < 10; round++) {
            assertThat(text("shop.test", "/")).isEqualTo("GET ");
            for (String method : List.of("POST", "PUT", "DELETE", "PATCH")) {
                RawClient client = client().send(method, "shop.test", "/", "body");
                assertThat(client.readResponse().text()).isEqualTo(method + " body");
                client.close();
            }
        }
    }

    @Rule("RT-3")
    void aBackendThatRefusesDoesNotTakeTheBody() throws IOException {
        ScriptedBackend alive = echo();
        apply(RouteTable.builder()
                .route(HttpRoute.to("shop.test", "web"))
                .backends("web", deadAddress(), alive.addr()));
        String body = "0123456789".repeat(50_000);
        for (int round = 0; round < 6; round++) {
            for (String method : List.of("POST", "PUT")) {
                RawClient client = client().send(method, "shop.test", "/", body);

                assertThat(client.readResponse().text()).isEqualTo(method + " " + body);
                client.close();
            }
        }
    }

    @Rule("RT-3")
    void aBackendThatDropsARequestIsTheOnlyOneToSeeIt() throws IOException {
        ScriptedBackend one = open(ScriptedBackend.dropping());
        ScriptedBackend two = open(ScriptedBackend.dropping());
        apply(routeTo("shop.test", one, two));
        int asked = 0;
        for (String method : List.of("GET", "POST", "PUT", "DELETE")) {
            RawClient client = client();
            if (method.equals("GET")) {
                client.get("shop.test", "/");
            } else {
                client.send(method, "shop.test", "/", "body");
            }

            assertThat(client.readResponse().status()).as(method).isEqualTo(503);
            asked++;
            assertThat(one.connections() + two.connections()).as(method).isEqualTo(asked);
            client.close();
        }
    }

    @Rule({"RT-3", "RT-6"})
    void onlyBackendsThatRefuseAre503() throws IOException {
        apply(RouteTable.builder()
                .route(HttpRoute.to("shop.test", "web"))
                .backends("web", deadAddress(), deadAddress()));

        assertThat(status("shop.test", "/")).isEqualTo(503);
        assertThat(client().send("POST", "shop.test", "/", "body")
                        .readResponse()
                        .status())
                .isEqualTo(503);
    }

    @Rule("RT-3")
    void aBackendThatComesBackIsAskedAgain() throws IOException {
        int port = freePort();
        RouteTable table = RouteTable.builder()
                .route(HttpRoute.to("shop.test", "web"))
                .backends("web", "127.0.0.1:" + port, deadAddress())
                .build();
        apply(table);
        assertThat(status("shop.test", "/")).isEqualTo(503);

        closing(ScriptedBackend.running(port, connection -> {
            connection.readHead();
            connection.respond("back");
        }));

        assertThat(text("shop.test", "/")).isEqualTo("back");
    }

    // ---- RT-4: sticky sessions

    @Rule("RT-4")
    void aStickySessionHolds() throws IOException {
        require(RouterCapability.STICKY);
        apply(routeTo(sticky(), saying("one"), saying("two"), saying("three")));
        HttpMessage first = get("shop.test", "/");
        String cookie = cookie(first);

        for (int round = 0; round < 12; round++) {
            HttpMessage again = get("shop.test", "/", "Cookie: theme=dark; " + cookie);
            assertThat(again.text()).isEqualTo(first.text());
            assertThat(again.field("Set-Cookie")).isEmpty();
        }
    }

    @Rule("RT-4")
    void aStickySessionHoldsForRequestsWithABody() throws IOException {
        require(RouterCapability.STICKY);
        apply(routeTo(sticky(), saying("one"), saying("two"), saying("three")));
        HttpMessage first = get("shop.test", "/");
        for (int round = 0; round < 6; round++) {
            for (String method : List.of("POST", "PUT")) {
                RawClient client = client().send(method, "shop.test", "/", "body", "Cookie: " + cookie(first));
                assertThat(client.readResponse().text()).isEqualTo(first.text());
                client.close();
            }
        }
    }

    @Rule("RT-4")
    void aStickySessionHoldsWhileOthersComeAndGo() throws IOException {
        require(RouterCapability.STICKY);
        ScriptedBackend stays = saying("stays");
        apply(routeTo(sticky(), stays));
        String cookie = cookie(get("shop.test", "/"));

        for (ScriptedBackend other : List.of(saying("second"), saying("third"))) {
            apply(routeTo(sticky(), other, stays));
            for (int round = 0; round < 6; round++) {
                assertThat(text("shop.test", "/", "Cookie: " + cookie)).isEqualTo("stays");
            }
        }
    }

    @Rule("RT-4")
    void aStickySessionMovesOnceItsBackendIsGone() throws IOException {
        require(RouterCapability.STICKY);
        ScriptedBackend goes = saying("goes");
        apply(routeTo(sticky(), goes));
        String cookie = cookie(get("shop.test", "/"));

        apply(routeTo(sticky(), saying("next")));
        HttpMessage next = get("shop.test", "/", "Cookie: " + cookie);

        assertThat(next.text()).isEqualTo("next");
        assertThat(cookie(next)).isNotEqualTo(cookie);
    }

    @Rule("RT-4")
    void aStickySessionHoldsOnEveryRouterWithTheSameKey() throws IOException {
        require(RouterCapability.STICKY);
        RouteTable table =
                routeTo(sticky(), saying("one"), saying("two"), saying("three")).build();
        apply(table);
        HttpMessage first = get("shop.test", "/");

        router.close();
        router = anotherRouter(COOKIE_KEY);
        apply(table);

        for (int round = 0; round < 8; round++) {
            assertThat(text("shop.test", "/", "Cookie: " + cookie(first))).isEqualTo(first.text());
        }
    }

    @Rule("RT-4")
    void aCookieOfAnotherKeyOrOfNobodyIsIgnored() throws IOException {
        require(RouterCapability.STICKY);
        RouteTable table = routeTo(sticky(), saying("one")).build();
        apply(table);
        String cookie = cookie(get("shop.test", "/"));
        router.close();
        router = anotherRouter("another key of thirty-two bytes!".getBytes(UTF_8));
        apply(table);

        for (String strange : List.of(cookie, "_backend=nonsense", "_backend=", "_backend=\"a\"b")) {
            HttpMessage response = get("shop.test", "/", "Cookie: " + strange);
            assertThat(response.text()).isEqualTo("one");
            assertThat(cookie(response)).isNotEqualTo(strange);
        }
    }

    @Rule("RT-4")
    void theCookieDoesNotTellTheAddress() throws IOException {
        require(RouterCapability.STICKY);
        ScriptedBackend backend = saying("one");
        apply(routeTo(sticky(), backend));

        String cookie = cookie(get("shop.test", "/"));

        assertThat(cookie)
                .doesNotContain(
                        "127.0.0.1", backend.addr().substring(backend.addr().indexOf(':')));
    }

    private static HttpRoute.Builder sticky() {
        return HttpRoute.to("shop.test", "web").sticky();
    }

    /** The session's cookie as a client sends it. */
    private static String cookie(HttpMessage response) {
        String set = response.field("Set-Cookie").orElseThrow(() -> new AssertionError("no cookie was set"));
        assertThat(set).startsWith("_backend=").contains("Path=/");
        return set.substring(0, set.indexOf(';'));
    }

    // ---- RT-5: which route

    @Rule("RT-5")
    void anExactDomainWinsOverAWildcardAndTheLongestWildcardOverOthers() throws IOException {
        apply(services("a", "b", "c", "d", "all")
                .route(HttpRoute.to("foo.test", "a"))
                .route(HttpRoute.to("*.foo.test", "b"))
                .route(HttpRoute.to("dev.foo.test", "c"))
                .route(HttpRoute.to("*.deep.foo.test", "d"))
                .route(HttpRoute.to("*", "all")));

        assertThat(text("foo.test", "/")).isEqualTo("a");
        assertThat(text("dev.foo.test", "/")).isEqualTo("c");
        assertThat(text("other.foo.test", "/")).isEqualTo("b");
        assertThat(text("x.y.foo.test", "/")).isEqualTo("b");
        assertThat(text("x.deep.foo.test", "/")).isEqualTo("d");
        assertThat(text("foo.example", "/")).isEqualTo("all");
        assertThat(text("xfoo.test", "/")).isEqualTo("all");
    }

    @Rule("RT-5")
    void aWildcardMatchesItsDomainToo() throws IOException {
        apply(services("a").route(HttpRoute.to("*.foo.test", "a")));

        assertThat(text("foo.test", "/")).isEqualTo("a");
        assertThat(status("test", "/")).isEqualTo(404);
        assertThat(status("bar.test", "/")).isEqualTo(404);
    }

    @Rule("RT-5")
    void aWildcardIsLookedForWithUpToFourLabelsLeftOut() throws IOException {
        apply(services("a", "all").route(HttpRoute.to("*.foo.test", "a")));

        assertThat(text("1.2.3.4.foo.test", "/")).isEqualTo("a");
        assertThat(status("1.2.3.4.5.foo.test", "/")).isEqualTo(404);
    }

    @Rule("RT-5")
    void neitherLetterCaseNorPortOfAHostCount() throws IOException {
        apply(services("a", "b").route(HttpRoute.to("Shop.Test", "a")).route(HttpRoute.to("*.Wild.Test", "b")));

        assertThat(text("sHOP.tEST:8080", "/")).isEqualTo("a");
        assertThat(text("X.wILD.test:1", "/")).isEqualTo("b");
    }

    @Rule("RT-5")
    void theDeepestPathWinsBySegments() throws IOException {
        apply(services("root", "ab", "deep", "other")
                .route(HttpRoute.to("shop.test", "root"))
                .route(HttpRoute.to("shop.test", "ab").path("/ab/"))
                .route(HttpRoute.to("shop.test", "deep").path("/ab/c.d/"))
                .route(HttpRoute.to("other.test", "other")));

        for (String path : List.of("/", "/abc", "/abc/ab/", "/x/ab/", "/?/ab/")) {
            assertThat(text("shop.test", path)).as(path).isEqualTo("root");
        }
        for (String path : List.of("/ab", "/ab/", "/ab?x=/c.d/", "/ab/x", "//ab//x", "/%61b/", "/ab/cxd/")) {
            assertThat(text("shop.test", path)).as(path).isEqualTo("ab");
        }
        for (String path : List.of("/ab/c.d", "/ab/c.d/", "/ab/c.d/x/y", "/ab//c.d", "/ab/c%2ed?q")) {
            assertThat(text("shop.test", path)).as(path).isEqualTo("deep");
        }
        assertThat(text("other.test", "/ab/")).isEqualTo("other");
    }

    @Rule("RT-5")
    void aPathOfAnExactDomainIsNotLookedForUnderTheWildcard() throws IOException {
        apply(services("a", "b")
                .route(HttpRoute.to("dev.foo.test", "a"))
                .route(HttpRoute.to("*.foo.test", "b").path("/x/")));

        assertThat(text("dev.foo.test", "/x/")).isEqualTo("a");
        assertThat(text("other.foo.test", "/x/")).isEqualTo("b");
        assertThat(status("other.foo.test", "/")).isEqualTo(404);
    }

    @Rule("RT-5")
    void requestsOfOneConnectionMayHaveDifferentHosts() throws IOException {
        apply(services("a", "b").route(HttpRoute.to("a.test", "a")).route(HttpRoute.to("b.test", "b")));
        RawClient client = client();

        assertThat(client.get("a.test", "/").readResponse().text()).isEqualTo("a");
        assertThat(client.get("b.test", "/").readResponse().text()).isEqualTo("b");
        assertThat(client.get("a.test", "/").readResponse().text()).isEqualTo("a");
    }

    @Rule("RT-5")
    void strangeDomainsAndPathsStayWhatTheyAre() throws IOException {
        apply(services("a", "b")
                .route(HttpRoute.to("shop.test", "a"))
                .route(HttpRoute.to("shop.test", "b").path("/a;b{c}$d\"e'f\\g#~(.*)/")));

        assertThat(text("shop.test", "/a;b%7Bc%7D$d%22e'f%5Cg%23~(.*)/")).isEqualTo("b");
        assertThat(text("shop.test", "/axb/")).isEqualTo("a");
    }

    /** Backends that say the name of their service. */
    private RouteTable.Builder services(String... names) {
        RouteTable.Builder table = RouteTable.builder();
        for (String name : names) {
            table.backends(name, saying(name).addr());
        }
        return table;
    }

    // ---- RT-6: nobody to carry to, and leaders

    @Rule("RT-6")
    void noRouteIs404() throws IOException {
        apply(routeTo("shop.test", saying("shop")));
        HttpMessage response = get("nobody.test", "/");

        assertThat(response.status()).isEqualTo(404);
        assertThat(response.text()).isEqualTo("Not Found\n");
        assertThat(response.field("Content-Length")).contains("10");
    }

    @Rule("RT-6")
    void noBackendIs503() throws IOException {
        apply(RouteTable.builder()
                .route(HttpRoute.to("empty.test", "empty"))
                .route(HttpRoute.to("unknown.test", "unknown"))
                .backends("empty"));

        for (String host : List.of("empty.test", "unknown.test")) {
            HttpMessage response = get(host, "/");
            assertThat(response.status()).isEqualTo(503);
            assertThat(response.text()).isEqualTo("Service Unavailable\n");
        }
    }

    @Rule("RT-6")
    void theConnectionStaysUsableAfterBoth() throws IOException {
        apply(services("shop").route(HttpRoute.to("shop.test", "shop")).route(HttpRoute.to("empty.test", "empty")));
        RawClient client = client();

        assertThat(client.get("nobody.test", "/").readResponse().status()).isEqualTo(404);
        assertThat(client.get("empty.test", "/").readResponse().status()).isEqualTo(503);
        assertThat(client.get("shop.test", "/").readResponse().text()).isEqualTo("shop");
    }

    @Rule("RT-6")
    void theLeaderAloneGetsWhatIsKeptForTheLeader() throws IOException {
        ScriptedBackend one = saying("one");
        ScriptedBackend two = saying("two");
        HttpRoute.Builder route = HttpRoute.to("shop.test", "web").leaderOnly();
        for (ScriptedBackend leader : List.of(one, two, one)) {
            apply(RouteTable.builder()
                    .route(route)
                    .backends(
                            "web",
                            List.of(new Backend(one.addr(), leader == one), new Backend(two.addr(), leader == two))));

            for (int round = 0; round < 6; round++) {
                assertThat(text("shop.test", "/")).isEqualTo(leader == one ? "one" : "two");
            }
        }
        apply(RouteTable.builder().route(route).backends("web", one.addr(), two.addr()));
        assertThat(status("shop.test", "/")).isEqualTo(503);
    }

    @Rule("RT-6")
    void requestsAreSpreadOverAllBackends() throws IOException {
        apply(routeTo("shop.test", saying("one"), saying("two"), saying("three")));
        Set<String> seen = new HashSet<>();
        for (int round = 0; round < 200 && seen.size() < 3; round++) {
            seen.add(text("shop.test", "/"));
        }
        assertThat(seen).containsExactlyInAnyOrder("one", "two", "three");
    }

    // ---- RT-7: closing

    @Rule("RT-7")
    void closingLetsRequestsInFlightFinish() throws Exception {
        var goOn = new CountDownLatch(1);
        ScriptedBackend slow = open(ScriptedBackend.answering((request, connection) -> {
            pause(goOn);
            connection.respond("done");
        }));
        apply(routeTo("shop.test", slow));
        RawClient client = client().get("shop.test", "/");
        await().atMost(patience()).until(() -> !slow.requests().isEmpty());

        CompletableFuture<Void> closed = CompletableFuture.runAsync(router::close);
        await().atMost(patience()).until(() -> !isAccepting(router.httpAddress()));
        goOn.countDown();

        assertThat(client.readResponse().text()).isEqualTo("done");
        closed.get(patience().toSeconds(), TimeUnit.SECONDS);
    }

    @Rule("RT-7")
    void closingFreesThePortsAndMayBeRepeated() throws IOException {
        apply(routeTo("shop.test", saying("shop")));
        InetSocketAddress address = router.httpAddress();
        assertThat(text("shop.test", "/")).isEqualTo("shop");

        router.close();
        router.close();

        try (ServerSocket again = new ServerSocket()) {
            again.setReuseAddress(true);
            assertThatCode(() -> again.bind(address)).doesNotThrowAnyException();
        }
    }

    private static boolean isAccepting(InetSocketAddress address) {
        try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
            return socket.isConnected();
        } catch (IOException refused) {
            return false;
        }
    }

    // ---- RT-8: what cannot be served

    @Rule("RT-8")
    void whatIsNotDeclaredIsRefusedAndTheTableBeforeGoesOn() throws IOException {
        ScriptedBackend backend = saying("before");
        apply(routeTo("shop.test", backend));
        Set<RouterCapability> missing = EnumSet.allOf(RouterCapability.class);
        missing.removeAll(router.capabilities());
        for (RouterCapability capability : missing) {
            Optional<RouteTable> needy = TablesThatNeed.the(capability, freePort());
            if (needy.isEmpty()) {
                continue;
            }
            var refusal = catchThrowableOfType(FlynnException.class, () -> router.apply(needy.get()));

            assertThat(refusal).as(capability.name()).isNotNull();
            assertThat(refusal.code()).as(capability.name()).isEqualTo(ErrorCode.VALIDATION);
            assertThat(refusal).hasMessageContaining("needy").hasMessageContaining(capability.name());
            assertThat(text("shop.test", "/")).as(capability.name()).isEqualTo("before");
        }
    }

    @Rule("RT-8")
    void aCertificateThatCannotBeUsedIsTheProblemOfItsRouteOnly() throws IOException {
        openWithTls();
        RouteTable table = RouteTable.builder()
                .route(HttpRoute.to("broken.test", "web")
                        .id("the broken one")
                        .certificate(new RouteTable.Certificate("no certificate", "no key")))
                .route(HttpRoute.to("other.test", "web").certificate(SelfSigned.named("other.test")))
                .backends("web", saying("web").addr())
                .build();

        assertThat(router.apply(table).problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.routeId()).isEqualTo("the broken one"))
                .satisfies(problem -> assertThat(problem.reason()).isNotBlank());
        assertThat(certificateFor("broken.test")).isEqualTo("CN=default.test");
        assertThat(certificateFor("other.test")).isEqualTo("CN=other.test");
        assertThat(text("broken.test", "/")).isEqualTo("web");
    }

    // ---- RT-28: heads

    @Rule("RT-28")
    void methodTargetAndHostArriveAsTheyWereSent() throws IOException {
        ScriptedBackend backend = saying("ok");
        apply(routeTo("shop.test", backend));
        for (String target : List.of(
                "/a%2Fb%20c/%41?q=%26&x=y%2Fz",
                "//double//slashes", "/a/../b/./c", "/?", "/~!$&'()*+,;=:@", "/ü%C3%BC")) {
            assertThat(status("Shop.Test:8443", target)).as(target).isEqualTo(200);
            assertThat(backend.lastRequest().target()).isEqualTo(target);
            assertThat(backend.lastRequest().field("Host")).contains("Shop.Test:8443");
        }
        for (String method : List.of("GET", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "QUERY")) {
            assertThat(client().request(method, "shop.test", "/").readResponse().status())
                    .isEqualTo(200);
            assertThat(backend.lastRequest().method()).isEqualTo(method);
        }
    }

    @Rule("RT-28")
    void theBackendLearnsWhoAsks() throws IOException {
        ScriptedBackend backend = saying("ok");
        apply(routeTo("shop.test", backend));
        String port = Integer.toString(router.httpAddress().getPort());

        get("shop.test", "/");
        HttpMessage plain = backend.lastRequest();
        assertThat(plain.all("X-Forwarded-For")).containsExactly("127.0.0.1");
        assertThat(plain.all("X-Forwarded-Proto")).containsExactly("http");
        assertThat(plain.all("X-Forwarded-Port")).containsExactly(port);
        assertThat(plain.field("X-Request-Start").orElseThrow()).matches("\\d{13}");
        assertThat(plain.field("X-Request-Id").orElseThrow())
                .matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");

        get(
                "shop.test",
                "/",
                "X-Forwarded-For: 10.1.1.1, 10.2.2.2",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Port: 443",
                "X-Request-Start: 1");
        HttpMessage extended = backend.lastRequest();
        assertThat(extended.all("X-Forwarded-For")).containsExactly("10.1.1.1, 10.2.2.2, 127.0.0.1");
        assertThat(extended.all("X-Forwarded-Proto")).containsExactly("https, http");
        assertThat(extended.all("X-Forwarded-Port")).containsExactly("443, " + port);
        assertThat(extended.all("X-Request-Start")).hasSize(1).noneMatch("1"::equals);
        assertThat(extended.field("X-Request-Id")).isNotEqualTo(plain.field("X-Request-Id"));
    }

    @Rule("RT-28")
    void aWellFormedRequestIdIsKept() throws IOException {
        ScriptedBackend backend = saying("ok");
        apply(routeTo("shop.test", backend));
        for (String id : List.of("abcdefghijKLMNOPQRST", "0123456789+/=-0123456789", "a".repeat(200))) {
            get("shop.test", "/", "X-Request-Id: " + id);
            assertThat(backend.lastRequest().all("X-Request-Id")).containsExactly(id);
        }
        for (String id : List.of("short", "a".repeat(201), "with blanks in between them", "under_score_under_score")) {
            get("shop.test", "/", "X-Request-Id: " + id);
            assertThat(backend.lastRequest().all("X-Request-Id")).hasSize(1).doesNotContain(id);
        }
    }

    @Rule("RT-28")
    void fieldsPassBothWaysButForThoseOfTheConnection() throws IOException {
        ScriptedBackend backend = open(ScriptedBackend.answering((request, connection) -> connection.respond(
                "ok",
                "X-Answer: a",
                "X-Answer: b",
                "Proxy-Authenticate: Basic",
                "Set-Cookie: x=1",
                "Set-Cookie: y=2")));
        apply(routeTo("shop.test", backend));

        HttpMessage response = get(
                "shop.test",
                "/",
                "X-Custom: 1",
                "x-two: 2",
                "Proxy-Authorization: Basic eA==",
                "TE: trailers",
                "Connection: close");

        assertThat(response.all("X-Answer")).containsExactly("a", "b");
        assertThat(response.all("Set-Cookie")).containsExactly("x=1", "y=2");
        assertThat(response.field("Proxy-Authenticate")).contains("Basic");
        HttpMessage request = backend.lastRequest();
        assertThat(request.field("X-Custom")).contains("1");
        assertThat(request.field("X-Two")).contains("2");
        assertThat(request.field("Proxy-Authorization")).contains("Basic eA==");
        assertThat(request.field("TE")).isEmpty();
    }

    @Rule("RT-28")
    void aClientThatWantsItsConnectionClosedGetsThat() throws IOException {
        apply(routeTo("shop.test", saying("ok")));
        RawClient client = client().get("shop.test", "/", "Connection: close");

        assertThat(client.readResponse().text()).isEqualTo("ok");
        assertThat(client.in().read()).isEqualTo(-1);
    }

    // ---- RT-29: bodies

    @Rule("RT-29")
    void piecesOfAResponseArriveWithoutWaitingForTheEnd() throws Exception {
        var goOn = new CountDownLatch(1);
        ScriptedBackend backend = open(ScriptedBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            pause(goOn);
            connection.send("5\r\nlater\r\n0\r\n\r\n");
        }));
        apply(routeTo("shop.test", backend));
        RawClient client = client().get("shop.test", "/");

        assertThat(client.readHead().status()).isEqualTo(200);
        assertThat(HttpMessage.readChunk(client.in())).asString().isEqualTo("first");
        goOn.countDown();
        assertThat(HttpMessage.readChunk(client.in())).asString().isEqualTo("later");
    }

    @Rule("RT-29")
    void piecesOfARequestArriveWithoutWaitingForTheEnd() throws Exception {
        var arrived = new CountDownLatch(1);
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            HttpMessage head = connection.readHead();
            assertThat(head.method()).isEqualTo("POST");
            String first = new String(HttpMessage.readExactly(connection.in(), 5), UTF_8);
            arrived.countDown();
            String rest = new String(HttpMessage.readExactly(connection.in(), 5), UTF_8);
            connection.respond(first + rest);
        }));
        apply(routeTo("shop.test", backend));
        RawClient client = client().begin("POST", "shop.test", "/", 10).send("first");

        assertThat(arrived.await(patience().toSeconds(), TimeUnit.SECONDS)).isTrue();
        client.send("later");

        assertThat(client.readResponse().text()).isEqualTo("firstlater");
    }

    @Rule("RT-29")
    void bodiesArriveWhole() throws IOException {
        ScriptedBackend backend =
                open(ScriptedBackend.answering((request, connection) -> connection.respond(request.text())));
        apply(routeTo("shop.test", backend));
        String large = "0123456789abcdef".repeat(1 << 16);
        for (String method : List.of("POST", "PUT")) {
            RawClient client = client();
            assertThat(client.send(method, "shop.test", "/", large)
                            .readResponse()
                            .text())
                    .isEqualTo(large);
            client.send(method + " / HTTP/1.1\r\nHost: shop.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "3\r\none\r\n3;ext=1\r\ntwo\r\n0\r\n\r\n");
            assertThat(client.readResponse().text()).isEqualTo("onetwo");
            client.close();
        }
    }

    @Rule("RT-29")
    void aResponseWithoutALengthEndsWithItsConnection() throws IOException {
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        }));
        apply(routeTo("shop.test", backend));

        assertThat(get("shop.test", "/").text()).isEqualTo("until the end");
    }

    @Rule("RT-29")
    void aResponseToHeadAndOneWithoutContentHaveNoBody() throws IOException {
        ScriptedBackend backend = open(ScriptedBackend.answering((request, connection) -> connection.send(
                request.target().equals("/none")
                        ? "HTTP/1.1 204 No Content\r\n\r\n"
                        : "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")));
        apply(routeTo("shop.test", backend));
        RawClient client = client().request("HEAD", "shop.test", "/");

        HttpMessage head = client.readHead();
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.field("Content-Length")).contains("1000");
        assertThat(client.get("shop.test", "/none").readResponse().status()).isEqualTo(204);
        assertThat(client.get("shop.test", "/none").readResponse().status()).isEqualTo(204);
    }

    @Rule("RT-29")
    void aClientThatDoesNotReadStopsTheBackend() throws Exception {
        var written = new AtomicLong();
        ScriptedBackend backend = open(ScriptedBackend.answering((request, connection) -> {
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n".formatted(ENDLESS_BYTES));
            byte[] piece = new byte[1 << 16];
            while (written.get() < ENDLESS_BYTES) {
                connection.out().write(piece);
                written.addAndGet(piece.length);
            }
        }));
        apply(routeTo("shop.test", backend));
        RawClient client = client().get("shop.test", "/");
        assertThat(client.readHead().status()).isEqualTo(200);

        awaitStandstill(written);

        assertThat(written.get()).isLessThan(HELD_BYTES);
    }

    @Rule("RT-29")
    void aBackendThatDoesNotReadStopsTheClient() throws Exception {
        var release = new CountDownLatch(1);
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            connection.readHead();
            pause(release);
        }));
        apply(routeTo("shop.test", backend));
        RawClient client = client().begin("POST", "shop.test", "/", ENDLESS_BYTES);
        var written = new AtomicLong();
        CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> {
            byte[] piece = new byte[1 << 16];
            try {
                while (written.get() < ENDLESS_BYTES) {
                    client.out().write(piece);
                    written.addAndGet(piece.length);
                }
            } catch (IOException ended) {
                // with the test
            }
        });

        awaitStandstill(written);

        assertThat(written.get()).isLessThan(HELD_BYTES);
        client.close();
        release.countDown();
        writer.get(patience().toSeconds(), TimeUnit.SECONDS);
    }

    private void awaitStandstill(AtomicLong count) {
        var before = new AtomicLong(-1);
        await().atMost(patience())
                .pollInterval(Duration.ofMillis(250))
                .until(() -> before.getAndSet(count.get()) == count.get());
    }

    @Rule("RT-29")
    void aClientThatGoesAwayEndsTheBackendsRequest() throws Exception {
        var ended = new CountDownLatch(1);
        ScriptedBackend backend = open(ScriptedBackend.running(connection -> {
            connection.readHead();
            try {
                if (connection.in().read() < 0) {
                    ended.countDown();
                }
            } catch (SocketException reset) {
                ended.countDown();
            }
        }));
        apply(routeTo("shop.test", backend));
        RawClient client = client().get("shop.test", "/");
        await().atMost(patience()).until(() -> !backend.requests().isEmpty());

        client.close();

        assertThat(ended.await(patience().toSeconds(), TimeUnit.SECONDS)).isTrue();
    }

    // ---- what the tests are made of

    private ScriptedBackend echo() {
        return open(ScriptedBackend.answering(
                (request, connection) -> connection.respond(request.method() + " " + request.text())));
    }

    /** Requests of several clients, one after another, until it ends. */
    private final class Load implements AutoCloseable {

        private final String host;
        private final AtomicBoolean ending = new AtomicBoolean();
        private final AtomicInteger served = new AtomicInteger();
        private final List<CompletableFuture<List<String>>> clients = new ArrayList<>();

        Load(String host) {
            this.host = host;
            for (int i = 0; i < LOAD_THREADS; i++) {
                boolean kept = i % 2 == 0;
                var failures = new CompletableFuture<List<String>>();
                clients.add(failures);
                Thread thread =
                        new Thread(() -> failures.complete(kept ? keptConnection() : newConnections()), "tck-load");
                thread.setDaemon(true);
                thread.start();
            }
        }

        /** Returns after some more requests. */
        void awaitMore() {
            int enough = served.get() + 20;
            await().atMost(patience())
                    .until(() -> served.get() >= enough || clients.stream().anyMatch(CompletableFuture::isDone));
        }

        /** What failed. */
        List<String> end() throws Exception {
            ending.set(true);
            List<String> failures = new ArrayList<>();
            for (CompletableFuture<List<String>> client : clients) {
                failures.addAll(client.get(patience().toSeconds(), TimeUnit.SECONDS));
            }
            return failures;
        }

        private List<String> newConnections() {
            while (!ending.get()) {
                try (RawClient client = RawClient.connect(router.httpAddress(), patience())) {
                    HttpMessage response =
                            client.send("POST", host, "/", "body").readResponse();
                    if (response.status() != 200) {
                        return List.of("POST: " + response.startLine());
                    }
                    served.incrementAndGet();
                } catch (IOException e) {
                    return List.of("POST: " + e);
                }
            }
            return List.of();
        }

        private List<String> keptConnection() {
            RawClient client = null;
            boolean fresh = false;
            try {
                while (!ending.get()) {
                    if (client == null) {
                        client = RawClient.connect(router.httpAddress(), patience());
                        fresh = true;
                    }
                    if (!isAnswering(client) && !fresh) {
                        client.close();
                        client = null;
                        continue;
                    }
                    HttpMessage response = client.readResponse();
                    if (response.status() != 200) {
                        return List.of("GET: " + response.startLine());
                    }
                    served.incrementAndGet();
                    fresh = false;
                    if (response.field("Connection")
                            .filter("close"::equalsIgnoreCase)
                            .isPresent()) {
                        client.close();
                        client = null;
                    }
                }
                return List.of();
            } catch (IOException e) {
                return List.of("GET: " + e);
            } finally {
                closeQuietly(client);
            }
        }

        /** Sends a request; whether any byte of the response comes. */
        private boolean isAnswering(RawClient client) throws IOException {
            try {
                client.get(host, "/").in().mark(1);
                boolean answering = client.in().read() >= 0;
                client.in().reset();
                return answering;
            } catch (SocketException reset) {
                return false;
            }
        }

        @Override
        public void close() {
            ending.set(true);
        }
    }
}
