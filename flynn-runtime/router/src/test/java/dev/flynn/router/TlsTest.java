package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.spi.router.RouterCapability;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which certificate a client gets, and that requests inside TLS are like any other. */
class TlsTest {

    private static final Certificate DEFAULT = TestCertificates.named("default");
    private static final Certificate OWN = TestCertificates.named("own");

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture()
            .with(builder -> builder.httpsPort(0).defaultCertificate(DEFAULT).tlsEngine(engine()));

    /** The one that the machine has. */
    String engine() {
        return "openssl";
    }

    private final TestBackend backend = TestBackend.saying("hello");

    @BeforeEach
    void serve() {
        fixture.open(backend);
        fixture.route("plain.example.org", backend);
        fixture.route("*.wild.example.org", backend);
        fixture.route(route("own.example.org", "/", OWN)).backends("own", backend.addr());
        fixture.route(route("odd.example.org", "/", new Certificate("no", "pem")));
        fixture.route(HttpRoute.to("paths.example.org", "own").build());
        fixture.route(route("paths.example.org", "/x/", OWN));
    }

    private static HttpRoute route(String domain, String path, Certificate certificate) {
        return HttpRoute.to(domain, "own").path(path).certificate(certificate).build();
    }

    @ParameterizedTest
    @CsvSource({
        "plain.example.org, CN=default",
        "PLAIN.Example.org, CN=default",
        "own.example.org, CN=own",
        "a.wild.example.org, CN=default",
        "paths.example.org, CN=default",
        "odd.example.org, CN=default",
        "'', CN=default"
    })
    void theNameChoosesTheCertificate(String name, String subject) throws Exception {
        try (SSLSocket socket = socket(name)) {
            assertThat(TestCertificates.subject(socket)).isEqualTo(subject);
        }
    }

    @Test
    void anUnknownNameFailsTheHandshakeWithAReason() throws Exception {
        try (SSLSocket socket = socket("unknown.example.org")) {
            assertThatThrownBy(socket::startHandshake)
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("unrecognized_name");
        }
    }

    @Test
    void anAddedRouteIsServedAndARemovedOneFailsTheHandshake() throws Exception {
        fixture.route("new.example.org", backend);
        try (SSLSocket socket = socket("new.example.org")) {
            assertThat(TestCertificates.subject(socket)).isEqualTo("CN=default");
        }

        fixture.removeRoutes("new.example.org");
        try (SSLSocket socket = socket("new.example.org")) {
            assertThatThrownBy(socket::startHandshake).isInstanceOf(SSLException.class);
        }
    }

    @Test
    void anotherCertificateTakesEffect() throws Exception {
        fixture.removeRoutes("own.example.org");
        fixture.route(route("own.example.org", "/", TestCertificates.named("renewed")));

        try (SSLSocket socket = socket("own.example.org")) {
            assertThat(TestCertificates.subject(socket)).isEqualTo("CN=renewed");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void requestsPassAndTellTheirScheme(String version) throws Exception {
        SSLSocket socket = socket("plain.example.org");
        socket.setEnabledProtocols(new String[] {version});
        TestClient client = fixture.closing(new TestClient(socket));

        assertThat(client.get("plain.example.org", "/").readResponse().text()).isEqualTo("hello");
        assertThat(client.post("own.example.org", "/", "body").readResponse().text())
                .isEqualTo("hello");

        HttpMessage seen = backend.lastRequest();
        assertThat(seen.field("X-Forwarded-Proto")).contains("https");
        assertThat(seen.field("X-Forwarded-Port"))
                .contains(Integer.toString(
                        fixture.router().httpsAddress().orElseThrow().getPort()));
    }

    @Test
    void aLargeBodyPassesBothWays() throws Exception {
        TestBackend echo =
                fixture.open(TestBackend.answering((request, connection) -> connection.respond(request.text())));
        fixture.backends("plain.example.org", echo.addr());
        String body = "0123456789abcdef".repeat(100_000);
        TestClient client = fixture.closing(new TestClient(socket("plain.example.org")));

        HttpMessage response = client.post("plain.example.org", "/", body).readResponse();

        assertThat(response.text()).isEqualTo(body);
    }

    @Test
    void aRefusedRequestIsAnsweredBeforeTheEnd() throws Exception {
        TestClient client = fixture.closing(new TestClient(socket("plain.example.org")));

        client.send("nonsense\r\n\r\n");

        assertThat(client.readResponse().status()).isEqualTo(400);
        assertThat(client.isClosedByPeer()).isTrue();
    }

    @Test
    void whatIsNotTlsEndsTheConnectionAndNothingElse() throws Exception {
        TestClient plain = fixture.closing(
                TestClient.connect(fixture.router().httpsAddress().orElseThrow()));
        plain.get("plain.example.org", "/");
        assertThat(plain.in().readAllBytes()).asString().doesNotContain("HTTP");

        try (SSLSocket socket = socket("plain.example.org")) {
            assertThat(TestCertificates.subject(socket)).isEqualTo("CN=default");
        }
    }

    @Test
    void tlsIsDeclared() {
        assertThat(fixture.router().capabilities()).contains(RouterCapability.TLS);
    }

    private SSLSocket socket(String name) throws Exception {
        return TestCertificates.socket(fixture.router().httpsAddress().orElseThrow(), name);
    }
}
