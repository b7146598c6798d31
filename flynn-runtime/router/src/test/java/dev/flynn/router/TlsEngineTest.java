package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.router.message.Entrance;
import dev.flynn.router.table.Meters;
import dev.flynn.router.table.RoutingTable;
import dev.flynn.router.tls.OpenSslTls;
import dev.flynn.router.tls.TicketKeys;
import dev.flynn.router.tls.TlsContexts;
import dev.flynn.router.tls.TlsEngine;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import io.netty.handler.ssl.OpenSslSessionTicketKey;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.SslContext;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is the same with both engines of TLS, and what only OpenSSL has. */
class TlsEngineTest {

    private static final Certificate DEFAULT = TestCertificates.named("default");
    private static final Entrance HTTPS = new Entrance(443, true);
    private static final byte[] SECRET = new byte[32];

    /** By algorithm; those of RSA take a second to make. */
    private static final Map<String, Certificate> KINDS = new ConcurrentHashMap<>();

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    @TempDir
    Path directory;

    private void serve(String engine, Certificate certificate) {
        assumeTrue(
                engine.equals("jdk") || OpenSslTls.whyMissing().isEmpty(),
                "the native library is for Linux on x86_64 only");
        fixture.with(builder -> builder.httpsPort(0)
                .defaultCertificate(certificate)
                .cookieKey(SECRET)
                .tlsEngine(engine));
        TestBackend backend = fixture.open(TestBackend.saying("hello"));
        fixture.route("a.example.org", backend);
    }

