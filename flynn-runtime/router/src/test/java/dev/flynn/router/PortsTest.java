package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.spi.router.ApplyResult;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.TcpRoute;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The ports that a router listens on: its own, and those of routes. */
class PortsTest {

    private static final Certificate DEFAULT = TestCertificates.named("default");

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    private final TestBackend own = fixture.open(TestBackend.saying("own"));
    private final TestBackend special = fixture.open(TestBackend.saying("special"));

    private final int port = RouterFixture.freePort();

    private static HttpMessage get(TestClient client, String host) throws IOException {
        return client.get(host, "/").readResponse();
    }

    @Test
    void aRoutesPortTakesPlainAndTls() throws Exception {
        fixture.with(builder -> builder.httpsPort(0).defaultCertificate(DEFAULT))
                .route(HttpRoute.to("app", "special").port(port).build())
                .backends("special", special.addr())
                .router();

        assertThat(get(fixture.client(port), "app").text()).isEqualTo("special");
        try (SSLSocket socket = TestCertificates.socket(new InetSocketAddress("127.0.0.1", port), "app")) {
            assertThat(TestCertificates.subject(socket)).isEqualTo("CN=default");
            assertThat(get(new TestClient(socket), "app").text()).isEqualTo("special");
        }
        assertThat(special.requests().get(1).field("X-Forwarded-Port")).contains(Integer.toString(port));
        assertThat(special.requests().get(1).field("X-Forwarded-Proto")).contains("https");
        assertThat(fixture.get("app", "/").status()).isEqualTo(404);
        try (SSLSocket socket =
                TestCertificates.socket(fixture.router().httpsAddress().orElseThrow(), "app")) {
            assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
        }
    }

    @Test
    void withoutTlsARoutesPortIsPlain() throws IOException {
        fixture.route(HttpRoute.to("app", "special").port(port).build())
                .backends("special", special.addr())
                .router();

        assertThat(get(fixture.client(port), "app").text()).isEqualTo("special");
    }

    @Test
    void aRedirectStaysOnTheRoutesPort() throws IOException {
        fixture.with(builder -> builder.httpsPort(0).defaultCertificate(DEFAULT))
                .route(HttpRoute.to("app", "special")
                        .port(port)
                        .policy(RoutePolicy.builder().redirectToHttps(true).build())
                        .build())
                .router();

        assertThat(get(fixture.client(port), "app").field("Location")).contains("https://app:" + port + "/");
    }

    @Test
    void furtherPortsOfTheRouterServeAllItsRoutesAndThoseOfThePort() throws IOException {
        fixture.with(builder -> builder.additionalHttpPort(port))
                .route("app", "/", "own")
                .route(HttpRoute.to("special", "special").port(port).build())
                .backends("own", own.addr())
                .backends("special", special.addr())
                .router();

        assertThat(get(fixture.client(port), "app").text()).isEqualTo("own");
        assertThat(get(fixture.client(port), "special").text()).isEqualTo("special");
        assertThat(fixture.get("app", "/").text()).isEqualTo("own");
        assertThat(fixture.get("special", "/").status()).isEqualTo(404);
    }

    @Test
    void aRouterMayListenForTlsOnly() throws Exception {
        fixture.with(builder -> builder.withoutHttp().httpsPort(0).defaultCertificate(DEFAULT))
                .route("app", own);
        NettyRouter router = fixture.router();

        assertThatThrownBy(router::httpAddress).isInstanceOf(IllegalStateException.class);
        try (SSLSocket socket = TestCertificates.socket(router.httpsAddress().orElseThrow(), "app")) {
            assertThat(get(new TestClient(socket), "app").text()).isEqualTo("own");
        }
    }

    @Test
    void aPortIsForHttpOrForTcp() throws IOException {
        fixture.backends("own", own.addr()).backends("special", special.addr()).router();
        fixture.route(TcpRoute.to(port, "own"));
        assertThat(get(fixture.client(port), "any").text()).isEqualTo("own");
        fixture.route(HttpRoute.to("app", "special").id("late").port(port).build());
        ApplyResult both = fixture.router().apply(fixture.table());
        assertThat(both.problems()).singleElement().satisfies(problem -> {
            assertThat(problem.routeId()).isEqualTo("late");
            assertThat(problem.reason()).contains("belongs to the TCP route");
        });

        fixture.removeTcpRoute(port);

        assertThat(get(fixture.client(port), "app").text()).isEqualTo("special");
        assertThat(get(fixture.client(port), "any").status()).isEqualTo(404);
    }

    @Test
    void theRoutersOwnPortIsNoPortOfATcpRoute() {
        NettyRouter router = fixture.with(NettyRouter.Builder::sharePorts).router();
        int ownPort = router.httpAddress().getPort();

        assertThat(router.apply(RouteTable.builder()
                                .route(TcpRoute.to(ownPort, "own"))
                                .build())
                        .problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.reason()).contains("the router's own"));
    }

    @Test
    void aPortWithoutARouteIsClosed() {
        fixture.route(HttpRoute.to("app", "special").port(port).build()).router();
        fixture.removeRoutes("app");

        assertThatIOException().isThrownBy(() -> connect(port));
    }

    private void connect(int closed) throws IOException {
        try {
            fixture.client(closed);
        } catch (UncheckedIOException refused) {
            throw refused.getCause();
        }
    }

    @Test
    void clientsOfIpv4AreToldAsSuchToASocketOfIpv6() throws IOException {
        assumeTrue(Transport.anyAddress().equals("::"), "this machine has no IPv6");
        NettyRouter router = fixture.with(builder -> builder.listenIp("::"))
                .route("app", own)
                .router();
        int any = router.httpAddress().getPort();
        for (String client : new String[] {"127.0.0.1", "::1"}) {
            try (TestClient connection = TestClient.connect(new InetSocketAddress(client, any))) {
                assertThat(get(connection, "app").text()).isEqualTo("own");
            }
        }

        assertThat(own.requests().get(0).field("X-Forwarded-For")).contains("127.0.0.1");
        assertThat(own.requests().get(1).field("X-Forwarded-For")).contains("0:0:0:0:0:0:0:1");
    }
}
