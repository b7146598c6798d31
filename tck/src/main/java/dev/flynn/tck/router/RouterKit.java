package dev.flynn.tck.router;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.spi.router.ApplyResult;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.Router;
import dev.flynn.spi.router.RouterCapability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Opens the router that is checked, and has the clients and backends that the tests are made of. */
@Timeout(60)
abstract class RouterKit {

    static final byte[] COOKIE_KEY = "a key of thirty-two bytes, so so".getBytes(UTF_8);

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(10);

    /** Nobody reads from it, so that it is made only once. */
    static final RouteTable.Certificate DEFAULT_CERTIFICATE = SelfSigned.named("default.test");

    @TempDir
    Path directory;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Set<Integer> usedPorts = new HashSet<>();

    Router router;

    /** Opens a router with an empty table, ready to serve. */
    protected abstract Router openRouter(RouterSetup setup);

    /** How long anything may take. */
    protected Duration patience() {
        return PATIENCE;
    }

    /**
     * How many tables are applied one after the other while requests come; less for a router that takes a second for each.
     * At least four: each of two tables comes and goes.
     */
    protected int tablesUnderLoad() {
        return 10;
    }

    @BeforeEach
    void open() {
        router = anotherRouter(COOKIE_KEY);
    }

    @AfterEach
    void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    // ---- routers

    Router anotherRouter(byte[] cookieKey) {
        return openRouter(cookieKey, Optional.empty());
    }

    /** In the place of the one that was opened without TLS. */
    void openWithTls() {
        router.close();
        router = openRouter(COOKIE_KEY, Optional.of(DEFAULT_CERTIFICATE));
        require(RouterCapability.TLS);
    }

    private Router openRouter(byte[] cookieKey, Optional<RouteTable.Certificate> certificate) {
        Path own = directory.resolve("router-" + opened.size());
        return closing(openRouter(new RouterSetup(own, cookieKey, certificate, CLOSE_GRACE)));
    }

    boolean has(RouterCapability capability) {
        return router.capabilities().contains(capability);
    }

    void require(RouterCapability capability) {
        assumeTrue(has(capability), capability + " is not among the router's capabilities");
    }

    void apply(RouteTable.Builder table) {
        apply(table.build());
    }

    /** Applies a table that nothing is wrong with. */
    void apply(RouteTable table) {
        ApplyResult result = router.apply(table);
        assertThat(result.problems()).isEmpty();
    }

    /** A table of one route. */
    static RouteTable.Builder routeTo(String domain, ScriptedBackend... instances) {
        return routeTo(HttpRoute.to(domain, "web"), instances);
    }

    /** A table of one route, which leads to the service {@code web}. */
    static RouteTable.Builder routeTo(HttpRoute.Builder route, ScriptedBackend... instances) {
        return RouteTable.builder().route(route).backends("web", addresses(instances));
    }

    static String[] addresses(ScriptedBackend... instances) {
        return List.of(instances).stream().map(ScriptedBackend::addr).toArray(String[]::new);
    }

    // ---- backends

    ScriptedBackend open(ScriptedBackend backend) {
        return closing(backend);
    }

    ScriptedBackend saying(String text) {
        return open(ScriptedBackend.saying(text));
    }

    /** An address that is taken, so that nobody will listen there during the test. */
    String deadAddress() {
        try {
            Socket socket = closing(new Socket());
            socket.bind(new InetSocketAddress("127.0.0.1", 0));
            return "127.0.0.1:" + socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An address whose listener accepts nothing, and whose queue is full, so that dials hang. */
    String hangingAddress() {
        try {
            ServerSocket listener = closing(new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1")));
            while (true) {
                Socket socket = closing(new Socket());
                try {
                    socket.connect(listener.getLocalSocketAddress(), 100);
                } catch (SocketTimeoutException full) {
                    return "127.0.0.1:" + listener.getLocalPort();
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A port that was free a moment ago, and another one each time. */
    int freePort() {
        while (true) {
            try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
                if (socket.getLocalPort() < 65_535 && usedPorts.add(socket.getLocalPort())) {
                    return socket.getLocalPort();
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** Waits, on a backend's thread, for the test; if that takes too long, the test says so, and not another one that runs meanwhile. */
    static void pause(CountDownLatch until) {
        try {
            boolean unused = until.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    static void closeQuietly(@Nullable AutoCloseable closeable) {
        try {
            if (closeable != null) {
                closeable.close();
            }
        } catch (Exception ignored) {
            // closing is all that was wanted
        }
    }

    <C extends AutoCloseable> C closing(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    // ---- clients

    RawClient client() throws IOException {
        return client(router.httpAddress());
    }

    RawClient client(int port) throws IOException {
        return client(new InetSocketAddress(router.httpAddress().getAddress(), port));
    }

    private RawClient client(InetSocketAddress address) throws IOException {
        return closing(RawClient.connect(address, patience()));
    }

    /** One GET over a connection of its own. */
    HttpMessage get(String host, String target, String... fields) throws IOException {
        try (RawClient client = RawClient.connect(router.httpAddress(), patience())) {
            return client.get(host, target, fields).readResponse();
        }
    }

    String text(String host, String target, String... fields) throws IOException {
        HttpMessage response = get(host, target, fields);
        assertThat(response.status()).as(response.text()).isEqualTo(200);
        return response.text();
    }

    int status(String host, String target, String... fields) throws IOException {
        return get(host, target, fields).status();
    }

    /** A client of the TLS listener, which trusts everyone; no name is sent if it is empty. */
    RawClient tlsClient(String serverName, String... applicationProtocols) throws IOException {
        SSLSocket socket =
                closing((SSLSocket) trustingContext().getSocketFactory().createSocket());
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(serverName.isEmpty() ? List.of() : List.of(new SNIHostName(serverName)));
        parameters.setApplicationProtocols(applicationProtocols);
        socket.setSSLParameters(parameters);
        socket.connect(router.httpsAddress().orElseThrow());
        socket.setSoTimeout((int) patience().toMillis());
        socket.startHandshake();
        return new RawClient(socket, patience());
    }

    /** The common name of the certificate that the router shows to who asks for this name. */
    String certificateFor(String serverName) throws IOException {
        try (RawClient client = tlsClient(serverName)) {
            var leaf =
                    (X509Certificate) ((SSLSocket) client.socket()).getSession().getPeerCertificates()[0];
            return leaf.getSubjectX500Principal().getName();
        }
    }

    /** A client of HTTP/2 over TLS, by ALPN, which trusts everyone. */
    HttpClient http2Client() {
        return HttpClient.newBuilder()
                .sslContext(trustingContext())
                .version(HttpClient.Version.HTTP_2)
                .connectTimeout(patience())
                .build();
    }

    /** A request to {@code localhost}, to be completed. */
    HttpRequest.Builder http2Request(String target) {
        int port = router.httpsAddress().orElseThrow().getPort();
        return HttpRequest.newBuilder(URI.create("https://localhost:" + port + target))
                .timeout(patience());
    }

    static SSLContext trustingContext() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustEveryone()}, new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Extended, so that the JDK does not compare names either. */
    private static final class TrustEveryone extends X509ExtendedTrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