    @ParameterizedTest
    @CsvSource({
        "jdk, RSA, TLSv1.2",
        "jdk, EC, TLSv1.3",
        "jdk, Ed25519, TLSv1.3",
        "openssl, RSA, TLSv1.2",
        "openssl, RSA, TLSv1.3",
        "openssl, EC, TLSv1.2",
        "openssl, EC, TLSv1.3",
        "openssl, Ed25519, TLSv1.3"
    })
    void requestsPassWithEveryKindOfKey(String engine, String algorithm, String version) throws Exception {
        serve(engine, KINDS.computeIfAbsent(algorithm, kind -> TestCertificates.named("kind", kind, true)));
        try (SSLSocket socket = socket("a.example.org")) {
            socket.setEnabledProtocols(new String[] {version});

            assertThat(TestCertificates.subject(socket)).isEqualTo("CN=kind");
            assertThat(new TestClient(socket)
                            .get("a.example.org", "/")
                            .readResponse()
                            .text())
                    .isEqualTo("hello");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void theNameChoosesTheCertificateAndAnUnknownOneFails(String engine) throws Exception {
        serve(engine, DEFAULT);
        fixture.route(HttpRoute.to("own.example.org", "a.example.org")
                .certificate(TestCertificates.named("own"))
                .build());

        try (SSLSocket socket = socket("own.example.org")) {
            assertThat(TestCertificates.subject(socket)).isEqualTo("CN=own");
        }
        try (SSLSocket socket = socket("unknown.example.org")) {
            assertThatThrownBy(socket::startHandshake).hasMessageContaining("unrecognized_name");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void http2IsChosenByAlpn(String engine) throws Exception {
        serve(engine, DEFAULT);
        for (String offered : List.of("h2", "http/1.1")) {
            try (SSLSocket socket = socket("a.example.org")) {
                var parameters = socket.getSSLParameters();
                parameters.setApplicationProtocols(new String[] {"unknown", offered});
                socket.setSSLParameters(parameters);
                socket.startHandshake();
                assertThat(socket.getApplicationProtocol()).isEqualTo(offered);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"jdk", "openssl"})
    void aClientCannotNegotiateAgain(String engine) throws Exception {
        serve(engine, DEFAULT);

        List<String> said = openSslClient("R\n", "-tls1_2");

        assertThat(said).anyMatch(line -> line.contains("RENEGOTIATING"));
        assertThat(String.join("\n", said)).contains(":error:");
    }

    // ---- OpenSSL alone

    @Test
    void aSessionGoesOnAtAnotherRouter() throws Exception {
        serve("openssl", DEFAULT);
        Path session = directory.resolve("session");
        for (String version : List.of("-tls1_2", "-tls1_3")) {
            openSslClient("GET / HTTP/1.1\r\nHost: a.example.org\r\n\r\n", version, "-sess_out", session.toString());

            try (NettyRouter other = NettyRouter.builder()
                    .listenIp("127.0.0.1")
                    .httpPort(0)
                    .httpsPort(0)
                    .tlsEngine("openssl")
                    .cookieKey(SECRET)
                    .defaultCertificate(DEFAULT)
                    .table(fixture.table())
                    .build()) {
                assertThat(openSslClient(other, "", version, "-sess_in", session.toString()))
                        .as(version)
                        .anyMatch(line -> line.startsWith("Reused, "));
            }
        }
    }

    @Test
    void aSessionOfOtherRoutersBeginsAnew() throws Exception {
        serve("openssl", DEFAULT);
        Path session = directory.resolve("session");
        openSslClient("GET / HTTP/1.1\r\nHost: a.example.org\r\n\r\n", "-tls1_3", "-sess_out", session.toString());
        try (NettyRouter stranger = NettyRouter.builder()
                .listenIp("127.0.0.1")
                .httpPort(0)
                .httpsPort(0)
                .tlsEngine("openssl")
                .defaultCertificate(DEFAULT)
                .table(fixture.table())
                .build()) {
            assertThat(openSslClient(stranger, "", "-tls1_3", "-sess_in", session.toString()))
                    .anyMatch(line -> line.startsWith("New, "));
        }
    }

    @Test
    void keysOfTicketsChangeAndAreUnderstoodForAWhile() {
        var keys = new TicketKeys(SECRET);
        Instant now = Instant.parse("2026-01-01T11:59:59Z");
        Instant later = TicketKeys.changeAfter(now);
        assertThat(later).isAfter(now).isBefore(now.plus(TicketKeys.GOOD_FOR).plusSeconds(1));

        byte[] used = keys.at(now)[0].aesKey();
        assertThat(keys.at(later)[0].aesKey()).isNotEqualTo(used);
        assertThat(aesKeys(keys.at(later))).anyMatch(key -> Arrays.equals(key, used));
        assertThat(aesKeys(keys.at(now.minus(Duration.ofSeconds(1))))).anyMatch(key -> Arrays.equals(key, used));
        assertThat(aesKeys(keys.at(later.plus(TicketKeys.GOOD_FOR)))).noneMatch(key -> Arrays.equals(key, used));
        byte[] other = new byte[32];
        other[0] = 1;
        assertThat(aesKeys(new TicketKeys(other).at(now))).noneMatch(key -> Arrays.equals(key, used));
    }

    private static List<byte[]> aesKeys(OpenSslSessionTicketKey[] keys) {
        return Arrays.stream(keys).map(OpenSslSessionTicketKey::aesKey).toList();
    }

    @Test
    void memoryOfCertificatesThatAreGoneIsGivenBack() throws Exception {
        assumeTrue(OpenSslTls.whyMissing().isEmpty());
        var contexts = new TlsContexts(TlsEngine.Kind.OPENSSL, false, SECRET);
        List<SslContext> seen = new ArrayList<>();
        RoutingTable table = RoutingTable.EMPTY;
        for (int i = 0; i < 5; i++) {
            RouteTable next = RouteTable.builder()
                    .route(HttpRoute.to("a.example.org", "a").certificate(TestCertificates.named("n" + i)))
                    .route(HttpRoute.to("b.example.org", "a").certificate(DEFAULT))
                    .build();
            RoutingTable compiled = RoutingTable.compile(next, table, new Meters(1), contexts::load, policy -> {
                throw new AssertionError("there is no policy here");
            });
            seen.add(compiled.tls(HTTPS, "a.example.org").orElseThrow());
            seen.add(compiled.tls(HTTPS, "b.example.org").orElseThrow());
            contexts.release(table.contextsRetiredBy(compiled));
            table = compiled;
            assertThat(contexts.size()).isEqualTo(2);
        }
        assertThat(seen.subList(0, 8).stream().distinct().filter(context -> context != seen.get(9)))
                .hasSize(4)
                .allMatch(context -> ((ReferenceCountedOpenSslContext) context).refCnt() == 0);
        contexts.close();
        assertThat(seen).allMatch(context -> ((ReferenceCountedOpenSslContext) context).refCnt() == 0);
    }

    @Test
    void connectionsOutliveTheirCertificate() throws Exception {
        serve("openssl", DEFAULT);
        Certificate first = TestCertificates.named("first");
        HttpRoute route = HttpRoute.to("own.example.org", "a.example.org").build();
        fixture.route(route.withCertificate(first));
        try (SSLSocket socket = socket("own.example.org")) {
            TestClient client = new TestClient(socket);
            assertThat(client.get("own.example.org", "/").readResponse().text()).isEqualTo("hello");

            for (int i = 0; i < 3; i++) {
                fixture.removeRoutes("own.example.org");
                fixture.route(route.withCertificate(TestCertificates.named("next")));
                assertThat(client.get("own.example.org", "/").readResponse().text())
                        .isEqualTo("hello");
            }
        }
    }

    @Test
    void legacyVersionsAreOffUnlessAsked() throws Exception {
        serve("openssl", DEFAULT);
        assertThat(openSslClient("", "-tls1", "-cipher", "ALL:@SECLEVEL=0"))
                .noneMatch(line -> line.contains("Protocol  : TLSv1\n") || line.contains("New, TLSv1.0"));
    }

    @Test
    void legacyVersionsNeedOpenSsl() {
        fixture.with(builder -> builder.httpsPort(0)
                .defaultCertificate(DEFAULT)
                .tlsEngine("jdk")
                .legacyTls(true));

        assertThatThrownBy(fixture::router)
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED))
                .hasMessageContaining("openssl");
    }

    @Test
    void anotherEngineIsRefusedByName() {
        assertThatThrownBy(() -> NettyRouter.builder().tlsEngine("gnutls")).hasMessageContaining("'gnutls'");
    }

    // ----

    private SSLSocket socket(String name) throws Exception {
        return TestCertificates.socket(fixture.router().httpsAddress().orElseThrow(), name);
    }

    private List<String> openSslClient(String input, String... options) throws Exception {
        return openSslClient(fixture.router(), input, options);
    }

    /** What {@code openssl s_client} says. */
    private List<String> openSslClient(NettyRouter router, String input, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                "openssl",
                "s_client",
                "-connect",
                "127.0.0.1:" + router.httpsAddress().orElseThrow().getPort(),
                "-servername",
                "a.example.org"));
        command.addAll(List.of(options));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        fixture.closing(process::destroyForcibly);
        List<String> said = new ArrayList<>();
        Thread reader = new Thread(() -> read(process, said));
        reader.start();
        process.getOutputStream().write(input.getBytes(StandardCharsets.ISO_8859_1));
        process.getOutputStream().flush();
        reader.join(input.isEmpty() ? 500 : 1500);
        process.getOutputStream().close();
        process.waitFor(10, TimeUnit.SECONDS);
        reader.join(5000);
        return said;
    }

    private static void read(Process process, List<String> said) {
        try (var lines =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.ISO_8859_1))) {
            lines.lines().forEach(said::add);
        } catch (java.io.IOException | java.io.UncheckedIOException ended) {
            // with the process
        }
    }
}
